import type { Clock } from '../core/contracts.js'
import { isCacheError } from '../core/errors.js'

const PAUSE_MS = 100

/**
 * Calls `run` until it answers, again only where the same call may succeed later, and not after the
 * limit: then its error is the answer. `run` is told what is left of the limit.
 *
 * For what may be done twice. Deadlines of calls to a store are made for one that is connected, and
 * not for the first call of a process.
 */
export async function patiently<T>(
  clock: Clock,
  limitMs: number,
  run: (leftMs: number) => Promise<T>,
): Promise<T> {
  const endMs = clock.monotonicMs() + limitMs
  for (;;) {
    try {
      return await run(Math.max(0, endMs - clock.monotonicMs()))
    } catch (error) {
      const isOver = clock.monotonicMs() + PAUSE_MS > endMs
      if (isOver || !isCacheError(error) || !error.retryable) throw error
      await new Promise<void>((resolve) => clock.setTimer(resolve, PAUSE_MS, false))
    }
  }
}
