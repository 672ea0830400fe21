/**
 * What the server has seen, for the page: counts since the start and the pace of late.
 *
 * Holds a fixed ring of elapsed times, whatever the traffic; reading it sorts the ring once.
 */
const RING_SIZE = 4_096

export interface LiveStats {
  readonly requests: number
  readonly failures: number
  /** Of the last few thousand answers, inside the server. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export class LiveCounters {
  readonly #ring = new Float64Array(RING_SIZE)
  #requests = 0
  #failures = 0

  record(elapsedMs: number, failed: boolean): void {
    this.#ring[this.#requests % RING_SIZE] = elapsedMs
    this.#requests++
    if (failed) this.#failures++
  }

  read(): LiveStats {
    const sorted = this.#ring.slice(0, Math.min(this.#requests, RING_SIZE)).sort()
    return {
      requests: this.#requests,
      failures: this.#failures,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
    }
  }
}

/** Nearest rank; 0 where there is nothing. */
export function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
}
