/** Invalidating by tag and by pattern: many entries at once, wherever they are. */
import { listKeys } from './clear.js'
import type { Confirmed } from './confirmed.js'
import type { Engine } from './engine.js'
import { parseGlob } from './glob.js'
import { type InvalidateManyOptions, resolveIsSoft, resolveUntil } from './invalidate-options.js'
import type { Invalidation } from './log.js'
import { invalidOption } from './option-reading.js'
import { addTag } from './options.js'
import { softNamespace, softTag } from './soft.js'
import type { Space } from './space.js'
import { removeMany } from './write.js'

const MAX_TAGS = 1_000
const SOFT_RANGE = `'hard' for a pattern that is no prefix: its keys are deleted one by one`

/** One record of the log, whatever the tags hold. Throws OPTION_INVALID. */
export function invalidateTags(
  engine: Engine,
  tags: readonly string[],
  options: InvalidateManyOptions | undefined,
): Promise<Confirmed> {
  const where = 'invalidateTags'
  const until = resolveUntil(options, where, 'invalidate')
  const nameOf = resolveIsSoft(options, where) ? softTag : (tag: string) => tag
  if (!Array.isArray(tags) || tags.length > MAX_TAGS) {
    throw invalidOption(where, 'tags', tags, `an array of at most ${MAX_TAGS} tags`)
  }
  for (const tag of tags) addTag([], tag, where)
  const all = [...new Set(tags)].map((tag): Invalidation => ({ kind: 'tag', tag: nameOf(tag) }))
  return engine.append(all, until)
}

/**
 * A prefix is one record of the log; for any other pattern the keys are listed, and those that
 * match are deleted. Throws OPTION_INVALID.
 */
export async function invalidatePattern(
  engine: Engine,
  space: Space,
  pattern: string,
  options: InvalidateManyOptions | undefined,
): Promise<Confirmed> {
  const where = 'invalidatePattern'
  const until = resolveUntil(options, where, 'invalidate')
  const isSoft = resolveIsSoft(options, where)
  const { prefix, isPrefix, matches } = parseGlob(pattern, where)
  const namespace = isSoft ? softNamespace(space.name) : space.name
  if (isPrefix) return engine.append([{ kind: 'prefix', namespace, prefix }], until)
  if (isSoft) throw invalidOption(where, 'mode', 'soft', SOFT_RANGE)
  const keys = new Set<string>(space.memory.keys())
  for await (const key of listKeys(engine, space)) keys.add(key)
  return removeMany(engine, space, [...keys].filter(matches), until)
}
