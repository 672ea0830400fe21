/** The warmer of the third document. */
import { afterEach, describe, expect, it } from 'vitest'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import { CacheService, CacheWarmer } from '../../src/facades/service/index.js'
import { optionInvalid } from '../support/option-invalid.js'
import { gate, trackedCache } from './tracked-cache.js'

function tracked() {
  const { cache: core } = trackedCache({ ...OF_ALL_FACES, ttl: 3_600 })
  return { cache: new CacheService({ core }), core }
}

describe('CacheWarmer', () => {
  const warmed: CacheWarmer[] = []
  const warmer = (options: ConstructorParameters<typeof CacheWarmer>[0]) => {
    const made = new CacheWarmer(options)
    warmed.push(made)
    return made
  }
  afterEach(() => Promise.all(warmed.splice(0).map((each) => each.stop())))

  it('warms what is popular, then who was active', async () => {
    const { cache, core } = tracked()
    const errors: unknown[] = []
    const error = new Error('of the source')
    const service = warmer({
      cache,
      popular: async () => ({ 'top:1': 'one', 'top:2': 'two' }),
      recentlyActiveUsers: async () => ['7', 'bad', '8'],
      warmUser: async (id) => {
        if (id === 'bad') throw error
        return { [`user:${id}:profile`]: { id } }
      },
      ttl: 60,
      onError: (told) => errors.push(told),
    })
    expect(await service.runOnce()).toEqual({ kept: 4, refused: 0, users: 2, failures: 1 })
    expect(errors).toEqual([error])
    expect(await cache.get('top:2')).toBe('two')
    expect(await cache.get('user:8:profile')).toEqual({ id: '8' })
    expect(await core.ttl('user:8:profile')).toBe(60)
  })

  it('warms one user on demand, and lets the error of the source through', async () => {
    const { cache } = tracked()
    const service = warmer({ cache, warmUser: (id) => new Map([[`user:${id}`, 1]]) })
    expect(await service.warmUserSession('7')).toEqual({ loaded: 1, kept: 1, refused: 0 })
    expect(await cache.get('user:7')).toBe(1)
    const error = new Error('of the source')
    const failing = warmer({ cache, warmUser: () => Promise.reject(error) })
    await expect(failing.warmUserSession('7')).rejects.toBe(error)
    const none = warmer({ cache, popular: { k: 'v' } }).warmUserSession('7')
    await expect(none).rejects.toEqual(optionInvalid(/CacheWarmer: option 'warmUser' is undefined/))
  })

  it('loads twenty users at once, and passes over an answer that is no record', async () => {
    const { cache } = tracked()
    let running = 0
    let most = 0
    const service = warmer({
      cache,
      recentlyActiveUsers: () => Array.from({ length: 50 }, (_, id) => `${id}`),
      warmUser: async (id) => {
        most = Math.max(most, ++running)
        await Promise.resolve()
        running--
        return id === '7' ? (undefined as never) : { [`user:${id}`]: id }
      },
    })
    expect(await service.runOnce()).toEqual({ kept: 49, refused: 0, users: 49, failures: 1 })
    expect(most).toBe(20)
    expect([await cache.get('user:49'), await cache.get('user:7')]).toEqual(['49', null])
  })

  it('takes what is popular as a record too', async () => {
    const { cache } = tracked()
    const report = await warmer({ cache, popular: { a: 1, b: 2 } }).runOnce()
    expect(report).toEqual({ kept: 2, refused: 0, users: 0, failures: 0 })
    expect(await cache.get('b')).toBe(2)
  })

  it('tells what is no list of users', async () => {
    const { cache } = tracked()
    const errors: unknown[] = []
    const report = await warmer({
      cache,
      warmUser: async () => ({}),
      recentlyActiveUsers: async () => 'all' as never,
      onError: (told) => errors.push(told),
    }).runOnce()
    expect(report).toMatchObject({ users: 0, failures: 1 })
    expect(errors).toEqual([optionInvalid(/'recentlyActiveUsers\(\)' is 'all'/)])
  })

  it('runs when it starts, and ends at once when it is stopped', async () => {
    const { cache } = tracked()
    const errors: unknown[] = []
    const begun = gate<void>()
    const service = warmer({
      cache,
      popular: { k: 'v' },
      warmUser: async () => ({}),
      recentlyActiveUsers: () => {
        begun.open()
        return new Promise(() => {})
      },
      onError: (told) => errors.push(told),
    })
    expect(service.start()).toBeUndefined()
    service.start()
    await begun.promise
    expect(await cache.get('k')).toBe('v')
    await service.stop()
    await service.stop()
    expect(errors).toEqual([])
  })

  it.each<[object, RegExp]>([
    [{ warmUsr: 1 }, /unknown option 'warmUsr'/],
    [{ warmUser: 'f' }, /'warmUser' is 'f'; the range is a function/],
    [{ intervalMs: 1 }, /'intervalMs' is 1; the range is a whole number from 10/],
    [{ ttl: 0 }, /'ttl' is 0/],
    [{ cache: {} }, /'cache' is an object; the range is a CacheService/],
  ])('refuses %j', (options, message) => {
    expect(() => new CacheWarmer(options)).toThrow(message)
  })
})
