/**
 * Reading the store: one batch per tick → decode → schema → memory.
 *
 * Readers of one key in one tick share a read unless the key was invalidated in between. What it
 * brings is kept in memory only if that still holds when the answer is there: an answer that was on
 * its way while its key was invalidated must not bring the old value back. Every failure is a miss
 * with its reason.
 *
 * Listeners instead of promises: a store hit has room for one promise, its caller's
 * (bench/store-hit: two more cost as much as JSON.parse).
 */
import type { Lease, ReadAnswer, ReadRequest } from './batched-reads.js'
import type { Decoded } from './codec.js'
import { isUsable, type Verdict } from './coherence.js'
import type { DecodedEntry, DecodeFault } from './contracts.js'
import type { Engine } from './engine.js'
import { type FoundListener, type HeldEntry, softened } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import type { Flight } from './flight.js'
import { isCopied, mayRemember, weigh } from './keep.js'
import { isolate, keepStored } from './keep-stored.js'
import { whenDecoded } from './late-decode.js'
import type { GatheredRead, Space } from './space.js'
import { passes } from './standard-schema.js'
import { beginsWith, type Unusable, unusableOf } from './unusable.js'

/** Reads `key` with the tick; counting is the listener's. */
export function readStore(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  listener: FoundListener,
): void {
  const batch = engine.batch!
  const { gathering } = space
  if (gathering.tick !== batch.tick) {
    gathering.tick = batch.tick
    gathering.reads = new Map()
  }
  const gathered = gathering.reads.get(key)
  if (
    gathered !== undefined &&
    engine.invalidations.isReadCurrent(space, storeKey, gathered.since)
  ) {
    gathered.join(listener)
    return
  }
  const read = new StoreRead(engine, space, key, storeKey, listener)
  gathering.reads.set(key, read)
  batch.read(read)
}

/** As `readStore`, and asks for the flight's right to fill the key where nothing fresh is there. */
export function leaseFromStore(
  engine: Engine,
  space: Space,
  key: string,
  flight: Flight,
  lease: Lease,
  listener: FoundListener,
  known?: Unusable,
): void {
  const read = new StoreRead(engine, space, key, flight.storeKey, listener, flight, known)
  engine.batch!.lease(read, lease)
}

/** As `readStore`, for callers that wait. */
export function readStoreOnce(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
): Promise<HeldEntry | MissReason> {
  return new Promise((resolve) => readStore(engine, space, key, storeKey, resolve))
}

/** A batch is never decoded for longer than that: a deadline for its reply is shorter. */
const SURELY_FRESH_MS = 60_000

/** A read of one key that is under way. */
class StoreRead implements ReadRequest, GatheredRead {
  readonly storeKey: string
  /** The fence's count when it was asked for. */
  readonly since: number
  readonly #engine: Engine
  readonly #space: Space
  readonly #key: string
  readonly #listener: FoundListener
  #others: FoundListener[] | undefined
  /** The load that waits for it: fenced as that is, and the only one to fill the key meanwhile. */
  readonly #flight: Flight | undefined
  /** What was found before, told and counted then. */
  readonly #known: Unusable | undefined
  #head: Uint8Array | undefined
  #isLeased = false
  #isSoft = false

  constructor(
    engine: Engine,
    space: Space,
    key: string,
    storeKey: string,
    listener: FoundListener,
    flight?: Flight,
    known?: Unusable,
  ) {
    const { invalidations } = engine
    this.#engine = engine
    this.#space = space
    this.#key = key
    this.storeKey = storeKey
    this.#flight = flight
    this.since = flight === undefined ? invalidations.beginRead() : invalidations.now
    this.#listener = listener
    this.#known = known
  }

  join(listener: FoundListener): void {
    if (this.#others === undefined) this.#others = [listener]
    else this.#others.push(listener)
  }

  finish(answer: ReadAnswer, atMs: number, wallAheadMs: number, isLeased: boolean): void {
    this.#isLeased = isLeased
    if (answer === undefined) this.#tell('absent')
    else if (answer instanceof CacheError) this.#tell(MISS_OF_ERROR[answer.code] ?? 'store-failed')
    else this.#open(answer, atMs, wallAheadMs)
  }

  #open(bytes: Uint8Array, atMs: number, wallAheadMs: number): void {
    this.#space.counters.bytesRead += bytes.length
    this.#head = bytes
    const known = this.#known
    if (known !== undefined && beginsWith(bytes, known.head)) {
      this.#tell(known.reason)
      return
    }
    const decoded = this.#decode(bytes)
    if (decoded instanceof Promise) {
      const { clock } = this.#engine
      const take = (late: Decoded) => this.#take(late, clock.monotonicMs(), wallAheadMs)
      whenDecoded(this.#engine, decoded, take)
    } else this.#take(decoded, atMs, wallAheadMs)
  }

  #take(entry: Decoded, atMs: number, wallAheadMs: number): void {
    if (typeof entry === 'string') {
      this.#refuse(entry)
      return
    }
    const verdict = this.#judge(entry)
    const { schema } = this.#space
    if (verdict === 'invalidated') this.#refuse('invalidated')
    else if (isUsable(verdict) && schema === undefined) {
      this.#isSoft = verdict === 'soft'
      this.#tellAdmitted(entry, atMs, wallAheadMs)
    } else void this.#openSlowly(entry, wallAheadMs)
  }

  /** Where the log or a schema must be asked first. Never rejects. */
  async #openSlowly(entry: DecodedEntry, wallAheadMs: number): Promise<void> {
    const { clock, coherence } = this.#engine
    const { schema } = this.#space
    if (entry.tags.length > 0) await coherence.learn(entry.tags, entry.born)
    const isValid = schema === undefined || (await passes(schema, entry.value))
    const verdict = this.#judge(entry)
    this.#isSoft = verdict === 'soft'
    if (!isValid) this.#refuse('schema')
    else if (!isUsable(verdict)) this.#refuse('invalidated')
    else this.#tellAdmitted(entry, clock.monotonicMs(), wallAheadMs)
  }

  #judge({ tags, born }: DecodedEntry): Verdict {
    const { coherence, store } = this.#engine
    if (born < store!.bornFloor(this.storeKey)) return 'invalidated'
    return coherence.judge(this.#space.name, this.#key, tags, born)
  }

  /** What strangers wrote may decode and still not be what it says: that too is a miss. */
  #tellAdmitted(entry: DecodedEntry, atMs: number, wallAheadMs: number): void {
    let found: HeldEntry | MissReason
    try {
      found = this.#admit(entry, atMs, wallAheadMs)
    } catch {
      this.#refuse('payload')
      return
    }
    this.#tell(found)
  }

  /** Judges the entry's age, isolates its value, and keeps it in memory if it may be kept. */
  #admit(entry: DecodedEntry, atMs: number, wallAheadMs: number): HeldEntry | MissReason {
    const engine = this.#engine
    const freshUntilMs = entry.freshUntilWallMs - wallAheadMs
    const deadAtMs = freshUntilMs + entry.graceMs
    // Decoding a batch takes time: what is near its end is held against the clock as it is now.
    const nowMs = freshUntilMs - atMs > SURELY_FRESH_MS ? atMs : engine.clock.monotonicMs()
    if (deadAtMs <= nowMs) return 'expired'
    const { value } = entry
    const copied = isCopied(engine, entry)
    const weightBytes = weigh(engine, this.#key, value, isolate(engine, entry))
    const kept =
      this.#mayKeep() &&
      keepStored(engine, this.#space, this.#key, entry, copied, freshUntilMs, weightBytes)
    const state = nowMs < freshUntilMs ? 'fresh' : 'stale'
    const exclusive = !kept && this.#others === undefined
    // Written out: a spread of two records took as long as the judgement.
    const held: HeldEntry = {
      tier: 'store',
      state,
      value,
      copied,
      exclusive,
      freshUntilMs,
      deadAtMs,
      born: entry.born,
      tags: entry.tags,
      knownAtMs: nowMs,
    }
    return this.#isSoft ? softened(held, nowMs) : held
  }

  /**
   * Memory takes it unless its key was invalidated or filled while the answer was on its way. What
   * it takes it hands out without thought, so nothing that is stale by name alone.
   */
  #mayKeep(): boolean {
    if (this.#isSoft) return false
    const { flights, hasMemory, invalidations } = this.#engine
    if (!hasMemory || !mayRemember(this.#engine, this.#key)) return false
    // One that its load did not wait for is fenced by nothing any more.
    if (this.#flight !== undefined && flights.get(this.storeKey) !== this.#flight) return false
    return invalidations.isReadCurrent(this.#space, this.storeKey, this.since)
  }

  #decode(bytes: Uint8Array): Decoded | Promise<Decoded> {
    // A codec may be the user's own, and bytes anybody's.
    try {
      return this.#space.codec.decode(this.storeKey, bytes)
    } catch {
      return 'payload'
    }
  }

  #refuse(reason: DecodeFault | 'schema' | 'invalidated'): void {
    const { events } = this.#engine
    if (reason === 'tampered') this.#space.counters.tampered++
    if (events.wants('entry-refused')) {
      events.emit('entry-refused', { namespace: this.#space.name, key: this.#key, reason })
    }
    this.#tell(reason === 'schema' || reason === 'invalidated' ? reason : 'undecodable')
  }

  #tell(found: HeldEntry | MissReason): void {
    if (this.#flight === undefined) this.#engine.invalidations.endRead()
    const reason = this.#isSoft ? 'invalidated' : found
    const unusable = typeof reason === 'string' ? unusableOf(reason, this.#head) : undefined
    this.#listener(found, this.#isLeased, unusable)
    const others = this.#others
    if (others !== undefined) for (const listener of others) listener(found, false, unusable)
  }
}

const MISS_OF_ERROR: Partial<Record<CacheError['code'], MissReason>> = {
  STORE_TIMEOUT: 'store-timeout',
  STORE_UNAVAILABLE: 'store-unavailable',
}
