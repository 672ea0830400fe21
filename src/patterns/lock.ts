/**
 * A lock among all processes of a cache, out of the same rights that let one of them fill a key.
 *
 * It keeps others out as long as its holder is heard of; no lock that ends by itself can do more
 * (Kleppmann, "How to do distributed locking", 2016). So each holder gets a number above those of
 * all before, the fence: what is protected refuses a lower number than it has seen, and a holder
 * that was frozen meanwhile does no harm.
 */
import type { Cache } from '../core/api.js'
import type { Clock } from '../core/contracts.js'
import { showDuration } from '../core/duration.js'
import type { Engine } from '../core/engine.js'
import { CacheError } from '../core/errors.js'
import { insidesOf } from '../core/insides.js'
import { encodeKey } from '../core/key.js'
import { type LockRights, lockRights } from '../core/lock-rights.js'
import { invalidOption } from '../core/option-reading.js'
import { KeptRight, trustedUntilMs } from './kept-right.js'
import { type LockOptions, type ResolvedLockOptions, resolveLockOptions } from './lock-options.js'
import { Patience } from './patience.js'
import { MAX_WAITING, type Turn, Turns } from './turns.js'

/** What the holder of a lock is told. */
export interface HeldLock {
  /**
   * Above that of every holder before, of any lock of the cache; below 2^53. Hand it to what the
   * lock protects, which refuses a lower one than it has seen.
   */
  readonly fence: number
  /** Aborted with LOCK_LOST once somebody else may hold it: stop, or let the fence refuse you. */
  readonly signal: AbortSignal
}

/** Where the locks of one cache stand in this process. */
interface Desk {
  readonly rights: LockRights
  readonly turns: Turns
}

interface Request extends ResolvedLockOptions {
  readonly clock: Clock
  readonly desk: Desk
  readonly key: string
  /** In the store. */
  readonly name: string
  readonly token: string
}

interface Granted {
  readonly fence: number
  readonly untilMs: number
}

const FIRST_POLL_MS = 20
const MAX_POLL_MS = 400

const desks = new WeakMap<Engine, Desk>()

/**
 * Runs `fn` while no other process, and nobody else here, runs one under the same key of this cache
 * or namespace; resolves to its answer. Kept up until `fn` has settled, however long that takes.
 * Callers of one process come in their order; among processes there is none. It is not reentrant.
 *
 * Rejects with what `fn` throws; with LOCK_TIMEOUT where it was not free within `wait`, or the
 * store was away all that time (its error is the `cause`); with the signal's reason; with an OPTION
 * or KEY error. Without a store it holds for this process alone. 3 round trips, and one each third
 * of its ttl.
 */
export async function lock<T>(
  cache: Cache,
  key: string,
  fn: (held: HeldLock) => T | PromiseLike<T>,
  options: LockOptions = {},
): Promise<T> {
  const { engine, space } = insidesOf(cache, 'lock')
  if (typeof fn !== 'function') throw invalidOption('lock', 'fn', fn, 'a function')
  const resolved = resolveLockOptions(options)
  const { clock, settings } = engine
  const name = `${settings.prefix}:!lock:${space.name}:${encodeKey(key, settings.longKeys)}`
  const desk = deskOf(engine)
  const request = { ...resolved, clock, desk, key, name, token: engine.nextToken() }
  const patience = new Patience(clock, resolved.waitMs, resolved.signal)
  const turn = await takeTurn(request, patience)
  try {
    const granted = await acquire(request, patience)
    return await hold(request, granted, fn)
  } finally {
    turn.end()
  }
}

function deskOf(engine: Engine): Desk {
  const known = desks.get(engine)
  if (known !== undefined) return known
  const desk = { rights: lockRights(engine, 'lock'), turns: new Turns() }
  desks.set(engine, desk)
  return desk
}

async function takeTurn(request: Request, patience: Patience): Promise<Turn> {
  const { turns } = request.desk
  if (request.signal?.aborted === true) throw request.signal.reason
  if (!turns.admits(request.name))
    throw timeout(request, `more than ${MAX_WAITING} callers wait for locks`)
  let isOurs = false
  let turn!: Turn
  await patience.wait((done) => {
    turn = turns.take(request.name, () => {
      isOurs = true
      done()
    })
    return () => {}
  })
  if (isOurs) return turn
  turn.leave()
  throw over(request)
}

/** Asks until it is granted: when told that it may be free, and from time to time. */
async function acquire(request: Request, patience: Patience): Promise<Granted> {
  const { desk, name, signal, token } = request
  let granted: Granted | undefined
  let failure: unknown
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, 2 * pollMs)) {
    try {
      granted = await ask(request)
      failure = undefined
    } catch (error) {
      failure = error
    }
    if (granted !== undefined && signal?.aborted !== true) return granted
    if (patience.isOver) break
    await patience.wait((done) => desk.rights.onFree(name, done), pollMs)
  }
  // What failed may have been granted.
  if (granted !== undefined || failure !== undefined) await desk.rights.release(name, token)
  throw over(request, failure)
}

async function ask({ clock, desk, name, token, ttlMs }: Request): Promise<Granted | undefined> {
  const { rights } = desk
  const untilMs = trustedUntilMs(clock.monotonicMs(), ttlMs)
  if (!(await rights.acquire(name, token, ttlMs))) return undefined
  const fence = await rights.nextFence()
  // After the number: one that was given to a right that had ended could be above its successor's.
  if (clock.monotonicMs() < untilMs) return { fence, untilMs }
  await rights.release(name, token)
  return undefined
}

async function hold<T>(
  request: Request,
  { fence, untilMs }: Granted,
  fn: (held: HeldLock) => T | PromiseLike<T>,
): Promise<T> {
  const { clock, desk, key, name, token, ttlMs: leaseMs } = request
  const { rights } = desk
  const lost = new AbortController()
  const onLost = () => {
    const message = 'the lock was not renewed in time: somebody else may hold it'
    lost.abort(new CacheError('LOCK_LOST', message, { op: 'lock', key }))
  }
  const renew = () => rights.renew(name, token, leaseMs)
  const kept = new KeptRight({ clock, leaseMs, renew, untilMs, onLost })
  try {
    return await fn({ fence, signal: lost.signal })
  } finally {
    kept.end()
    await rights.release(name, token)
  }
}

function over(request: Request, cause?: unknown): unknown {
  const { signal, waitMs } = request
  if (signal?.aborted === true) return signal.reason
  return timeout(request, `not free within ${showDuration(waitMs)}`, cause)
}

function timeout({ key }: Request, message: string, cause?: unknown): CacheError {
  return new CacheError('LOCK_TIMEOUT', `lock: ${message}`, { op: 'lock', key, cause })
}
