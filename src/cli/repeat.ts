import type { Clock } from '../core/contracts.js'

/**
 * Calls `run`, which never rejects, again and again until the answer is called; left out while it
 * still runs. Keeps the process alive.
 */
export function repeat(clock: Clock, everyMs: number, run: () => Promise<unknown>): () => void {
  let isBusy = false
  const tick = async () => {
    timer = clock.setTimer(tick, everyMs, false)
    if (isBusy) return
    isBusy = true
    await run()
    isBusy = false
  }
  let timer = clock.setTimer(tick, everyMs, false)
  return () => timer.cancel()
}
