/**
 * What a run consists of: steps as plain data, so that a failing run prints itself, and the
 * generators of steps and of set-ups.
 */
import fc from 'fast-check'
import { VALUE_KINDS, type ValueKind } from './values.js'

/** How a loader behaves. */
export interface Plan {
  readonly answer: ValueKind | 'undefined' | 'throw' | 'stale'
  /** `later`: when a step or the end of the run says so; a number: after so many ms. */
  readonly when: 'at-once' | 'later' | number
  readonly skip: boolean
  readonly ttlMs: number | undefined
}

interface At {
  readonly ns: string
  readonly key: string
}
interface AtMany {
  readonly ns: string
  readonly keys: readonly string[]
}

export type Fault = 'throw' | 'lose-reply' | 'delay' | 'hang' | 'drop'
export type Damage = 'truncated' | 'foreign' | 'version' | 'empty'

export type LookStep =
  | (At & { readonly verb: 'get' | 'has' | 'peek' | 'ttl' })
  | (AtMany & { readonly verb: 'getMany' })
  | { readonly verb: 'keys'; readonly ns: string }
export type LoadStep =
  | (At & { readonly verb: 'getOrSet' | 'refresh'; readonly plan: Plan })
  | (AtMany & { readonly verb: 'getOrSetMany'; readonly plan: Plan })
export type RemoveStep =
  | (At & { readonly verb: 'delete' })
  | (AtMany & { readonly verb: 'deleteMany' })
  | { readonly verb: 'clear'; readonly ns: string }
export type ExpireStep = At & { readonly verb: 'expire'; readonly ttlMs: number }
export type CountStep =
  | { readonly verb: 'increment'; readonly ns: string; readonly by: number }
  | { readonly verb: 'count'; readonly ns: string; readonly how: 'get' | 'delete' }
/** What happens to the store. */
export type FaultStep =
  | {
      readonly verb: 'fault'
      readonly fault: Fault
      readonly on: 'reads' | 'writes' | 'all'
      readonly ratio: number
    }
  | { readonly verb: 'heal' | 'down' | 'up' }
  | (At & { readonly verb: 'damage'; readonly damage: Damage; readonly at: number })

export type Step =
  | LookStep
  | LoadStep
  | RemoveStep
  | ExpireStep
  | CountStep
  | FaultStep
  | (At & { readonly verb: 'set'; readonly kind: ValueKind; readonly ttlMs: number | undefined })
  | (AtMany & { readonly verb: 'setMany'; readonly kind: ValueKind })
  | { readonly verb: 'advance'; readonly ms: number }
  | { readonly verb: 'answer'; readonly which: number }
  /** Memory loses everything, as in a process that has just started. */
  | { readonly verb: 'drop' }

export interface Setup {
  readonly memory: 'off' | 'normal' | 'tiny'
  readonly values: 'frozen' | 'cloned' | 'shared'
  readonly store: 'none' | 'in-process' | 'wire'
  readonly delays: readonly (readonly [number, number])[]
  readonly ttlMs: number
  readonly graceMs: number
  readonly jitter: number
  readonly negativeTtlMs: number | undefined
  readonly eager: number | { readonly beta: number } | false
  readonly softTimeoutMs: number
  readonly ceilingAheadMs: number
  readonly seed: number
}

const NAMESPACES = ['', 'n', 'n.m'] as const
const KEYS = ['a', 'b', '__proto__', '~{'] as const
/** The key that only counters use. */
export const COUNTER = 'counter'
export const HARD_TIMEOUT_MS = 2_000

// One key far more often than the others: what goes wrong goes wrong where calls meet.
const ns = fc.constantFrom('', '', '', ...NAMESPACES)
const key = fc.constantFrom('a', 'a', 'a', 'a', ...KEYS)
const keys = fc.uniqueArray(key, { minLength: 1, maxLength: KEYS.length })
const kind = fc.constantFrom(...VALUE_KINDS)
const ttlMs = fc.constantFrom(undefined, undefined, 1, 50, 1_000, Number.POSITIVE_INFINITY)

const plan: fc.Arbitrary<Plan> = fc.record({
  answer: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Plan['answer']>(...VALUE_KINDS) },
    { weight: 3, arbitrary: fc.constantFrom<Plan['answer']>('undefined', 'throw', 'stale') },
  ),
  when: fc.constantFrom<Plan['when']>('at-once', 'at-once', 'later', 'later', 5, 150, 2_500),
  skip: fc.constantFrom(false, false, false, false, true),
  ttlMs: fc.constantFrom(undefined, undefined, undefined, 30, 5_000),
})

function verb<V extends string>(name: V) {
  return fc.constant(name)
}

const VERBS: readonly (readonly [weight: number, fc.Arbitrary<Step>])[] = [
  [6, fc.record({ verb: verb('get'), ns, key })],
  [1, fc.record({ verb: fc.constantFrom('has', 'peek', 'ttl'), ns, key })],
  [2, fc.record({ verb: verb('getMany'), ns, keys })],
  [4, fc.record({ verb: verb('set'), ns, key, kind, ttlMs })],
  [1, fc.record({ verb: verb('setMany'), ns, keys, kind })],
  [2, fc.record({ verb: verb('delete'), ns, key })],
  [1, fc.record({ verb: verb('deleteMany'), ns, keys })],
  [7, fc.record({ verb: verb('getOrSet'), ns, key, plan })],
  [2, fc.record({ verb: verb('refresh'), ns, key, plan })],
  [2, fc.record({ verb: verb('getOrSetMany'), ns, keys, plan })],
  [2, fc.record({ verb: verb('expire'), ns, key, ttlMs: fc.constantFrom(40, 3_000, 20_000) })],
  [2, fc.record({ verb: verb('increment'), ns, by: fc.integer({ min: -3, max: 9 }) })],
  [1, fc.record({ verb: verb('count'), ns, how: fc.constantFrom('get', 'delete') })],
  [1, fc.record({ verb: fc.constantFrom('clear', 'keys'), ns })],
  [4, fc.record({ verb: verb('advance'), ms: fc.constantFrom(0, 1, 5, 12, 49, 60, 1_000, 9_990) })],
  [3, fc.record({ verb: verb('answer'), which: fc.nat(5) })],
  [2, fc.record({ verb: verb('drop') })],
]

const FAULTS: readonly (readonly [weight: number, fc.Arbitrary<Step>])[] = [
  [
    4,
    fc.record({
      verb: verb('fault'),
      fault: fc.constantFrom('throw', 'lose-reply', 'delay', 'hang', 'drop'),
      on: fc.constantFrom('reads', 'writes', 'all'),
      ratio: fc.constantFrom(0.5, 1),
    }),
  ],
  [3, fc.record({ verb: fc.constantFrom('heal', 'down', 'up') })],
  [
    3,
    fc.record({
      verb: verb('damage'),
      ns,
      key,
      damage: fc.constantFrom('truncated', 'foreign', 'version', 'empty'),
      at: fc.nat(100),
    }),
  ],
]

function anyOf(rows: typeof VERBS): fc.Arbitrary<Step> {
  return fc.oneof(...rows.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

export const steps = fc.array(anyOf(VERBS), { minLength: 1, maxLength: 40, size: 'max' })
export const stepsWithFaults = fc.array(anyOf([...VERBS, ...FAULTS]), {
  minLength: 1,
  maxLength: 40,
  size: 'max',
})

const delayMs = fc.constantFrom(0, 1, 4, 20)

export const setups: fc.Arbitrary<Setup> = fc.record({
  memory: fc.constantFrom('normal', 'normal', 'tiny', 'off'),
  values: fc.constantFrom('frozen', 'frozen', 'cloned', 'shared'),
  store: fc.constantFrom('none', 'in-process', 'wire'),
  delays: fc.array(fc.tuple(delayMs, delayMs), { minLength: 1, maxLength: 5 }),
  ttlMs: fc.constantFrom(10_000, Number.POSITIVE_INFINITY),
  graceMs: fc.constantFrom(0, 2_000),
  jitter: fc.constantFrom(0, 0, 0.5),
  negativeTtlMs: fc.constantFrom(undefined, 500),
  eager: fc.constantFrom<Setup['eager']>(false, false, 0.5, { beta: 2 }),
  softTimeoutMs: fc.constantFrom(0, 100, 1_000),
  ceilingAheadMs: fc.constantFrom(0, 1_000),
  seed: fc.nat(),
})
