/**
 * Warming: many entries at once, from a record that one call brings.
 *
 * A plain `set` of what was read a moment ago brings back what was invalidated meanwhile. Here all
 * of it passes the fenced door (core/record-fill.ts).
 */
import type { Cache } from '../core/api.js'
import { callPolicy } from '../core/call-policy.js'
import { showDuration } from '../core/duration.js'
import { CacheError } from '../core/errors.js'
import { insidesOf } from '../core/insides.js'
import { checkKnown, invalidOption } from '../core/option-reading.js'
import { type CallOptions, checkCall } from '../core/options.js'
import { fillFromRecord, type UnfilledReason } from '../core/record-fill.js'
import { runWithin } from '../core/run-within.js'

/** Values by their keys. */
export type WarmRecord<T> =
  | Readonly<Record<string, T>>
  | ReadonlyMap<string, T>
  | Iterable<readonly [key: string, value: T]>

export type RecordLoader<T> = (context: {
  /** Aborted at the hard timeout, and with the call. */
  readonly signal: AbortSignal
}) => WarmRecord<T> | PromiseLike<WarmRecord<T>>

export interface WarmOptions
  extends Pick<
    CallOptions,
    'ttl' | 'grace' | 'negativeTtl' | 'jitter' | 'eager' | 'tags' | 'dependsOn' | 'compress'
  > {
  /**
   * For how long the record is waited for. 1 ms to 1 d, or `Infinity`. Default: that of the cache.
   */
  hardTimeout?: CallOptions['hardTimeout']
  /** Ends the load, and leaves out what is not in the cache yet: rejects with its reason. */
  signal?: AbortSignal | undefined
}

export interface Warmed {
  /** Values that the record held. */
  readonly loaded: number
  /** How many of them the cache has taken. */
  readonly kept: number
  /**
   * How many it has not: their keys or tags were invalidated or set since the load began, something
   * newer is being loaded, no tier can keep the value, the key is over 1 KiB.
   */
  readonly refused: number
  /**
   * `'unheard'`: the store was away, so nobody could say what others had invalidated; what is kept
   * is in memory alone, and served for as long as memory serves without the log (2 s). `'no-log'`:
   * nothing was loaded, since the store is shared and keeps no log.
   */
  readonly reason?: UnfilledReason
}

const NAMES: readonly string[] = [
  'ttl',
  'grace',
  'negativeTtl',
  'jitter',
  'eager',
  'tags',
  'dependsOn',
  'compress',
  'hardTimeout',
  'signal',
]
const WHERE = 'warm'
const MAX_ENTRIES = 100_000

/**
 * Loads a record and keeps its values, in place of what is there; what was invalidated since the
 * load began, here or in another process, is left out. Resolves when the store has them.
 *
 * Rejects with what `load` throws; with LOADER_TIMEOUT at `hardTimeout`; with LOADER_RESULT for
 * what is no record, or one of more than 100 000 values; with the signal's reason; with an OPTION
 * or KEY error: then nothing was kept, but for a signal, which may come between two slices. Each
 * 2 048 keys are a slice: 10 round trips and one write deadline (250 ms), for which other processes
 * wait with their loads of these keys.
 */
export async function warm<V, T extends V>(
  cache: Cache<V>,
  load: RecordLoader<T>,
  options: WarmOptions = {},
): Promise<Warmed> {
  const { engine, space } = insidesOf(cache, WHERE)
  if (typeof load !== 'function') throw invalidOption(WHERE, 'load', load, 'a function')
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(WHERE, 'options', options, 'an object')
  }
  checkKnown(options, NAMES, WHERE)
  checkCall(options, WHERE)
  const policy = callPolicy(engine, space, options, 'call', WHERE)
  const { signal } = options
  const deadlineMs = policy.hardTimeoutMs
  const late = () => {
    const message = `warm: the record was not there within ${showDuration(deadlineMs)}`
    return new CacheError('LOADER_TIMEOUT', message, { op: WHERE })
  }
  const within = { clock: engine.clock, deadlineMs, late, signal }
  const { loaded, kept, reason } = await fillFromRecord({
    engine,
    space,
    policy,
    load: async () => readRecord(await runWithin(within, (aborted) => load({ signal: aborted }))),
    check: () => signal?.throwIfAborted(),
  })
  const counts = { loaded, kept, refused: loaded - kept }
  return Object.freeze(reason === undefined ? counts : { ...counts, reason })
}

/** Of a key that comes twice the last value counts. Throws LOADER_RESULT. */
function readRecord(record: unknown): ReadonlyMap<string, unknown> {
  if (typeof record !== 'object' || record === null) throw notARecord(record)
  const read = new Map<string, unknown>()
  const pairs = Symbol.iterator in record ? (record as Iterable<unknown>) : Object.entries(record)
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw notARecord(pair)
    read.set(pair[0], pair[1])
    if (read.size > MAX_ENTRIES) {
      throw new CacheError('LOADER_RESULT', `warm: more than ${MAX_ENTRIES} values at once`)
    }
  }
  return read
}

function notARecord(got: unknown): CacheError {
  const message = 'warm: a load answers with an object, a Map, or pairs of key and value, not'
  return new CacheError('LOADER_RESULT', `${message} ${got === null ? 'null' : typeof got}`)
}
