/** What a running cache lets be seen and changed of its memory tier. */
import { isUsable } from './coherence.js'
import type { Engine } from './engine.js'
import type { CachedKey, MemoryControl } from './memory-api.js'
import { resolveBounds } from './memory-options.js'
import { checkKnown, invalidOption } from './option-reading.js'

const MAX_KEYS = 2 ** 24

export function memoryControl(engine: Engine): MemoryControl {
  return {
    hottest: (limit, namespace) => byHeat(engine, limit, 'hottest', namespace),
    coldest: (limit, namespace) => byHeat(engine, limit, 'coldest', namespace),
    tagged: (tags) => byTag(engine, tags),
    resize(bounds) {
      const where = 'memory.resize'
      if (typeof bounds !== 'object' || bounds === null) {
        throw invalidOption(where, 'bounds', bounds, '{ maxBytes, maxEntries }')
      }
      checkKnown(bounds, ['maxBytes', 'maxEntries'], where)
      engine.memory.resize(resolveBounds(bounds, where))
      engine.memorySweep.now()
    },
  }
}

function byTag(engine: Engine, tags: readonly string[]): readonly CachedKey[] {
  if (!Array.isArray(tags)) throw invalidOption('memory.tagged', 'tags', tags, 'an array of tags')
  const wanted = new Set<unknown>(tags)
  const found: CachedKey[] = []
  for (const { name, memory } of engine.spaces()) {
    for (const key of memory.keys()) {
      const entry = memory.view(key)
      if (entry?.tags?.some((tag) => wanted.has(tag)) !== true) continue
      const verdict = engine.coherence.judge(name, key, entry.tags, entry.born)
      if (isUsable(verdict)) found.push({ namespace: name, key })
    }
  }
  return found
}

function byHeat(
  { memory }: Engine,
  limit: number,
  from: 'hottest' | 'coldest',
  namespace?: string,
): readonly CachedKey[] {
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_KEYS) {
    throw invalidOption(`memory.${from}`, 'limit', limit, `a whole number from 0 to ${MAX_KEYS}`)
  }
  const held = memory.byHeat(limit, from, namespace)
  return held.map(({ partition, key }) => ({ namespace: partition, key }))
}
