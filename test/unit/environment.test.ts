/** Every variable, good and bad; who wins; what is never shown. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cacheOptionsFrom, readEnvironment } from '../../src/environment.js'
import { createCache, ENVIRONMENT_TABLE, type EnvironmentRow } from '../../src/index.js'
import { chooseStore } from '../../src/store-choice.js'

type Variables = Record<string, string>

const KEYS = `new:${'0f'.repeat(32)},old:${Buffer.alloc(32, 7).toString('base64')}`

const GOOD: Record<EnvironmentRow['kind'], (row: EnvironmentRow) => [string, unknown][]> = {
  url: () => [['redis://host:6379/0', 'redis://host:6379/0']],
  text: () => [['a text', 'a text']],
  table: () => [
    ['cache_entries', 'cache_entries'],
    ['_1', '_1'],
  ],
  prefix: () => [
    ['shop', 'shop'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ],
  secret: () => [['hunter2', 'hunter2']],
  keys: () => [[KEYS, KEYS]],
  port: () => [
    ['1', 1],
    ['65535', 65_535],
  ],
  count: ends,
  milliseconds: ends,
  seconds: ends,
  flag: () => [
    ['true', true],
    ['1', true],
    ['YES', true],
    [' on ', true],
    ['false', false],
    ['0', false],
    ['No', false],
    ['off', false],
  ],
  choice: (row) => row.choices!.map((choice) => [choice, choice]),
  nodes: () => [['a:1, b:65535', ['a:1', 'b:65535']]],
  json: () => [['{"hitRate":0.5}', { hitRate: 0.5 }]],
}

const BAD: Record<EnvironmentRow['kind'], (row: EnvironmentRow) => string[]> = {
  url: () => ['no url', '//host', 'redis//host'],
  text: () => [],
  table: () => ['a b', '1a', 'x'.repeat(41), 'a"b'],
  prefix: () => ['a b', 'a:b:c', 'a*', '{a}', 'x'.repeat(66)],
  secret: () => [],
  keys: () => ['hunter2', 'a:hunter2', `${KEYS},${KEYS}`, `a b:${'0'.repeat(64)}`],
  port: () => ['0', '65536', '-1', '6379.5', 'redis', '0x10', '1e3'],
  count: (row) => [...pastEnds(row), '1e3', '5.5', 'many', '0x10'],
  milliseconds: (row) => [...pastEnds(row), '5s', '5.5'],
  seconds: (row) => [...pastEnds(row), '5m', '5.5'],
  flag: () => ['2', 'yep', 'null'],
  choice: () => ['memcached', 'AUTO'],
  nodes: () => ['a', 'a:1,', 'a:1;b:2', 'a:port', ':1'],
  json: () => ['{', '[]', '5', 'null', '"a"'],
}

function ends(row: EnvironmentRow): [string, unknown][] {
  return [
    [String(row.min), row.min],
    [String(row.max), row.max],
    [` ${row.min} `, row.min],
  ]
}

function pastEnds(row: EnvironmentRow): string[] {
  return [String(row.min! - 1), String(row.max! + 1)]
}

describe.each(ENVIRONMENT_TABLE.map((row) => [row.name, row] as const))('%s', (name, row) => {
  it('is read', () => {
    for (const [text, value] of GOOD[row.kind](row))
      expect(readEnvironment({ [name]: text })).toEqual({ [name]: value })
  })

  it('is refused by name where it cannot be read', () => {
    for (const text of BAD[row.kind](row)) {
      expect(() => readEnvironment({ [name]: text })).toThrow(
        expect.objectContaining({
          code: 'ENVIRONMENT_INVALID',
          message: expect.stringMatching(`^environment variable ${name} is .*; the range is `),
        }),
      )
    }
  })

  it("set to '' counts as not set", () => {
    expect(readEnvironment({ [name]: '' })).toEqual({})
    expect(readEnvironment({ [name]: undefined })).toEqual({})
  })
})

describe('what is never shown', () => {
  it.each(['DATABASE_URL', 'REDIS_URL', 'CACHE_API_URL'])(
    'a bad %s, which may hold a password',
    (n) => {
      expect(() => readEnvironment({ [n]: 'redis://user:hunter2@ho st' })).toThrow(
        /^(?!.*hunter2).*$/,
      )
    },
  )
  it('keys', () => {
    const keys = 'a:hunter2hunter2hunter2hunter2hunter2hunter2hu'
    const read = () => readEnvironment({ CACHE_ENCRYPTION_KEYS: keys })
    expect(read).toThrow(/^(?!.*hunter2).*CACHE_ENCRYPTION_KEYS/)
  })
  it('a long value', () => {
    expect(() => readEnvironment({ REDIS_PORT: 'x'.repeat(5_000) })).toThrow(/^.{0,200}$/)
  })
})

function optionsFor(variables: Variables) {
  const environment = readEnvironment(variables)
  return cacheOptionsFrom(environment, chooseStore(environment))
}

const PG = { DATABASE_URL: 'postgres://ann:hunter2@host/db' }
const RD = { REDIS_URL: 'redis://host' }

describe('the options that the environment stands for', () => {
  it('are none where nothing is set, and what it does not know is nothing', () => {
    expect(optionsFor({})).toEqual({})
    expect(optionsFor({ PATH: 'x', CACHE_TTL: 'soon' })).toEqual({})
  })

  it.each([
    [{ CACHE_DEFAULT_TTL: '1', CACHE_TTL_DEFAULT: '2', NODE_CACHE_TTL: '3' }, { ttl: 1 }],
    [{ CACHE_TTL_DEFAULT: '2', NODE_CACHE_TTL: '3' }, { ttl: 2 }],
    [{ CACHE_DEFAULT_TTL: '', NODE_CACHE_TTL: '3' }, { ttl: 3 }],
    [{ CACHE_MAX_MEMORY_ENTRIES: '10', NODE_CACHE_MAX_KEYS: '20' }, { memory: { maxEntries: 10 } }],
    [{ NODE_CACHE_MAX_KEYS: '20' }, { memory: { maxEntries: 20 } }],
    [{ REDIS_KEY_PREFIX: 'shop' }, { prefix: 'shop' }],
    [{ CACHE_ENABLE_COMPRESSION: 'true' }, { compress: true }],
    [{ CACHE_ENABLE_COMPRESSION: 'false', CACHE_COMPRESSION_ENABLED: 'true' }, { compress: false }],
    [
      { CACHE_COMPRESSION_ENABLED: 'true', CACHE_COMPRESSION_THRESHOLD: '2048' },
      { compress: { threshold: 2_048 } },
    ],
    [
      { CACHE_COMPRESSION_ENABLED: 'true', CACHE_COMPRESSION_THRESHOLD: '0' },
      { compress: { threshold: 64 } },
    ],
    [{ CACHE_COMPRESSION_THRESHOLD: '2048' }, {}],
    [{ CACHE_ENCRYPTION_KEYS: KEYS }, { encryptionKeys: KEYS }],
  ])('%o → %o', (variables, options) => {
    expect(optionsFor(variables)).toEqual(options)
  })

  it.each([
    [{ REDIS_URL: 'redis://localhost' }, 'redis'],
    [{ REDIS_HOST: 'localhost' }, 'redis'],
    [{ CACHE_ADAPTER: 'redis' }, 'redis'],
    [{ CACHE_ADAPTER: 'auto', REDIS_URL: 'redis://localhost' }, 'redis'],
    [{ REDIS_CLUSTER_NODES: 'a:7000, b:7001', REDIS_DB: '0' }, 'redis'],
    [{ CACHE_ADAPTER: 'auto' }, 'sqlite'],
    [{ CACHE_ADAPTER: 'database' }, 'sqlite'],
    [{ CACHE_ADAPTER: 'database', ...PG }, 'postgres'],
    [{ CACHE_ADAPTER: 'database', ...PG, ...RD }, 'postgres'],
    [{ CACHE_ADAPTER: 'redis', ...PG }, 'redis'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'development', ...PG, ...RD }, 'postgres'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'development', ...RD }, 'sqlite'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'test', ...PG, ...RD }, 'postgres'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'test', ...RD }, 'sqlite'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'production', ...PG, ...RD }, 'redis'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'production', ...PG }, 'postgres'],
    [{ CACHE_ADAPTER: 'auto', NODE_ENV: 'staging', ...PG, ...RD }, 'redis'],
    [{ NODE_ENV: 'development', ...PG }, undefined],
    [{ ...PG, ...RD }, 'redis'],
    [{ REDIS_PORT: '1234', REDIS_PASSWORD: 'x' }, undefined],
  ])('%o: the store is %s', (variables, name) => {
    expect(optionsFor(variables as Variables).store?.name).toBe(name)
  })

  it('are kept to themselves in tests', () => {
    const test = { CACHE_ADAPTER: 'auto', NODE_ENV: 'test', REDIS_KEY_PREFIX: 'shop', ...PG }
    const [one, other] = [optionsFor(test), optionsFor(test)]
    expect(one.prefix).toMatch(/^test-[0-9a-f]{12}$/)
    expect(other.prefix).not.toBe(one.prefix)
  })

  it.each([
    [{ CACHE_ADAPTER: 'database', DATABASE_URL: 'mysql://h/d' }, 'DATABASE_URL is a value that is'],
    [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_DB: '1' }, "REDIS_DB is '1'; the range is 0 on a cluster"],
    [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_DATABASE: '2' }, "REDIS_DATABASE is '2'; the range is 0"],
    [{ REDIS_CLUSTER_NODES: 'a:1,b' }, "REDIS_CLUSTER_NODES is 'a:1,b'; the range is host:port,"],
  ])('%o is refused: there is no such store', (variables, says) => {
    expect(() => optionsFor(variables as Variables)).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INVALID',
        message: expect.stringContaining(says),
      }),
    )
  })
})

describe('what no store would take is refused here, by the name of its variable', () => {
  it.each([
    [{ REDIS_URL: 'http://host:80' }],
    [{ REDIS_URL: 'localhost:6379' }],
    [{ REDIS_KEY_PREFIX: 'shop:*' }],
    [{ REDIS_KEY_PREFIX: 'x'.repeat(65) }],
    [{ REDIS_CONNECT_TIMEOUT: '5' }],
    [{ REDIS_CONNECT_TIMEOUT: '120000' }],
  ])('%o', (variables) => {
    const [name] = Object.keys(variables)
    expect(() => optionsFor(variables as Variables)).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INVALID',
        message: expect.stringContaining(`environment variable ${name}`),
      }),
    )
  })
})

describe('createCache and the environment', () => {
  let saved: NodeJS.ProcessEnv
  beforeEach(() => {
    saved = process.env
    process.env = { ...saved }
    for (const row of ENVIRONMENT_TABLE) delete process.env[row.name]
  })
  afterEach(() => {
    process.env = saved
  })

  it('is read without an argument', async () => {
    process.env.NODE_CACHE_MAX_KEYS = '77'
    process.env.CACHE_DEFAULT_TTL = '9'
    const cache = createCache()
    expect(cache.stats().memory.maxEntries).toBe(77)
    await cache.set('k', 1)
    expect(await cache.ttl('k')).toBeCloseTo(9, 0)
    await cache.close()
  })

  it('is refused without an argument where it is bad', () => {
    process.env.NODE_CACHE_MAX_KEYS = 'many'
    expect(() => createCache()).toThrow('environment variable NODE_CACHE_MAX_KEYS')
  })

  it('is not read with one, be it empty', async () => {
    process.env.NODE_CACHE_MAX_KEYS = 'many'
    const cache = createCache({})
    expect(cache.stats().memory.maxEntries).toBe(50_000)
    await cache.close()
  })
})
