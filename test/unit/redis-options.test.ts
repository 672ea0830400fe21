import { createClient, createClientPool, createCluster, createSentinel } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { adopterFor } from '../../src/stores/redis/client-shape.js'
import { type RedisOptions, redis } from '../../src/stores/redis/index.js'
import { loadDial, type RedisDriver } from '../../src/stores/redis/load-client.js'
import { resolveRedisOptions } from '../../src/stores/redis/options.js'
import { optionInvalid } from '../support/option-invalid.js'

const target = (options: RedisOptions) => resolveRedisOptions(options).target
const refusal = (options: object) => {
  try {
    redis(options)
  } catch (error) {
    return error
  }
  return expect.unreachable()
}

describe('redis options', () => {
  it('take a URL apart', () => {
    expect(target({ url: 'redis://ann:p%40ss@cache.example:6380/3' })).toMatchObject({
      host: 'cache.example',
      port: 6380,
      username: 'ann',
      password: 'p@ss',
      db: 3,
      tls: undefined,
    })
    expect(target({ url: 'rediss://:secret@[::1]' })).toMatchObject({
      host: '::1',
      port: 6379,
      username: undefined,
      password: 'secret',
      db: 0,
      tls: {},
    })
    expect(target({ url: 'redis://h?db=4', password: 'x', tls: true })).toMatchObject({
      db: 4,
      password: 'x',
      tls: {},
    })
  })

  it('have defaults', () => {
    expect(target({})).toEqual({
      host: 'localhost',
      port: 6379,
      username: undefined,
      password: undefined,
      db: 0,
      tls: undefined,
      connectTimeoutMs: 5_000,
    })
    expect(target({ connectTimeout: 2 }).connectTimeoutMs).toBe(2_000)
    expect(target({ connectTimeout: '250ms' }).connectTimeoutMs).toBe(250)
  })

  it.each<[object, RegExp]>([
    [{ host: '' }, /'host' is '';.*not empty/],
    [{ port: 0 }, /'port' is 0;.*1 to 65535/],
    [{ port: '6379' }, /'port' is '6379'/],
    [{ db: -1 }, /'db' is -1/],
    [{ db: 1.5 }, /'db' is 1.5/],
    [{ connectTimeout: 5_000 }, /10ms to 60s.*'5000ms'/],
    [{ connectTimeout: 'soon' }, /'connectTimeout' is 'soon'/],
    [{ tls: 'yes' }, /'tls' is 'yes'/],
    [{ tls: false, url: 'rediss://h' }, /'tls' is false/],
    [{ driver: 'redis' }, /'driver' is 'redis';.*'node-redis' \| 'ioredis'/],
    [{ url: 'http://h' }, /'url' must be.*scheme/],
    [{ url: 'redis://h/name' }, /'url'.*db is no number/],
    [{ url: 'redis://h?timeout=5' }, /'timeout' is unknown/],
    [{ url: 'redis://h#1' }, /fragment/],
    [{ url: 'redis://u:%zz@h' }, /no escape/],
    [{ url: 7 }, /'url' must be/],
    [{ url: 'redis://h', host: 'h' }, /'url' excludes 'host'/],
    [{ password: 7 }, /'password'/],
  ])('refuse %j', (options, message) => {
    expect(refusal(options)).toEqual(optionInvalid(message))
  })

  it('refuse what is unknown, and a client beside anything else', () => {
    expect(refusal({ prot: 1 })).toMatchObject({ code: 'OPTION_UNKNOWN' })
    const client = new Redis({ lazyConnect: true })
    const both = refusal({ client, url: 'redis://h' })
    expect(both).toEqual(optionInvalid(/'client' excludes 'url'/))
    expect(refusal({ client, driver: 'ioredis' })).toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('show no secret and write nothing to the object given', () => {
    const url = 'redis://ann:secret@h/bad'
    expect(String(refusal({ url }))).not.toMatch(/secret/)
    expect(String(refusal({ password: ['secret'] }))).not.toMatch(/secret/)
    const options = Object.freeze({ url: 'rediss://h', tls: Object.freeze({ ca: 'x' }) })
    expect(target(options).tls).toEqual({ ca: 'x' })
  })
})

describe('a client given', () => {
  it('is known by its shape', () => {
    for (const client of [createClient(), new Redis({ lazyConnect: true })]) {
      expect(redis({ client }).name).toBe('redis')
    }
  })

  it.each<[string, () => unknown]>([
    ['an object', () => ({})],
    ['a string', () => 'redis://localhost'],
    ['null', () => null],
    ['a pool', () => createClientPool()],
    ['a cluster', () => createCluster({ rootNodes: [{}] })],
    [
      'a sentinel',
      () => createSentinel({ name: 'm', sentinelRootNodes: [{ host: 'h', port: 1 }] }),
    ],
    ['an ioredis cluster', () => new Cluster([], { lazyConnect: true })],
  ])('is refused as %s', (_, make) => {
    expect(() => adopterFor(make())).toThrow(
      expect.objectContaining({ code: 'CLIENT_UNSUPPORTED' }),
    )
  })
})

describe('the client library', () => {
  const missing = (name: string) =>
    Object.assign(new Error(`Cannot find package '${name}' imported from x`), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
  const installed = (...drivers: RedisDriver[]) => {
    const asked: RedisDriver[] = []
    const load = async (driver: RedisDriver) => {
      asked.push(driver)
      if (!drivers.includes(driver)) {
        throw missing(driver === 'ioredis' ? 'ioredis' : '@redis/client')
      }
      return {}
    }
    return { asked, load }
  }

  it('is @redis/client first, then ioredis', async () => {
    const both = installed('node-redis', 'ioredis')
    await loadDial(undefined, both.load)
    expect(both.asked).toEqual(['node-redis'])
    const one = installed('ioredis')
    await loadDial(undefined, one.load)
    expect(one.asked).toEqual(['node-redis', 'ioredis'])
  })

  it('is named where none is there', async () => {
    await expect(loadDial(undefined, installed().load)).rejects.toMatchObject({
      code: 'CLIENT_MISSING',
      message: expect.stringMatching(/@redis\/client or ioredis/),
    })
    await expect(loadDial('ioredis', installed('node-redis').load)).rejects.toMatchObject({
      code: 'CLIENT_MISSING',
    })
  })

  it('that fails to load is reported as it fails', async () => {
    const broken = async () => {
      throw missing('denque')
    }
    await expect(loadDial(undefined, broken)).rejects.toThrow(/denque/)
  })
})
