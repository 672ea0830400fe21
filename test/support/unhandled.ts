/**
 * Writes down what nobody handled, so that a test can say that there was none.
 */

/** Listens from now on; `take` hands out what came since the last time. */
export function collectUnhandled(): { take(): unknown[] } {
  let seen: unknown[] = []
  process.on('unhandledRejection', (reason) => seen.push(reason))
  process.on('uncaughtExceptionMonitor', (error) => seen.push(error))
  return {
    take() {
      const taken = seen
      seen = []
      return taken
    },
  }
}
