import type { Clock } from '../core/contracts.js'

/**
 * Whether `work` has ended within the limit; rejects as it does until then. Keeps the process alive
 * meanwhile. What ends later counts for nothing.
 */
export async function within(
  clock: Clock,
  limitMs: number,
  work: Promise<unknown>,
): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const timer = clock.setTimer(() => resolve(false), limitMs, false)
    work.then(() => resolve(true), reject).finally(() => timer.cancel())
  })
}
