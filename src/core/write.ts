/** `set` and `delete` of one key, in both tiers, with what others must hear of it. */
import { admitTo } from './admission.js'
import { allConfirmed, type Confirmed, confirmed } from './confirmed.js'
import { dependencyTag } from './dependency.js'
import type { Engine } from './engine.js'
import { CacheError } from './errors.js'
import type { Until } from './invalidate-options.js'
import { keepWritten, keyInvalidation, type WrittenRequest } from './keep.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import { storeKeyOf } from './store-key.js'

export interface WriteListener {
  /** Whether every tier has it. */
  readonly onDone: (isDone: boolean) => void
  /** What the codec cannot take. */
  readonly onFailed: (error: unknown) => void
}

/** Copies the value at once. Throws what is wrong with key or value. */
export function write(
  engine: Engine,
  space: Space,
  key: string,
  value: unknown,
  policy: Policy,
  { onDone, onFailed }: WriteListener,
): void {
  const storeKey = storeKeyOf(engine, space, key)
  if (value === undefined)
    throw new CacheError(
      'VALUE_UNSUPPORTED',
      'a cache cannot keep undefined, which means a miss; null is a value',
      { op: 'set', key },
    )
  const admitted = admitTo(engine, space, key, value)
  const what = { space, key, storeKey, raw: value, admitted, policy }
  // Before it has joined the log, nobody could say what the value is worth to others.
  if (engine.coherence.isJoined) put(engine, what, onDone)
  else
    engine.coherence
      .renew()
      .then(() => put(engine, what, onDone))
      .catch(onFailed)
}

function put(engine: Engine, what: WrittenRequest, onDone: WriteListener['onDone']): void {
  const { space, key, storeKey } = what
  engine.noteInvalidated(space, storeKey)
  engine.holds.release(storeKey)
  const inMemory = keepWritten(engine, what, (answer) => onDone(!(answer instanceof CacheError)))
  space.counters.sets++
  if (engine.events.wants('set')) engine.events.emit('set', { namespace: space.name, key })
  if (engine.batch !== undefined) return
  void tellDependents(engine, space, key)
  onDone(inMemory)
}

/** In memory alone there is nobody else to hear of it. */
export function tellDependents(
  engine: Engine,
  space: Space,
  key: string,
): Promise<Confirmed> | Confirmed {
  if (!space.policy.dependents) return engine.coherence.token
  const tag = dependencyTag({ namespace: space.name, key })
  return engine.append([{ kind: 'tag', tag }])
}

/** Throws what is wrong with the key. */
export async function remove(
  engine: Engine,
  space: Space,
  key: string,
  until: Until,
): Promise<Confirmed> {
  const storeKey = storeKeyOf(engine, space, key)
  const answer = takeOut(engine, space, key, storeKey, until, space.policy.holdOffMs)
  space.counters.deletes++
  const { events } = engine
  if (events.wants('deleted')) events.emit('deleted', { namespace: space.name, key })
  return answer
}

/** From both tiers; the store lets nobody fill the key for `holdOffMs`. Is not counted. */
export async function takeOut(
  engine: Engine,
  space: Space,
  key: string,
  storeKey: string,
  until: Until,
  holdOffMs: number,
): Promise<Confirmed> {
  const { batch, holds } = engine
  engine.noteInvalidated(space, storeKey)
  holds.release(storeKey)
  space.memory.remove(key)
  if (batch === undefined) return tellDependents(engine, space, key)
  const tells = keyInvalidation(engine, space, key)
  const options = { wantsAcks: until === 'applied', holdOffMs }
  return confirmed(await batch.delete(storeKey, tells, options), until)
}

/** As `remove` for each; they share their round trips. */
export async function removeMany(
  engine: Engine,
  space: Space,
  keys: readonly string[],
  until: Until,
): Promise<Confirmed> {
  const outcomes = await Promise.all(keys.map((key) => remove(engine, space, key, until)))
  return allConfirmed(outcomes, engine.coherence.token)
}
