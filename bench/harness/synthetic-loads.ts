/**
 * Loads made from a seed, for what public traces show too rarely or not at all, and for whoever has
 * none. Each is the plain form of one habit.
 */
import { seededRandom } from '../../src/testing/seeded-random.js'
import { type Load, loadOf } from './load.js'
import { zipfRanks } from './zipf-ranks.js'

interface SyntheticLoad {
  /** At which numbers of entries it is played. */
  readonly capacities: readonly number[]
  readonly make: (requests: number) => Load
}

export const SYNTHETIC_REQUESTS = 400_000
/** Above all keys that are drawn. */
const NEW_KEYS = 1_000_000

/** The number of a request leads to its key. */
function made(requests: number, keyAt: (at: number) => number): Load {
  return loadOf(Array.from({ length: requests }, (_, at) => keyAt(at)))
}

/** The same popularity from begin to end. */
function zipf(exponent: number): SyntheticLoad {
  const make = (requests: number) => made(requests, zipfRanks(100_000, exponent, seededRandom(2)))
  return { capacities: [500, 3_000, 15_000], make }
}

/** Popular keys, and after each 5 000 requests 2 500 that come once. */
function zipfWithScans(requests: number): Load {
  const rank = zipfRanks(20_000, 0.9, seededRandom(3))
  return made(requests, (at) => (at % 7_500 < 5_000 ? rank() : NEW_KEYS + at))
}

/** Loops of three lengths, four rounds of each in turn. */
function loopsInTurn(requests: number): Load {
  const keys: number[] = []
  for (let turn = 0; keys.length < requests; turn++) {
    const length = [600, 2_500, 1_200][turn % 3]!
    const first = (turn % 3) * 10_000
    for (let at = 0; at < 4 * length; at++) keys.push(first + (at % length))
  }
  return loadOf(keys)
}

/** New keys, and such as were asked for shortly before, by a depth in the history. */
function recencySource(newRatio: number, meanDepth: number, seed: number): () => number {
  const random = seededRandom(seed)
  const history: number[] = []
  return () => {
    const depth = Math.floor(-Math.log(1 - random()) * meanDepth)
    const isNew = random() < newRatio || depth >= history.length
    const key = isNew ? NEW_KEYS + history.length : history[history.length - 1 - depth]!
    history.push(key)
    return key
  }
}

function recency(requests: number): Load {
  return made(requests, recencySource(0.3, 300, 4))
}

/** The newest key is the most popular; each 50 requests bring another. */
function drift(requests: number): Load {
  const keys = 20_000
  const rank = zipfRanks(keys, 0.95, seededRandom(6))
  return made(requests, (at) => keys + Math.floor(at / 50) - rank())
}

/** A loop, Zipf and recency in turn, 50 000 requests each. */
function phases(requests: number): Load {
  const rank = zipfRanks(10_000, 0.9, seededRandom(7))
  const recent = recencySource(0.25, 500, 8)
  return made(requests, (at) => {
    const phase = Math.floor(at / 50_000) % 3
    if (phase === 0) return 100_000 + (at % 3_000)
    return phase === 1 ? rank() : recent()
  })
}

export const SYNTHETIC_LOADS: Readonly<Record<string, SyntheticLoad>> = {
  'zipf 0.7': zipf(0.7),
  'zipf 0.9': zipf(0.9),
  'zipf 1.1': zipf(1.1),
  'zipf with scans': { capacities: [500, 2_000, 6_000], make: zipfWithScans },
  loop: { capacities: [100, 500, 900], make: (requests) => made(requests, (at) => at % 1_000) },
  'loops in turn': { capacities: [400, 1_500, 3_000], make: loopsInTurn },
  recency: { capacities: [100, 500, 2_000], make: recency },
  drift: { capacities: [300, 1_500, 5_000], make: drift },
  phases: { capacities: [500, 1_500, 2_800], make: phases },
}
