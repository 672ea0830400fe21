/**
 * A moment that processes of one machine may compare: `process.hrtime` reads CLOCK_MONOTONIC, which
 * is one clock for the whole system, and goes on while a process is stopped. `performance.now` is
 * no use here: it counts from the start of its own process.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
