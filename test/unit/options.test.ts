/** Every option: its range from both sides, who may carry it, who wins. */
import { describe, expect, it } from 'vitest'
import { resolveIsSoft, resolveUntil } from '../../src/core/invalidate-options.js'
import { resolveMemoryOptions } from '../../src/core/memory-options.js'
import type { OptionRow, OptionScope } from '../../src/core/option-row.js'
import { OPTION_TABLE } from '../../src/core/option-table.js'
import { type Policy, resolveCacheOptions, resolvePolicy } from '../../src/core/options.js'

const DEFAULTS = resolveCacheOptions({}).policy

function resolve(scope: OptionScope, options: object): Record<string, unknown> {
  if (scope === 'memory') return { ...resolveMemoryOptions(options) }
  if (scope === 'delete' || scope === 'invalidate') {
    const until = resolveUntil(options, scope, scope)
    return { until, mode: resolveIsSoft(options, scope) ? 'soft' : 'hard' }
  }
  if (scope !== 'cache') return { ...resolvePolicy(DEFAULTS, options, scope, scope) }
  const { policy, ...rest } = resolveCacheOptions(options)
  return { ...rest, ...policy }
}

/** Where an option ends up, by the unit that its name carries inside. */
function fieldOf(row: OptionRow): string {
  if (row.kind === 'duration') return `${row.name}Ms`
  return row.kind === 'ratio' ? `${row.name}Ratio` : row.name
}

function refusal(row: OptionRow, scope: OptionScope, value: unknown): Error & { code: string } {
  try {
    resolve(scope, { [row.name]: value })
  } catch (error) {
    return error as Error & { code: string }
  }
  throw new Error(`${row.name}: ${String(value)} was taken`)
}

const numeric = OPTION_TABLE.filter((row) => row.min !== undefined)
const scoped = (rows: readonly OptionRow[]) =>
  rows.flatMap((row) => row.scopes.map((scope) => [row.name, scope, row] as const))
/** In the unit of the row, as a person would write it. */
const written = (row: OptionRow, value: number) => (row.kind === 'duration' ? `${value}ms` : value)
const step = (row: OptionRow) => (row.kind === 'ratio' ? 0.001 : 1)

describe.each(scoped(numeric))('%s at scope %s', (_, scope, row) => {
  const took = (value: unknown) => resolve(scope, { [row.name]: value })[fieldOf(row)]

  it('takes both ends of its range', () => {
    expect(took(written(row, row.min!))).toBe(row.min)
    expect(took(written(row, row.max!))).toBe(row.max)
  })

  it('refuses what lies past them, naming option, value and range', () => {
    for (const value of [row.min! - step(row), row.max! + step(row)]) {
      const error = refusal(row, scope, row.kind === 'duration' ? value / 1_000 : value)
      expect(error.code).toBe('OPTION_INVALID')
      expect(error.message).toContain(`'${row.name}' is `)
      expect(error.message).toContain('the range is ')
    }
    const error = refusal(row, scope, written(row, row.max! + 1))
    expect(error.message).toContain(String(row.max! + 1))
  })

  it('refuses what is no number of its kind', () => {
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, null, true, {}, [], 1n, 'lots', ''])
      expect(refusal(row, scope, value).code).toBe('OPTION_INVALID')
    expect(refusal(row, scope, () => 1).message).toContain('is a function')
  })

  it('takes Infinity where the row says so', () => {
    if (row.infinite === true) expect(took(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    else expect(refusal(row, scope, Number.POSITIVE_INFINITY).message).toContain('is Infinity')
  })

  it('takes undefined for not given', () => {
    expect(took(undefined)).toEqual(resolve(scope, {})[fieldOf(row)])
  })
})

describe('choices, flags and texts', () => {
  it.each(scoped(OPTION_TABLE.filter((row) => row.kind === 'choice')))(
    '%s at scope %s is one of its choices',
    (_, scope, row) => {
      for (const choice of row.choices!)
        expect(resolve(scope, { [row.name]: choice })[row.name]).toBe(choice)
      for (const bad of ['', 'Hash', 'none', 1, null, {}, row.choices])
        expect(refusal(row, scope, bad).message).toContain(`'${row.choices![0]}' | `)
    },
  )

  it.each(['a', 'shop-2', 'my_app.v3', 'x'.repeat(64)])('prefix may be %s', (prefix) => {
    expect(resolveCacheOptions({ prefix }).prefix).toBe(prefix)
  })
  it.each(['', 'a:b', 'a b', 'a*', '{a}', 'ü', 'x'.repeat(65), 42, null])(
    'prefix may not be %s',
    (prefix) =>
      expect(() => resolveCacheOptions({ prefix: prefix as string })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      ),
  )
})

describe('eager', () => {
  const eager = (value: unknown) => {
    const { eagerRatio, eagerBeta } = resolve('cache', { eager: value })
    return { eagerRatio, eagerBeta }
  }
  it('is a fraction, XFetch, or off', () => {
    expect(eager(0.001)).toEqual({ eagerRatio: 0.001, eagerBeta: undefined })
    expect(eager(0.999)).toEqual({ eagerRatio: 0.999, eagerBeta: undefined })
    expect(eager({ beta: 100 })).toEqual({ eagerRatio: undefined, eagerBeta: 100 })
    expect(eager(false)).toEqual({ eagerRatio: undefined, eagerBeta: undefined })
    expect(eager(undefined)).toEqual({ eagerRatio: undefined, eagerBeta: undefined })
  })
  it.each([0, 1, -0.5, 1.5, Number.NaN, true, 'half', null, [], {}, { beta: 0 }, { beta: 101 }])(
    'is not %o',
    (value) => expect(() => eager(value)).toThrow(/option 'eager' is .*; the range is /),
  )
  it('of a call replaces that of its namespace, whichever kind either is', () => {
    const above = resolvePolicy(DEFAULTS, { eager: 0.5 }, 'namespace', '')
    const xfetch = resolvePolicy(above, { eager: { beta: 1 } }, 'call', '')
    expect([xfetch.eagerRatio, xfetch.eagerBeta]).toEqual([undefined, 1])
    const off = resolvePolicy(xfetch, { eager: false }, 'call', '')
    expect([off.eagerRatio, off.eagerBeta]).toEqual([undefined, undefined])
  })
})

describe('tags', () => {
  const tags = (...names: unknown[]) => resolve('call', { tags: names }).tags
  it('may be any well-formed strings', () => {
    const odd = ['', '*', '__proto__', 'a:b', '🧊', 'x'.repeat(1_024)]
    expect(tags(...odd)).toEqual(odd)
  })
  it.each([
    ['a number', [42]],
    ['a lone surrogate', ['\ud800']],
    ['too long', ['x'.repeat(1_025)]],
    ['too long in UTF-8', ['é'.repeat(513)]],
    ['too many', Array.from({ length: 65 }, (_, i) => `t${i}`)],
  ])('may not be %s', (_, names) => {
    expect(() => tags(...names)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
  it.each([null, 'team', { 0: 'a' }, 5])('are no list: %o', (value) => {
    expect(() => resolve('call', { tags: value })).toThrow(/option 'tags' is/)
  })
  it('of a call add to those of its namespace, each once', () => {
    const above = resolvePolicy(DEFAULTS, { tags: ['a', 'b'] }, 'namespace', '')
    expect(resolvePolicy(above, { tags: ['b', 'c'] }, 'call', '').tags).toEqual(['a', 'b', 'c'])
    expect(above.tags).toEqual(['a', 'b'])
  })
})

describe('a number that was meant as milliseconds', () => {
  const message = (name: string, value: number) => {
    const row = OPTION_TABLE.find((each) => each.name === name)!
    return refusal(row, row.scopes[0]!, value).message
  }
  it('is refused and told so', () => {
    expect(message('grace', 3_600_000)).toContain('Numbers are seconds: if milliseconds are meant')
    expect(message('grace', 3_600_000)).toContain("write '3600000ms'")
    expect(message('readDeadline', 100)).toContain("write '100ms'")
    expect(message('ttl', 86_400_000)).toContain("write '86400000ms'")
    expect(message('ttl', 86_400_000)).toContain("more than a year takes a unit, as '400d'")
  })
  it('is not told so where it could not be either', () => {
    expect(message('ttl', 1e12)).not.toContain('milliseconds are meant')
    expect(message('ttl', -1)).not.toContain('milliseconds are meant')
    expect(message('ttl', 0)).not.toContain('milliseconds are meant')
  })
  it('takes a unit where more than a year is meant', () => {
    expect(resolveCacheOptions({ ttl: 31_536_000 }).policy.ttlMs).toBe(31_536_000_000)
    expect(() => resolveCacheOptions({ ttl: 31_536_001 })).toThrow("as '400d'")
    expect(resolveCacheOptions({ ttl: '3650d' }).policy.ttlMs).toBe(315_360_000_000)
  })
})

describe('messages', () => {
  it.each([
    [{ ttl: -1 }, "createCache: option 'ttl' is -1; the range is 1ms to 3650d or Infinity"],
    [{ ttl: Number.NaN }, "createCache: option 'ttl' is NaN; the range is 1ms to 3650d"],
    [{ ttl: 1e12 }, "createCache: option 'ttl' is 1000000000000; the range is"],
    [{ ttl: '5 years' }, "option 'ttl' is '5 years'; the range is"],
    [{ jitter: 1 }, "option 'jitter' is 1; the range is 0 to 0.9"],
    [{ longKeys: 'cut' }, "option 'longKeys' is 'cut'; the range is 'hash' | 'refuse'"],
    [{ hardTimeout: 0 }, "option 'hardTimeout' is 0; the range is 1ms to 1d or Infinity"],
  ])('%o', (options, says) => {
    expect(() => resolveCacheOptions(options as object)).toThrow(says)
  })
  it.each([
    [{ maxBytes: 'lots' }, "option 'maxBytes' is 'lots'; the range is 1kb to 1024gb"],
    [{ maxEntries: 1.5 }, "'maxEntries' is 1.5; the range is a whole number from 1 to 16777216"],
  ])('memory: %o', (options, says) => {
    expect(() => resolveMemoryOptions(options as object)).toThrow(says)
  })
  it('show little of a long text', () => {
    expect(() => resolveCacheOptions({ ttl: 'x'.repeat(10_000) })).toThrow(/^.{0,300}$/)
  })
})

describe('unknown names', () => {
  const everyName = OPTION_TABLE.map((row) => [row.name, row] as const)
  it.each(everyName)('%s is unknown outside of its scopes', (name, row) => {
    const scopes: OptionScope[] = ['cache', 'memory', 'namespace', 'call', 'get', 'set']
    for (const scope of scopes.filter((each) => !row.scopes.includes(each))) {
      expect(() => resolve(scope, { [name]: undefined })).toThrow(
        expect.objectContaining({
          code: 'OPTION_UNKNOWN',
          message: expect.stringContaining(`unknown option '${name}'; known here: `),
        }),
      )
    }
  })
  it.each(['tttl', '__proto__', 'constructor', 'toString', ''])('%j is unknown', (name) => {
    const options = JSON.parse(`{${JSON.stringify(name)}: 1}`)
    expect(() => resolveCacheOptions(options)).toThrow(`unknown option '${name}'`)
  })
  it.each([null, 42, 'ttl', [], () => {}])('%o is no object of options', (options) => {
    expect(() => resolve('call', options as object)).toThrow(/options must be an object/)
  })
})

describe('precedence', () => {
  const fields: [keyof Policy, string, unknown, unknown, unknown][] = [
    ['ttlMs', 'ttl', '1s', '2s', '3s'],
    ['graceMs', 'grace', '1s', '2s', '3s'],
    ['negativeTtlMs', 'negativeTtl', '1s', '2s', '3s'],
    ['jitterRatio', 'jitter', 0.1, 0.2, 0.3],
    ['eagerRatio', 'eager', 0.1, 0.2, 0.3],
    ['softTimeoutMs', 'softTimeout', '1s', '2s', '3s'],
    ['hardTimeoutMs', 'hardTimeout', '1s', '2s', '3s'],
    ['retryAfterMs', 'retryAfter', '1s', '2s', '3s'],
    ['refreshSpreadMs', 'refreshSpread', '1s', '2s', '3s'],
  ]
  it.each(fields)('%s: cache, then namespace, then call', (field, name, first, second, third) => {
    const cache = resolveCacheOptions({ [name]: first }).policy
    const namespace = resolvePolicy(cache, { [name]: second }, 'namespace', '')
    const call = resolvePolicy(namespace, { [name]: third }, 'call', '')
    const values = [cache, namespace, call].map((policy) => policy[field])
    expect(new Set(values).size).toBe(3)
    for (const above of [cache, namespace, call])
      for (const nothing of [{}, { [name]: undefined }])
        expect(resolvePolicy(above, nothing, 'call', '')[field]).toBe(above[field])
  })

  it('holds field by field', () => {
    const cache = resolveCacheOptions({ ttl: 1, grace: 2 }).policy
    const namespace = resolvePolicy(cache, { grace: 3, jitter: 0.5 }, 'namespace', '')
    const call = resolvePolicy(namespace, { jitter: 0.1 }, 'call', '')
    expect(call).toMatchObject({ ttlMs: 1_000, graceMs: 3_000, jitterRatio: 0.1 })
  })
})

describe("the caller's object", () => {
  it('may be frozen, and is never written to', () => {
    const tags = Object.freeze(['a'])
    const options = Object.freeze({ ttl: 5, grace: undefined, tags, eager: false as const })
    const resolved = resolveCacheOptions(options as object)
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.policy)).toBe(true)
    expect(Object.isFrozen(resolved.policy.tags)).toBe(true)
    expect(options).toEqual({ ttl: 5, grace: undefined, tags: ['a'], eager: false })
  })
  it('may change afterwards without an effect', () => {
    const tags = ['a']
    const { policy } = resolveCacheOptions({ tags })
    tags.push('b')
    expect(policy.tags).toEqual(['a'])
  })
  it('may have no prototype', () => {
    const options = Object.assign(Object.create(null), { ttl: 5 })
    expect(resolveCacheOptions(options).policy.ttlMs).toBe(5_000)
  })
})
