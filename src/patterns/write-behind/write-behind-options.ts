/** The options of `writeBehind()`: checked and resolved once, never written to. */
import type { Cache } from '../../core/api.js'
import type { Duration } from '../../core/duration.js'
import { OptionCheck } from '../../core/option-check.js'
import type { Durability } from '../../core/write-queue.js'
import {
  checkFunction,
  type EntryOptions,
  type KeyOptions,
  type PatternParts,
  readPattern,
} from '../pattern-options.js'
import type { SourceLoader } from '../source-reader.js'
import type { BehindWriter } from './behind-write.js'

/** What happens to a write of a key that does not wait yet when the queue is full. */
export type WhenFull = 'block' | 'reject' | 'writeThrough'

export interface WriteBehindOptions<I, T, V = unknown> extends KeyOptions<I>, EntryOptions {
  /** Writes a batch to the source. Default: none, other processes write what is queued here. */
  write?: BehindWriter<T> | undefined
  /** Brings the value of an id from the source. Default: `get` reads cache and queue alone. */
  load?: SourceLoader<I, T | undefined, V> | undefined
  /**
   * Of the queue, one for each source: 1 to 64 letters, digits, `_`, `-` and `.`. Every process
   * that uses it names the same cache and namespace. Default: 'default'.
   */
  name?: string | undefined
  /**
   * Into how many parts the queue is divided, each worked on by one process at a time. The same in
   * all processes, for as long as something waits. 1 to 1 024. Default: 64.
   */
  partitions?: number | undefined
  /**
   * How long a write waits for later ones of its key. Less by as much as a batch takes, up to a
   * quarter. 0 to 24 h. Default: 1 s.
   */
  delay?: Duration | undefined
  /** How many writes the writer is handed at once. 1 to 1 000. Default: 100. */
  batch?: number | undefined
  /** Calls of the writer under way in this process. 1 to 64. Default: 4. */
  concurrency?: number | undefined
  /**
   * Keys that wait, about: each part of the queue has its share. 1 to 10 000 000. Default: 100 000.
   */
  maxPending?: number | undefined
  /**
   * New keys are refused while the oldest write of their part waits for longer. 1 s to 30 days, or
   * `Infinity`. Default: 1 h.
   */
  maxAge?: Duration | undefined
  /**
   * Of a new key, when the queue is full. `block`: the call waits for room, for up to `maxWait`.
   * `reject`: it rejects with WRITE_QUEUE_FULL. `writeThrough`: it calls the writer by itself.
   * Default: 'block'.
   */
  whenFull?: WhenFull | undefined
  /** 10 ms to 1 h. Default: 5 s. */
  maxWait?: Duration | undefined
  /**
   * What a write must have reached before a call is answered. `memory`: the server's memory.
   * `disk`: its disk. `replica`: another server. One that is not to be had rejects all calls with
   * OPTION_INVALID. `process`: the memory of this process alone, whatever the store is, for caches
   * whose store keeps no queue: `drain` before the end. Default: 'memory'.
   */
  durability?: Durability | 'process' | undefined
  /**
   * What `get` does when the queue cannot be asked. `source`: it answers what the source has, which
   * may be older than what waits, and keeps nothing. `reject`: it rejects. Default: 'source'.
   */
  whenAway?: 'source' | 'reject' | undefined
  /** How often a write is tried before it is put aside. 1 to 1 000. Default: 10. */
  attempts?: number | undefined
  /**
   * Before the second try; doubled each time, drawn between 0 and that. 1 ms to 1 h. Default:
   * 250 ms.
   */
  retryDelay?: Duration | undefined
  /** The most it is doubled to. 1 ms to 24 h. Default: 1 min. */
  maxRetryDelay?: Duration | undefined
  /**
   * Dead letters that are kept, about; beyond, a write stays in the queue. 0 to 1 000 000. Default:
   * 10 000.
   */
  maxDeadLetters?: number | undefined
  /** How long a writer may take. 1 ms to 24 h, or `Infinity`. Default: 60 s. */
  writeTimeout?: Duration | undefined
  /**
   * How long the part of a process that has died waits for another one. 1 s to 1 h. Default: 10 s.
   */
  lease?: Duration | undefined
  /** Whether this process writes what is queued. Default: true where it has `write`. */
  worker?: boolean | undefined
  /** Told of everything that goes wrong in the background. What it throws is dropped. */
  onError?: ((error: unknown, keys: readonly string[]) => unknown) | undefined
}

export interface ResolvedWriteBehind<I, T, V> {
  readonly parts: PatternParts<I, V>
  readonly write: BehindWriter<T> | undefined
  readonly load: SourceLoader<I, T | undefined, V> | undefined
  readonly name: string
  readonly partitions: number
  readonly delayMs: number
  readonly batch: number
  readonly concurrency: number
  readonly maxPending: number
  readonly maxAgeMs: number
  readonly whenFull: WhenFull
  readonly maxWaitMs: number
  readonly durability: Durability
  /** The queue is in this process. */
  readonly isInProcess: boolean
  readonly whenAway: 'source' | 'reject'
  readonly maxAttempts: number
  readonly retryMs: number
  readonly maxRetryMs: number
  readonly maxDead: number
  readonly timeoutMs: number
  readonly leaseMs: number
  readonly worker: boolean
  readonly onError: WriteBehindOptions<I, T, V>['onError']
}

export const WHERE = 'writeBehind'

type Own = Exclude<keyof WriteBehindOptions<unknown, unknown>, keyof EntryOptions | 'key'>

const OWN: readonly Own[] = [
  'write',
  'load',
  'name',
  'partitions',
  'delay',
  'batch',
  'concurrency',
  'maxPending',
  'maxAge',
  'whenFull',
  'maxWait',
  'durability',
  'whenAway',
  'attempts',
  'retryDelay',
  'maxRetryDelay',
  'maxDeadLetters',
  'writeTimeout',
  'lease',
  'worker',
  'onError',
]
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NAME = /^[\w.-]{1,64}$/

const check = new OptionCheck(WHERE)

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveWriteBehind<V, I, T extends V>(
  cache: Cache<V>,
  options: WriteBehindOptions<I, T, V>,
): ResolvedWriteBehind<I, T, V> {
  const parts = readPattern<I, V>(WHERE, cache, options, OWN)
  const { write, load, onError, name = 'default' } = options
  for (const [option, given] of Object.entries({ write, load, onError })) {
    if (given !== undefined) checkFunction(WHERE, option, given)
  }
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw check.invalid('name', name, '1 to 64 letters, digits, _, - and .')
  }
  const { duration, endless, oneOf, whole } = reading(options as Partial<Record<Own, unknown>>)
  const whenFull = oneOf('whenFull', ['block', 'reject', 'writeThrough'])
  const worker = check.flag('worker', options.worker) ?? write !== undefined
  const needsWrite = "given only where there is a 'write'"
  if (worker && write === undefined) throw check.invalid('worker', true, needsWrite)
  if (whenFull === 'writeThrough' && write === undefined) {
    throw check.invalid('whenFull', whenFull, needsWrite)
  }
  const durability = oneOf('durability', ['memory', 'disk', 'replica', 'process'])
  return Object.freeze({
    ...{ parts, write, load, onError, name, whenFull, worker },
    partitions: whole('partitions', 64, 1, 1_024),
    delayMs: duration('delay', 1_000, 0, DAY_MS),
    batch: whole('batch', 100, 1, 1_000),
    concurrency: whole('concurrency', 4, 1, 64),
    maxPending: whole('maxPending', 100_000, 1, 10_000_000),
    maxAgeMs: endless('maxAge', HOUR_MS, 1_000, 30 * DAY_MS),
    maxWaitMs: duration('maxWait', 5_000, 10, HOUR_MS),
    durability: durability === 'process' ? 'memory' : durability,
    isInProcess: durability === 'process',
    whenAway: oneOf('whenAway', ['source', 'reject']),
    maxAttempts: whole('attempts', 10, 1, 1_000),
    retryMs: duration('retryDelay', 250, 1, HOUR_MS),
    maxRetryMs: duration('maxRetryDelay', 60_000, 1, DAY_MS),
    maxDead: whole('maxDeadLetters', 10_000, 0, 1_000_000),
    timeoutMs: endless('writeTimeout', 60_000, 1, DAY_MS),
    leaseMs: duration('lease', 10_000, 1_000, HOUR_MS),
  })
}

/** Each by its name, with its default and range. */
function reading(options: Readonly<Partial<Record<Own, unknown>>>) {
  return {
    whole: (name: Own, byDefault: number, min: number, max: number) =>
      check.whole(name, options[name] as number | undefined, min, max) ?? byDefault,
    duration: (name: Own, byDefaultMs: number, min: number, max: number) =>
      check.duration(name, options[name], min, max) ?? byDefaultMs,
    endless: (name: Own, byDefaultMs: number, min: number, max: number) =>
      check.endless(name, options[name], min, max) ?? byDefaultMs,
    /** The first is the default. */
    oneOf: <const C extends string>(name: Own, choices: readonly [C, ...C[]]): C => {
      const given = options[name] ?? choices[0]
      if (choices.includes(given as C)) return given as C
      throw check.invalid(name, given, choices.map((choice) => `'${choice}'`).join(' | '))
    },
  }
}
