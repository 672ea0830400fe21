/**
 * Deadlines for tests of something else than deadlines. Machines that run tests stand still for
 * longer than the default ones at times, and what is answered then is right, but another answer.
 */
import type { Store } from '../../src/core/contracts.js'

export const PATIENT = { readDeadline: '10s', writeDeadline: '10s' } as const

/** A store that waits long for those behind it, whatever the deadline of its cache. */
export function patientStore(store: Store): Store {
  const open = store.open.bind(store)
  store.open = (listener) => open({ ...listener, readDeadlineMs: 20_000 })
  return store
}
