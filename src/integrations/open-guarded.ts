/**
 * A store for a library that is no cache of ours: its options, and the guard before it.
 *
 * Deadlines and breaker are those of a cache (core/guarded-store.ts), so a call neither hangs nor
 * floods while the store is away. Comings, goings and failures are told on the diagnostics channel.
 */
import { systemClock } from '../core/clock.js'
import type { Observer, Store } from '../core/contracts.js'
import type { Duration } from '../core/duration.js'
import { Events } from '../core/events.js'
import { GuardedStore } from '../core/guarded-store.js'
import { OptionCheck } from '../core/option-check.js'
import { readOption } from '../core/option-reading.js'
import { diagnosticsTap, LatencyObserver } from '../observe/index.js'

export interface StoreOptions {
  /**
   * Where the values lie: `redis({ url })`, for one. It is opened here and closed with what was
   * made of it: give it to nobody else.
   */
  store: Store
  /** How long a read may take: seconds or '100ms', 1 ms to 60 s. Default: 100 ms. */
  readDeadline?: Duration | undefined
  /** How long a write may take: seconds or '250ms', 1 ms to 60 s. Default: 250 ms. */
  writeDeadline?: Duration | undefined
}

export interface StoreSettings {
  readonly store: Store
  readonly readDeadlineMs: number
  readonly writeDeadlineMs: number
}

const NAMES: readonly (keyof StoreOptions)[] = ['store', 'readDeadline', 'writeDeadline']
const READ_DEADLINE_MS = 100
const WRITE_DEADLINE_MS = 250

/** The libraries have watchers of their own: nobody here asks for latencies. */
const UNWATCHED: Observer = { timed: () => {}, latencies: () => new LatencyObserver().latencies() }

/** `more` are the names of the integration's own options. Throws OPTION_UNKNOWN, OPTION_INVALID. */
export function resolveStoreOptions(
  options: StoreOptions,
  more: readonly string[],
  where: string,
): StoreSettings {
  const check = new OptionCheck(where)
  check.known(options, [...NAMES, ...more])
  const { store } = options
  if (typeof store?.open !== 'function' || typeof store.getMany !== 'function') {
    throw check.invalid('store', store, 'a store, such as redis({ url })')
  }
  const deadlineMs = (name: keyof StoreOptions) =>
    readOption(options, name, where) as number | undefined
  return Object.freeze({
    store,
    readDeadlineMs: deadlineMs('readDeadline') ?? READ_DEADLINE_MS,
    writeDeadlineMs: deadlineMs('writeDeadline') ?? WRITE_DEADLINE_MS,
  })
}

/** Starts connecting and returns at once: calls wait for the connection within their deadline. */
export function openGuarded(settings: StoreSettings): GuardedStore {
  const events = new Events(diagnosticsTap)
  const guarded = new GuardedStore({
    ...settings,
    clock: systemClock,
    random: Math.random,
    observer: UNWATCHED,
    onFailure: (op, error) => events.emit('store-error', { op, error }),
    onDown: (cause) => events.emit('store-down', { cause }),
    onUp: (downForMs) => events.emit('store-up', { downForMs }),
    onConnection: () => {},
  })
  guarded.open()
  return guarded
}
