/**
 * Write-behind: a write is answered once a durable queue has it, and brought to the source later,
 * together with others.
 */
import type { Cache } from '../../core/api.js'
import type { Duration } from '../../core/duration.js'
import { isCacheError } from '../../core/errors.js'
import { insidesOf } from '../../core/insides.js'
import { OptionCheck } from '../../core/option-check.js'
import type { GetOptions } from '../../core/options.js'
import { QueueDoor } from '../../core/queue-door.js'
import type { DeadLetter, WaitingWrite, WriteOp } from '../../core/write-queue.js'
import { type KeyedEntries, keyedEntries } from '../keyed-entries.js'
import { type SourceLoader, SourceReader } from '../source-reader.js'
import { type BehindCounts, BehindQueue } from './behind-queue.js'
import type { WriteBehindOptions } from './write-behind-options.js'
import { type ResolvedWriteBehind, resolveWriteBehind, WHERE } from './write-behind-options.js'

export interface DeadWrite<T> {
  readonly key: string
  readonly op: WriteOp
  /** `undefined` of a delete, and of what cannot be read here: of another version, or key ring. */
  readonly value: T | undefined
  readonly version: number
  readonly attempts: number
  /** What its last try threw. */
  readonly error: string
  readonly diedAt: Date
}

export interface WriteBehindStatus extends Readonly<BehindCounts> {
  /** Keys that wait. This and the next three are of the whole queue. */
  readonly pending: number
  /** For how long the oldest of them waits. */
  readonly oldestMs: number
  readonly deadLetters: number
  /** Parts of the queue that some worker has in hand. */
  readonly partitionsHeld: number
  /** Whether this process brings writes to the source. */
  readonly isRunning: boolean
  /** Whether the source took nothing of what this process last brought to it. */
  readonly isSourceAway: boolean
}

export interface UntilOptions {
  /** How long it is waited for. 0 to 24 h. Default: 10 s. */
  deadline?: Duration | undefined
}

export interface WriteBehind<I, T> extends KeyedEntries<I> {
  /**
   * What was last written, whether the source has it already or not: from the cache, the queue or
   * `load`. Rejects with what `load` throws, LOADER_TIMEOUT or KEY_INVALID. Round trips: 0, 1,
   * or 2 where it loads.
   */
  get(id: I, options?: GetOptions): Promise<T | undefined>
  /**
   * Resolves to the version of the write, once the queue has it: from then on `get` answers it in
   * every process, and the source will have it, or a later one. Writes of one key reach the source
   * in the order in which they were answered; of those that this process makes at once the last one
   * counts, and they share a version. 3 round trips, shared with other calls of the moment.
   *
   * Rejects with WRITE_QUEUE_FULL, KEY_INVALID, KEY_TOO_LONG or VALUE_UNSUPPORTED: nothing was
   * written. With STORE_TIMEOUT, STORE_UNAVAILABLE or STORE_FAILED it is not known whether it was.
   */
  set(id: I, value: T): Promise<number>
  /** As `set`, of a removal. */
  delete(id: I): Promise<number>
  /**
   * Waits until the source has what now waits of these ids, or it was put aside; the worker of this
   * process does not wait for delays meanwhile, up to its own. `false` where that took too long;
   * rejects where the store was away until then.
   */
  flush(ids: readonly I[], options?: UntilOptions): Promise<boolean>
  /** As `flush`, until nothing waits at all. */
  drain(options?: UntilOptions): Promise<boolean>
  /** Round trips: one to each part of the queue, together. */
  status(): Promise<WriteBehindStatus>
  /** What was put aside, in no order. `limit`: 1 to 10 000, default 100. */
  deadLetters(limit?: number): Promise<readonly DeadWrite<T>[]>
  /** Dead letters wait again, under their version; how many there were. */
  replay(keys: readonly string[]): Promise<number>
  /** Forgets dead letters; how many there were. */
  drop(keys: readonly string[]): Promise<number>
  /**
   * Begins to write what is queued. Does not keep the process alive. A second call does nothing.
   * Throws OPTION_INVALID without `write`.
   */
  start(): void
  /** Ends that, after the batches in hand. Never rejects. `close` of the cache does it too. */
  stop(): Promise<void>
}

const DAY_MS = 86_400_000
const DEFAULT_DEADLINE_MS = 10_000
const FIRST_LOOK_MS = 10
const MOST_LOOK_MS = 200
const MAX_LETTERS = 10_000

/**
 * Writes behind `cache`, through a queue in its store. Options beside those of the pattern are
 * those of a call, for every entry that `get` loads. Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function writeBehind<V, I, T extends V>(
  cache: Cache<V>,
  options: WriteBehindOptions<I, T, V>,
): WriteBehind<I, T> {
  const resolved = resolveWriteBehind<V, I, T>(cache, options)
  const { parts, worker } = resolved
  const door = new QueueDoor(insidesOf(cache as Cache, WHERE), WHERE, resolved)
  const queue = new BehindQueue<T>(door, resolved)
  const { keyOf } = parts
  // `undefined` is no value of a namespace, but any loader may answer with it: `get` says so.
  const load = loaderOver(queue, resolved) as SourceLoader<I, T, V>
  const reader = new SourceReader<V, I, T>(parts, load)
  if (worker) queue.start()
  return Object.freeze({
    get: (id: I, call?: GetOptions): Promise<T | undefined> => reader.get(id, call),
    set: async (id: I, value: T) => queue.put(keyOf(id), 'set', value),
    delete: async (id: I) => queue.put(keyOf(id), 'delete'),
    ...ends(door, queue, keyOf),
    ...letters(door, queue),
    status: () => status(door, queue),
    start: () => queue.start(),
    stop: () => queue.stop(),
    ...keyedEntries(parts),
  })
}

/** The queue first: the source does not know yet what waits there. */
function loaderOver<I, T, V>(
  queue: BehindQueue<T>,
  { load, parts, whenAway }: ResolvedWriteBehind<I, T, V>,
): SourceLoader<I, T | undefined, V> {
  return async (id, context) => {
    try {
      const found = await queue.find(parts.keyOf(id))
      if (found !== undefined) return found.value
    } catch (error) {
      if (whenAway === 'reject' || load === undefined) throw error
      context.skip()
    }
    return load?.(id, context)
  }
}

const check = new OptionCheck(WHERE)

function ends<I, T>(
  door: QueueDoor,
  queue: BehindQueue<T>,
  keyOf: (id: I) => string,
): Pick<WriteBehind<I, T>, 'flush' | 'drain'> {
  const isEmpty = async () => (await door.queue.state()).pending === 0
  const within = (options: UntilOptions | undefined, isDone: () => Promise<boolean>) => {
    check.known(options ?? {}, ['deadline'])
    const deadlineMs = check.duration('deadline', options?.deadline, 0, DAY_MS)
    return queue.inHurry(() => until(door, deadlineMs ?? DEFAULT_DEADLINE_MS, isDone))
  }
  return {
    drain: async (options) => within(options, isEmpty),
    flush: async (ids, options) => {
      if (!Array.isArray(ids)) throw check.invalid('ids', ids, 'an array')
      let left = await door.queue.waiting(ids.map((id) => door.nameOf(keyOf(id))))
      const isDone = async () => {
        const noted = left.filter((write) => write !== undefined)
        const now = await door.queue.waiting(noted.map(({ key }) => key))
        left = noted.filter(({ version }, at) => now[at]?.version === version)
        return left.length === 0
      }
      return within(options, isDone)
    },
  }
}

/** Looks again and again, less often with time. */
async function until(
  { engine: { clock } }: QueueDoor,
  deadlineMs: number,
  isDone: () => Promise<boolean>,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + deadlineMs
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(MOST_LOOK_MS, lookMs * 2)) {
    const leftMs = endMs - clock.monotonicMs()
    try {
      if (await isDone()) return true
      if (leftMs <= 0) return false
    } catch (error) {
      // A store may be away for a moment of the time that there is.
      if (leftMs <= 0 || !isCacheError(error) || !error.retryable) throw error
    }
    const waitMs = Math.min(lookMs, leftMs)
    await new Promise<void>((resolve) => clock.setTimer(resolve, waitMs, false))
  }
}

function letters<T>(
  door: QueueDoor,
  queue: BehindQueue<T>,
): Pick<WriteBehind<unknown, T>, 'deadLetters' | 'replay' | 'drop'> {
  const namesOf = (keys: readonly string[]) => {
    if (!Array.isArray(keys)) throw check.invalid('keys', keys, 'an array of keys')
    return keys.map((key) => door.nameOf(key))
  }
  const shown = async (letter: DeadLetter): Promise<DeadWrite<T>> => {
    const { key: name, op, version, attempts, error, diedAtWallMs } = letter
    const value = await readable(queue, letter)
    const diedAt = new Date(diedAtWallMs)
    // The last try is not counted in the queue any more.
    const tries = attempts + 1
    return { key: door.keyOf(name), op, value, version, attempts: tries, error, diedAt }
  }
  return {
    deadLetters: async (limit) => {
      const most = check.whole('limit', limit, 1, MAX_LETTERS) ?? 100
      return Promise.all((await door.queue.deadLetters(most)).map(shown))
    },
    replay: async (keys) => {
      const names = namesOf(keys)
      return queue.change(names, () => door.queue.replay(names))
    },
    drop: async (keys) => door.queue.drop(namesOf(keys)),
  }
}

async function readable<T>(queue: BehindQueue<T>, write: WaitingWrite): Promise<T | undefined> {
  return queue.valueOf(write).catch(() => undefined)
}

async function status<T>(door: QueueDoor, queue: BehindQueue<T>): Promise<WriteBehindStatus> {
  const { pending, oldestMs, dead, held } = await door.queue.state()
  const { isRunning, isSourceAway } = queue
  const whole = { pending, oldestMs, deadLetters: dead, partitionsHeld: held }
  return { ...whole, ...queue.counts, isRunning, isSourceAway }
}
