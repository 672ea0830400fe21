/**
 * Carries notes out on a cache and says which of them it has not confirmed.
 *
 * All keys and tags go out in one tick, so that they share their round trips. Patterns follow one
 * after another: one that is no prefix lists all keys, and a thousand lists at once would be an
 * attack on the store.
 */
import type { Cache } from '../core/api.js'
import { CacheError } from '../core/errors.js'
import { identityOf, type Note } from './note.js'

/** What of a cache it takes to invalidate. A namespace of one will do. */
export interface InvalidationTarget extends InvalidationScope, Pick<Cache, 'invalidateTags'> {}

export interface InvalidationScope extends Pick<Cache, 'delete' | 'invalidatePattern'> {
  namespace(name: string): InvalidationScope
}

/** As many as `invalidateTags` takes at once. */
const TAGS_PER_CALL = 1_000

/**
 * Resolves, once all have been tried, to what went wrong by the identity of the note; empty where
 * everything was confirmed. Never rejects. Round trips: one for each 512 keys, for each 1 000 tags
 * and for each prefix.
 */
export async function performNotes(
  target: InvalidationTarget,
  notes: Iterable<Note>,
): Promise<ReadonlyMap<string, unknown>> {
  const unique = new Map<string, Note>()
  for (const note of notes) unique.set(identityOf(note), note)
  const failures = new Map<string, unknown>()
  const attempt = async (some: readonly Note[], call: () => Promise<unknown>) => {
    const failure = await failureOf(call)
    if (failure !== undefined) for (const note of some) failures.set(identityOf(note), failure)
  }
  const of = (kind: Note['kind']) => [...unique.values()].filter((note) => note.kind === kind)
  await Promise.all([
    ...of('key').map((note) => attempt([note], () => scope(target, note).delete(note.name))),
    ...chunks(of('tag')).map((some) =>
      attempt(some, () => target.invalidateTags(some.map(({ name }) => name))),
    ),
  ])
  for (const note of of('pattern')) {
    await attempt([note], () => scope(target, note).invalidatePattern(note.name))
  }
  return failures
}

async function failureOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await call()) === false ? UNCONFIRMED : undefined
  } catch (error) {
    return error ?? UNCONFIRMED
  }
}

function scope(target: InvalidationScope, { namespace }: Note): InvalidationScope {
  if (namespace === '') return target
  return namespace.split('.').reduce((above, part) => above.namespace(part), target)
}

function chunks(notes: readonly Note[]): Note[][] {
  const count = Math.ceil(notes.length / TAGS_PER_CALL)
  return Array.from({ length: count }, (_, i) =>
    notes.slice(i * TAGS_PER_CALL, (i + 1) * TAGS_PER_CALL),
  )
}

const UNCONFIRMED = new CacheError(
  'STORE_UNAVAILABLE',
  'the store has not confirmed an invalidation',
)
