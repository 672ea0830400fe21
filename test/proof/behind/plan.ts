/** What one round is like: drawn from its seed, so that it can be played again. */
import { seededRandom } from '../../../src/testing/seeded-random.js'

/** `worker stopped`: for longer than its lease, so that it wakes with a batch in hand. */
export type FaultKind = 'application killed' | 'worker killed' | 'worker stopped' | 'redis killed'

export interface Fault {
  readonly kind: FaultKind
  /** Which of the two. */
  readonly at: number
  /** From the beginning of the load. */
  readonly afterMs: number
  /** Of a stop. */
  readonly forMs: number
}

/** What every process of a round is told. */
export interface RoundPlan {
  readonly seed: number
  readonly keys: readonly string[]
  readonly loadMs: number
  readonly partitions: number
  readonly delayMs: number
  readonly batch: number
  readonly concurrency: number
  /** The most that a worker waits between its batch and the source. */
  readonly pauseMs: number
  /** The most that a value has beside what tells it from others. */
  readonly padChars: number
  readonly faults: readonly Fault[]
}

export const EACH = 2
export const LEASE_MS = 1_000

const LEAST_LOAD_MS = 400
const MORE_LOAD_MS = 400
const MOST_FAULTS = 3
const TOGETHER_RATIO = 0.3
const STOP_RATIO = 0.4

export function drawPlan(seed: number): RoundPlan {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const loadMs = LEAST_LOAD_MS + below(MORE_LOAD_MS)
  return {
    seed,
    loadMs,
    keys: Array.from({ length: 2 + below(30) }, (_, i) => `s${seed}-k${i}`),
    partitions: 1 + below(6),
    delayMs: below(3) === 0 ? 0 : below(200),
    batch: 1 + below(50),
    concurrency: 1 + below(4),
    pauseMs: below(3) === 0 ? below(300) : below(40),
    padChars: below(4) === 0 ? 2_000 : 10,
    faults: drawFaults(loadMs, random, below),
  }
}

/** Each process at most once, and Redis. */
function drawFaults(
  loadMs: number,
  random: () => number,
  below: (limit: number) => number,
): readonly Fault[] {
  const victims: [kind: FaultKind, at: number][] = [['redis killed', 0]]
  for (let at = 0; at < EACH; at++) {
    victims.push(['application killed', at])
    victims.push([random() < STOP_RATIO ? 'worker stopped' : 'worker killed', at])
  }
  const isTogether = random() < TOGETHER_RATIO
  const togetherMs = below(loadMs)
  return Array.from({ length: 1 + below(MOST_FAULTS) }, () => {
    const [kind, at] = victims.splice(below(victims.length), 1)[0]!
    const forMs = kind === 'worker stopped' ? LEASE_MS + below(600) : 0
    return { kind, at, afterMs: isTogether ? togetherMs : below(loadMs), forMs }
  })
}
