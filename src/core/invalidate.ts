/** Invalidating by tag and by pattern: many entries at once, wherever they are. */
import { listKeys } from './clear.js'
import type { Confirmed } from './confirmed.js'
import type { Engine } from './engine.js'
import { parseGlob } from './glob.js'
import type { Invalidation } from './log.js'
import { invalidOption } from './option-reading.js'
import { addTag, type Until } from './options.js'
import type { Space } from './space.js'

const MAX_TAGS = 1_000

/** One record of the log, whatever the tags hold. Throws OPTION_INVALID. */
export function invalidateTags(
  engine: Engine,
  tags: readonly string[],
  until: Until,
): Promise<Confirmed> {
  if (!Array.isArray(tags) || tags.length > MAX_TAGS) {
    throw invalidOption('invalidateTags', 'tags', tags, `an array of at most ${MAX_TAGS} tags`)
  }
  for (const tag of tags) addTag([], tag, 'invalidateTags')
  const all = [...new Set(tags)].map((tag): Invalidation => ({ kind: 'tag', tag }))
  return engine.append(all, until)
}

/**
 * A prefix is one record of the log; for any other pattern the keys are listed, and those that
 * match are deleted by `deleteMany`. Throws OPTION_INVALID.
 */
export async function invalidatePattern(
  engine: Engine,
  space: Space,
  pattern: string,
  until: Until,
  deleteMany: (keys: readonly string[]) => Promise<Confirmed>,
): Promise<Confirmed> {
  const { prefix, isPrefix, matches } = parseGlob(pattern, 'invalidatePattern')
  if (isPrefix) return engine.append([{ kind: 'prefix', namespace: space.name, prefix }], until)
  const keys = new Set<string>(space.memory.keys())
  for await (const key of listKeys(engine, space)) keys.add(key)
  return deleteMany([...keys].filter(matches))
}
