/** What a cache tells of the keys that are asked for most and least. */
import type { Engine } from './engine.js'
import { CacheError } from './errors.js'
import type { KeyFrequency, KeyTraffic, LookupSampler } from './key-frequency.js'
import { invalidOption } from './option-reading.js'

const MAX_KEYS = 2 ** 24

export function hotKeys(engine: Engine, limit: number, namespace?: string): KeyFrequency[] {
  const sampler = samplerOf(engine, 'hotKeys')
  return sampler.hottest(checkLimit('hotKeys', limit), namespace)
}

/** Those without a counter are the coldest; how they stand to one another the policy knows. */
export function coldKeys(engine: Engine, limit: number, namespace?: string): KeyFrequency[] {
  const sampler = samplerOf(engine, 'coldKeys')
  checkLimit('coldKeys', limit)
  // So many that `limit` of them have no counter, unless memory holds fewer.
  const wanted = Math.min(MAX_KEYS, limit + sampler.traffic(namespace).keysCounted)
  const held = engine.memory.byHeat(wanted, 'coldest', namespace)
  const cold: KeyFrequency[] = []
  const counted: KeyFrequency[] = []
  for (const { partition, key } of held) {
    if (cold.length >= limit) return cold
    const isCounted = sampler.counts(partition, key)
    const list = isCounted ? counted : cold
    list.push(sampler.frequencyOf(partition, key))
  }
  counted.sort((a, b) => a.count - b.count)
  return cold.concat(counted).slice(0, limit)
}

export function keyFrequency(engine: Engine, key: string, namespace = ''): KeyFrequency {
  return samplerOf(engine, 'keyFrequency').frequencyOf(namespace, key)
}

export function keyTraffic(engine: Engine, namespace?: string): KeyTraffic {
  const traffic = samplerOf(engine, 'keyTraffic').traffic(namespace)
  const keysInMemory =
    namespace === undefined
      ? engine.memory.entryCount
      : (engine.findSpace(namespace)?.memory.entryCount ?? 0)
  return { ...traffic, keysInMemory }
}

function samplerOf({ events }: Engine, verb: string): LookupSampler {
  if (events.sampler !== undefined) return events.sampler
  const message = `${verb}: look-ups are not counted; the option hotKeys: true of createCache does`
  throw new CacheError('OPTION_INVALID', message)
}

function checkLimit(verb: string, limit: number): number {
  if (Number.isInteger(limit) && limit >= 0 && limit <= MAX_KEYS) return limit
  throw invalidOption(verb, 'limit', limit, `a whole number from 0 to ${MAX_KEYS}`)
}
