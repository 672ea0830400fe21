/**
 * Times what the engine does off the memory-hit path: one bounded histogram for each kind of call.
 */
import type { LatencySummary, Observer, TimedCall } from '../core/contracts.js'
import { Histogram } from './histogram.js'

const CALLS: readonly TimedCall[] = ['load', 'read', 'write', 'delete', 'other']

interface Timed {
  readonly histogram: Histogram
  failures: number
}

export class LatencyObserver implements Observer {
  readonly #timed = Object.fromEntries(
    CALLS.map((call) => [call, { histogram: new Histogram(), failures: 0 }]),
  ) as Record<TimedCall, Timed>

  timed(call: TimedCall, elapsedMs: number, failed: boolean): void {
    const timed = this.#timed[call]
    timed.histogram.add(elapsedMs)
    if (failed) timed.failures++
  }

  latencies(): Readonly<Record<TimedCall, LatencySummary>> {
    const summaries = CALLS.map((call) => [call, summary(this.#timed[call])] as const)
    return Object.fromEntries(summaries) as Record<TimedCall, LatencySummary>
  }
}

function summary({ histogram, failures }: Timed): LatencySummary {
  return {
    count: histogram.count,
    failures,
    p50Ms: histogram.quantileMs(0.5),
    p99Ms: histogram.quantileMs(0.99),
    maxMs: histogram.maxMs,
  }
}
