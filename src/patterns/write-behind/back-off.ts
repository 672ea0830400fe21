/**
 * How long to wait after a failure: drawn between nothing and a bound that doubles each time, so
 * that what failed together is not tried together (Brooker, "Exponential Backoff And Jitter", 2015:
 * full jitter).
 */
export interface BackOffBounds {
  readonly retryMs: number
  readonly maxRetryMs: number
}

const MAX_DOUBLINGS = 30

/** After so many failures in a row, 1 at the least. */
export function backOffMs(failures: number, bounds: BackOffBounds, random: () => number): number {
  return Math.ceil(random() * mostBackOffMs(failures, bounds))
}

export function mostBackOffMs(failures: number, { retryMs, maxRetryMs }: BackOffBounds): number {
  return Math.min(maxRetryMs, retryMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS))
}
