/**
 * Reading the store: one batch per tick → decode → schema → memory.
 *
 * Readers of one key share a read unless the key was invalidated since it was sent. What it brings is
 * kept in memory only if that still holds when the answer is there: an answer that was on its way while
 * its key was invalidated must not bring the old value back. Every failure is a miss with its reason.
 */
import type { DecodedEntry, DecodeFault } from './contracts.js'
import type { Engine } from './engine.js'
import { type Found, storedLife } from './entry.js'
import { CacheError } from './errors.js'
import type { MissReason } from './events.js'
import { isCopied, weigh } from './keep.js'
import type { Space } from './space.js'
import { cloneValue, freezeOwned } from './value.js'

/** What the store has, fresh or stale, or why there is nothing; counting is the caller's. Never rejects. */
export function readStore(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
): Promise<Found | MissReason> {
  const pending = engine.reads.get(storeKey)
  if (pending !== undefined && engine.invalidations.isCurrent(space, storeKey, pending.born))
    return pending.found
  const born = engine.invalidations.applied
  const read = { born, found: readOnce(engine, space, key, storeKey, born) }
  engine.reads.set(storeKey, read)
  void read.found.then(() => {
    if (engine.reads.get(storeKey) === read) engine.reads.delete(storeKey)
  })
  return read.found
}

/** Counts a lookup that found nothing fresh, and tells those who watch. */
export function countMiss(
  engine: Engine,
  space: Space,
  key: string,
  reason: MissReason,
): undefined {
  space.counters[MISS_COUNTERS[reason]]++
  if (engine.events.watchesLookups)
    engine.events.emit('miss', { namespace: space.name, key, reason })
  return undefined
}

async function readOnce(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  born: number,
): Promise<Found | MissReason> {
  const answer = await engine.batch!.read(storeKey)
  if (answer === undefined) return 'absent'
  if (answer instanceof CacheError) return MISS_OF_ERROR[answer.code] ?? 'store-failed'
  space.counters.bytesRead += answer.length
  const entry = decode(engine, answer)
  if (typeof entry === 'string') return refuseEntry(engine, space, key, entry)
  if (space.schema !== undefined && !(await passes(space, entry.value)))
    return refuseEntry(engine, space, key, 'schema')
  const now = engine.now()
  const life = storedLife(space.policy, entry, now, engine.random)
  const deadAtMs = life.freshUntilMs + life.graceMs
  if (deadAtMs <= now.monotonicMs) return 'expired'
  const state = now.monotonicMs < life.freshUntilMs ? 'fresh' : 'stale'
  const weightBytes = weigh(key, isolate(engine, entry, answer.length))
  const copied = isCopied(engine, entry)
  if (engine.invalidations.isCurrent(space, storeKey, born)) {
    const { value, loadMs } = entry
    const { checkAtMs, freshUntilMs } = life
    const tags = entry.tags.length > 0 ? entry.tags : undefined
    const took = space.memory.write(key, {
      value,
      copied,
      born,
      checkAtMs,
      freshUntilMs,
      deadAtMs,
      loadMs,
      tags,
      weightBytes,
    })
    if (took) engine.armSweep()
  }
  return { state, tier: 'store', value: entry.value, copied, freshUntilMs: life.freshUntilMs }
}

/** Freezes what is handed out by reference; the weight of the value either way. */
function isolate(engine: Engine, entry: DecodedEntry, encodedBytes: number): number {
  if (engine.values === 'frozen' && entry.plain) return freezeOwned(entry.value)
  // What is copied for each reader, or shared by wish, is weighed by its encoded size: about as exact.
  return encodedBytes * 2
}

/** A codec may be the user's own, and bytes anybody's. */
function decode(engine: Engine, bytes: Uint8Array): DecodedEntry | DecodeFault {
  try {
    return engine.codec.decode(bytes)
  } catch {
    return 'payload'
  }
}

/** The schema gets a copy where it could keep or change what others will be handed. */
async function passes(space: Space, value: unknown): Promise<boolean> {
  try {
    const result = await space.schema!['~standard'].validate(cloneValue(value))
    return result.issues === undefined
  } catch {
    return false
  }
}

function refuseEntry(
  engine: Engine,
  space: Space,
  key: string,
  reason: DecodeFault | 'schema',
): MissReason {
  if (engine.events.wants('entry-refused'))
    engine.events.emit('entry-refused', { namespace: space.name, key, reason })
  return reason === 'schema' ? 'schema' : 'undecodable'
}

const MISS_OF_ERROR: Partial<Record<CacheError['code'], MissReason>> = {
  STORE_TIMEOUT: 'store-timeout',
  STORE_UNAVAILABLE: 'store-unavailable',
}

const MISS_COUNTERS = {
  absent: 'missAbsent',
  expired: 'missExpired',
  forced: 'missForced',
  'store-timeout': 'missStoreTimeout',
  'store-unavailable': 'missStoreUnavailable',
  'store-failed': 'missStoreFailed',
  undecodable: 'missUndecodable',
  schema: 'missSchema',
} as const satisfies Record<MissReason, string>
