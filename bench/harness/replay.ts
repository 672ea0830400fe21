/**
 * Plays a load to a policy: get; on a miss, set. One subject is one policy, which plays whatever it
 * is told, always from an empty cache.
 */

import { LRUCache } from 'lru-cache'
import type { EvictionPolicyName } from '../../src/core/eviction-policy.js'
import { BoundedMemoryTier, policyOf } from '../../src/memory/index.js'
import { fakeClock } from '../../src/testing/fake-clock.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import type { Round, StartSubject } from './bench.js'
import { beginning, type Load } from './load.js'
import { memoryEntry } from './memory-entry.js'
import { readTrace } from './public-traces.js'
import type { Simulate } from './simulated/simulation.js'
import { SYNTHETIC_LOADS, SYNTHETIC_REQUESTS } from './synthetic-loads.js'

/** What is to be played, and in how much room: so many entries, or a part of all distinct bytes. */
export interface Play {
  readonly load: string
  readonly room: { readonly entries: number } | { readonly bytesRatio: number }
}

/** Bounds of a cache; what is not bounded is `undefined`. */
interface Bounds {
  readonly maxEntries: number | undefined
  readonly maxBytes: number | undefined
}

interface Keeper {
  get(key: string): number | undefined
  set(key: string, value: number, bytes: number): void
}

/** `sum` is that of the values that were read. */
interface Tally {
  readonly hits: number
  readonly hitBytes: number
  readonly sum: number
}

type Player = (load: Load, bounds: Bounds, round: number) => Tally

const TINY_REQUESTS = 2_000
/** As many entries as the option of that name takes: such a cache is bounded by bytes alone. */
const MOST_ENTRIES = 16_777_216

function replayed(player: Player): StartSubject {
  return async ({ tiny, params }) => {
    let last: { name: string; load: Load } | undefined
    const loadNamed = (name: string): Load => {
      const load = last?.name === name ? last.load : makeLoad(name, String(params.traces), tiny)
      last = { name, load }
      return load
    }
    const run = async (round: number, step: string): Promise<Round> => {
      const play = JSON.parse(step) as Play
      const load = loadNamed(play.load)
      const startMs = performance.now()
      const { hits, hitBytes, sum } = player(load, boundsOf(play, load), round)
      const requests = load.keys.length
      return {
        operations: requests,
        elapsedMs: performance.now() - startMs,
        cpuMs: 0,
        answers: `${requests}:${sum}`,
        figures: {
          '% of objects': (100 * hits) / requests,
          '% of bytes': (100 * hitBytes) / askedBytes(load),
        },
      }
    }
    return { run, stop: async () => {} }
  }
}

function makeLoad(name: string, folder: string, isTiny: boolean): Load {
  const synthetic = SYNTHETIC_LOADS[name]
  if (synthetic !== undefined) return synthetic.make(isTiny ? TINY_REQUESTS : SYNTHETIC_REQUESTS)
  const trace = readTrace(folder, name)
  return isTiny ? beginning(trace, TINY_REQUESTS) : trace
}

function boundsOf({ room }: Play, load: Load): Bounds {
  return 'entries' in room
    ? { maxEntries: room.entries, maxBytes: undefined }
    : { maxEntries: undefined, maxBytes: Math.floor(room.bytesRatio * distinctBytes(load)) }
}

/** Of each key, as large as it was when it came first. */
function distinctBytes({ keys, sizes, distinct }: Load): number {
  const isSeen = new Uint8Array(distinct)
  let bytes = 0
  keys.forEach((key, at) => {
    if (isSeen[key] === 0) bytes += sizes![at]!
    isSeen[key] = 1
  })
  return bytes
}

function askedBytes({ keys, sizes }: Load): number {
  return sizes?.reduce((sum, bytes) => sum + bytes, 0) ?? keys.length
}

/** Knows entries alone. */
export function simulated(simulate: Simulate): StartSubject {
  return replayed((load, { maxEntries }) => {
    const simulation = simulate(maxEntries!, load)
    let hits = 0
    let sum = 0
    for (const key of load.keys) {
      if (simulation.request(key)) hits++
      sum += key
    }
    return { hits, hitBytes: hits, sum }
  })
}

function kept(make: (bounds: Bounds, round: number) => Keeper): StartSubject {
  return replayed(({ keys, distinct, sizes }, bounds, round) => {
    const keeper = make(bounds, round)
    const names = Array.from({ length: distinct }, (_, key) => `key:${key}`)
    let [hits, hitBytes, sum] = [0, 0, 0]
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at]!
      const bytes = sizes === undefined ? 1 : sizes[at]!
      const found = keeper.get(names[key]!)
      if (found === undefined) keeper.set(names[key]!, key, bytes)
      else {
        hits++
        hitBytes += bytes
      }
      sum += found ?? key
    }
    return { hits, hitBytes, sum }
  })
}

export const lruCache = kept(({ maxEntries, maxBytes }) => {
  const bounds = maxEntries === undefined ? { maxSize: maxBytes! } : { max: maxEntries }
  const lru = new LRUCache<string, number>(bounds)
  return {
    get: (key) => lru.get(key),
    set(key, value, bytes) {
      if (maxEntries !== undefined) lru.set(key, value)
      else lru.set(key, value, { size: Math.max(1, bytes) })
    },
  }
})

/** Our tier, as the engine uses it. Fails if a bound is exceeded after any write. */
export function tier(policy: EvictionPolicyName): StartSubject {
  return kept(({ maxEntries = MOST_ENTRIES, maxBytes = Number.POSITIVE_INFINITY }, round) => {
    const clock = fakeClock()
    const random = seededRandom(round)
    const memory = new BoundedMemoryTier({
      ...{ maxEntries, maxBytes, clock, random, policy: policyOf(policy) },
    })
    const partition = memory.partition('')
    return {
      get: (key) => partition.hit(key) as number | undefined,
      set: (key, value, bytes) => {
        const weightBytes = maxBytes === Number.POSITIVE_INFINITY ? 0 : bytes
        partition.write(key, memoryEntry(value, undefined, weightBytes))
        if (memory.entryCount <= maxEntries && memory.byteCount <= maxBytes) return
        throw new Error(`${memory.entryCount} entries of ${memory.byteCount} bytes exceed a bound`)
      },
    }
  })
}
