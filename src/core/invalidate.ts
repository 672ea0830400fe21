/** Invalidating by tag and by pattern: many entries at once, wherever they are. */
import { listKeys } from './clear.js'
import type { Engine } from './engine.js'
import { parseGlob } from './glob.js'
import { invalidOption } from './option-reading.js'
import { addTag } from './options.js'
import type { Space } from './space.js'

const MAX_TAGS = 1_000

/** One record of the log, whatever the tags hold. Throws OPTION_INVALID. */
export function invalidateTags(engine: Engine, tags: readonly string[]): Promise<boolean> {
  if (!Array.isArray(tags) || tags.length > MAX_TAGS) {
    throw invalidOption('invalidateTags', 'tags', tags, `an array of at most ${MAX_TAGS} tags`)
  }
  for (const tag of tags) addTag([], tag, 'invalidateTags')
  return engine.append([...new Set(tags)].map((tag) => ({ kind: 'tag', tag })))
}

/**
 * A prefix is one record of the log; for any other pattern the keys are listed, and those that
 * match are deleted by `deleteMany`. Throws OPTION_INVALID.
 */
export async function invalidatePattern(
  engine: Engine,
  space: Space,
  pattern: string,
  deleteMany: (keys: readonly string[]) => Promise<boolean>,
): Promise<boolean> {
  const { prefix, isPrefix, matches } = parseGlob(pattern, 'invalidatePattern')
  if (isPrefix) return engine.append([{ kind: 'prefix', namespace: space.name, prefix }])
  const keys = new Set<string>(space.memory.keys())
  for await (const key of listKeys(engine, space)) keys.add(key)
  return deleteMany([...keys].filter(matches))
}
