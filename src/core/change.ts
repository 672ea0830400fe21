/** Changes to an entry in place: its life, or its number. Each is one atomic call to the store. */

import { pushTells } from './batched-writes.js'
import type { Engine } from './engine.js'
import { newLife } from './entry.js'
import { CacheError, isCacheError } from './errors.js'
import { keepWritten, keyInvalidation } from './keep.js'
import type { Invalidation } from './log.js'
import { lookInMemory } from './look-in-memory.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { readStoreOnce } from './store-read.js'
import { admit } from './value.js'
import { tellDependents } from './write.js'

/** Gives a fresh entry the ttl of `policy`, from now; one past its ttl is not brought back. */
export async function changeLife(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  policy: Policy,
): Promise<boolean> {
  if ((await remainingSeconds(engine, space, key, storeKey)) === undefined) return false
  // A read under way would fill memory with the old life.
  engine.invalidations.note(storeKey)
  const now = engine.now()
  const life = newLife(policy, undefined, undefined, 0, now, engine.random)
  const isTrusted = lookInMemory(engine, space, key) !== undefined
  const entry = isTrusted ? space.memory.read(key) : undefined
  if (entry === undefined) space.memory.remove(key)
  else {
    const { checkAtMs, freshUntilMs, graceMs } = life
    space.memory.write(key, {
      ...entry,
      checkAtMs,
      freshUntilMs,
      deadAtMs: freshUntilMs + graceMs,
    })
  }
  if (engine.store === undefined) return entry !== undefined
  engine.batch!.flush()
  const patch = engine.codecs.lifePatch(life.freshUntilWallMs, life.graceMs)
  const ttlMs = life.freshUntilMs - now.monotonicMs + life.graceMs
  const patched = engine.store.patch(storeKey, patch.offset, patch.bytes, ttlMs)
  const told = engine.append(tellsOf(engine, space, key))
  const answers = await Promise.all([patched.catch(() => false), told])
  return answers.every((answer) => answer !== false)
}

/** For how many seconds the entry is still fresh. */
export async function remainingSeconds(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
): Promise<number | undefined> {
  const remaining = (freshUntilMs: number) => {
    const remainingMs = freshUntilMs - engine.clock.monotonicMs()
    return remainingMs > 0 ? remainingMs / 1_000 : undefined
  }
  const held = lookInMemory(engine, space, key)
  const inMemory = held === undefined ? undefined : remaining(held.freshUntilMs)
  if (inMemory !== undefined || engine.batch === undefined) return inMemory
  const found = await readStoreOnce(engine, space, key, storeKey)
  return typeof found === 'string' ? undefined : remaining(found.freshUntilMs)
}

/** Adds to a number: in the store where there is one, else in memory. */
export async function count(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  by: number,
  policy: Policy,
): Promise<number | undefined> {
  if (space.policy.format.isEncrypted) throw notSealed(key)
  if (engine.store === undefined) {
    const sum = countInMemory(engine, space, key, storeKey, by, policy)
    await tellDependents(engine, space, key)
    return sum
  }
  if (!engine.coherence.isJoined && !(await engine.coherence.renew())) return undefined
  engine.invalidations.note(storeKey)
  space.memory.remove(key)
  const { coherence } = engine
  if (policy.tags.length > 0) await coherence.learn(policy.tags, 0)
  const { applied: born } = coherence
  const now = engine.now()
  const life = newLife(policy, by, undefined, 0, now, engine.random)
  const { freshUntilWallMs, graceMs } = life
  const meta = { born, freshUntilWallMs, graceMs, loadMs: 0, tags: policy.tags }
  const known = coherence.oldestBorn(space.name, key, policy.tags)
  const oldest = Math.max(known, engine.store.bornFloor(storeKey))
  const { head, limits } = engine.codecs.counterHead(meta, now.wallMs, oldest)
  const ttlMs = life.freshUntilMs - now.monotonicMs + graceMs
  engine.batch!.flush()
  try {
    const counted = engine.store.increment(storeKey, by, head, ttlMs, limits)
    const told = engine.append(tellsOf(engine, space, key))
    const sum = await counted
    await told
    return sum
  } catch (error) {
    if (!isCacheError(error, 'VALUE_NOT_A_NUMBER')) return undefined
    // What nobody here can read, a newer package's counter among it, is not the caller's mistake.
    if (await isUnreadable(engine, space, key, storeKey)) return undefined
    throw notANumber(key, error)
  } finally {
    // A read that began before the store had counted must not leave the old number in memory.
    engine.invalidations.note(storeKey)
    space.memory.remove(key)
  }
}

function countInMemory(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  by: number,
  policy: Policy,
): number {
  const isFresh = lookInMemory(engine, space, key)?.state === 'fresh'
  const entry = isFresh ? space.memory.read(key) : undefined
  if (entry !== undefined && typeof entry.value !== 'number') throw notANumber(key)
  engine.invalidations.note(storeKey)
  if (entry !== undefined) {
    // Adding zero takes the sign off minus zero.
    const sum = (entry.value as number) + by + 0
    if (!Number.isFinite(sum)) throw notANumber(key)
    space.memory.write(key, { ...entry, value: sum })
    return sum
  }
  const raw = by + 0
  keepWritten(engine, { space, key, storeKey, raw, admitted: admit(raw), policy })
  return raw
}

/** What others must hear of a change in place. */
function tellsOf(engine: Engine, space: Space, key: string): readonly Invalidation[] {
  const tells = keyInvalidation(engine, space, key)
  const all: Invalidation[] = []
  if (tells !== undefined) pushTells(all, tells)
  return all
}

/** Whether what the store has is no entry, with the event for that. Never rejects. */
async function isUnreadable(
  { events, store }: Engine,
  { name: namespace, codec }: Space,
  key: string,
  storeKey: string,
): Promise<boolean> {
  const bytes = await store!.getMany([storeKey]).then(
    ([found]) => found,
    () => undefined,
  )
  const entry = bytes && (await codec.decode(storeKey, bytes))
  if (typeof entry !== 'string') return false
  if (events.wants('entry-refused')) {
    events.emit('entry-refused', { namespace, key, reason: entry })
  }
  return true
}

/** Whatever the store: that a cache begins to throw once it has one helps nobody. */
function notSealed(key: string): CacheError {
  const message = 'a namespace that encrypts keeps no counters: a server must be able to read them'
  return new CacheError('VALUE_UNSUPPORTED', message, { op: 'increment', key })
}

function notANumber(key: string, cause?: unknown): CacheError {
  const message = `'${key.slice(0, 64)}' does not hold a number, or the sum is out of range`
  return new CacheError('VALUE_NOT_A_NUMBER', message, { op: 'increment', key, cause })
}
