/** A call that is given up at a deadline, or when its caller leaves. */
import type { Clock } from './contracts.js'

export interface Within {
  readonly clock: Clock
  /** `Infinity` for none. */
  readonly deadlineMs: number
  /** What it rejects with at the deadline. */
  readonly late: () => unknown
  /** Whose abort gives it up as well. */
  readonly signal?: AbortSignal | undefined
  /** Whether the process may end meanwhile. Default false. */
  readonly background?: boolean
}

/**
 * Settles as `run` does. At the deadline, or on abort, it rejects with the reason, and the signal
 * that `run` was given is aborted with it; how `run` ends after that is dropped.
 */
export function runWithin<T>(
  { clock, deadlineMs, late, signal, background = false }: Within,
  run: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const controller = new AbortController()
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason)
      end()
      controller.abort(reason)
    }
    const leave = () => giveUp(signal!.reason)
    const isBounded = deadlineMs < Number.POSITIVE_INFINITY
    const onDeadline = () => giveUp(late())
    const timer = isBounded ? clock.setTimer(onDeadline, deadlineMs, background) : undefined
    const end = () => {
      timer?.cancel()
      signal?.removeEventListener('abort', leave)
    }
    signal?.addEventListener('abort', leave)
    // In an async function, so that what throws at once rejects.
    const ran = (async () => run(controller.signal))()
    ran.then(resolve, reject).finally(end)
  })
}
