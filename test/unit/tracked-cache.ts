/**
 * Caches for tests, on a fake clock, watched from outside: after every test (see check-tracked.ts)
 * the memory tier of each cache is walked, nothing may have been left unhandled, and each cache is
 * closed.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import type { NamespaceOptions } from '../../src/core/options.js'
import {
  type CacheEventName,
  type CacheEvents,
  type CacheOptions,
  createCache,
  type RootCache,
} from '../../src/index.js'
import { BoundedMemoryTier } from '../../src/memory/index.js'
import {
  checkMemory,
  type FakeClock,
  type FaultyStore,
  fakeClock,
  faultyStore,
  type InProcessStore,
  type InProcessStoreOptions,
  inProcessStore,
} from '../../src/testing/index.js'

export interface Tracked<N extends Record<string, NamespaceOptions>> {
  readonly cache: RootCache<N>
  readonly clock: FakeClock
}

export interface TrackedWithStore<N extends Record<string, NamespaceOptions>> extends Tracked<N> {
  /** The store of the cache; faults are injected here. */
  readonly store: FaultyStore
  /** What lies behind it, opened, as another process would see it. */
  readonly data: InProcessStore
}

/** A random source in the middle of its range. */
const HALF = () => 0.5

/** A cache in memory alone. */
export function trackedCache<const N extends Record<string, NamespaceOptions>>(
  options: CacheOptions<N> = {},
  clock: FakeClock = fakeClock(),
): Tracked<N> {
  const cache = createCache<N>({ random: HALF, ...options, clock })
  open.push({ cache, clock })
  return { cache, clock }
}

/** A cache before a store that can fail. */
export function trackedWithStore<const N extends Record<string, NamespaceOptions>>(
  options: CacheOptions<N> = {},
  clock: FakeClock = fakeClock(),
  shared?: InProcessStore,
): TrackedWithStore<N> {
  const data = shared ?? openedStore(clock)
  const store = faultyStore(data.peer(), { clock })
  return { ...trackedCache<N>({ ...options, store }, clock), store, data }
}

export interface PairOptions {
  /** How long ago both have joined the log. Default: just now. */
  readonly joinedAgoMs?: number
  readonly logLimits?: InProcessStoreOptions['logLimits']
}

/** Two processes over one store that keeps a log; entries live for an hour unless told. */
export async function trackedPair<const N extends Record<string, NamespaceOptions>>(
  options: CacheOptions<N> = {},
  { joinedAgoMs = 0, logLimits }: PairOptions = {},
) {
  const clock = fakeClock()
  const data = inProcessStore({ clock, log: true, logLimits })
  data.open({ onUp: () => {}, onDown: () => {} })
  const open = () => trackedWithStore<N>({ ttl: '1h', ...options }, clock, data)
  const [a, b] = [open(), open()]
  await clock.settle()
  await clock.advance(joinedAgoMs)
  return { a, b, clock, data }
}

export function openedStore(clock: FakeClock): InProcessStore {
  const data = inProcessStore({ clock })
  data.open({ onUp: () => {}, onDown: () => {} })
  return data
}

/** A promise that the test settles. */
export interface Gate<T> {
  readonly promise: Promise<T>
  open(value: T): void
  fail(error: unknown): void
}

export function gate<T = unknown>(): Gate<T> {
  let open!: (value: T) => void
  let fail!: (error: unknown) => void
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  // A gate that nobody waits for is no unhandled rejection of the cache.
  promise.catch(() => {})
  return { promise, open, fail }
}

type EventRecord = { [E in CacheEventName]: readonly [E, CacheEvents[E]] }[CacheEventName]

/** Everything that is told under these names, in order. */
export function record(
  cache: Pick<RootCache<Record<never, never>>, 'on'>,
  ...names: CacheEventName[]
): EventRecord[] {
  const events: EventRecord[] = []
  for (const name of names) cache.on(name, (event) => events.push([name, event] as EventRecord))
  return events
}

/** What a promise is now, without waiting for it. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'settled'> {
  let state: 'pending' | 'settled' = 'pending'
  const settle = () => {
    state = 'settled'
  }
  promise.then(settle, settle)
  await turn()
  return state
}

/** Tests that expect one take it out here. */
export const unhandled: unknown[] = []

const open: { cache: RootCache<never>; clock: FakeClock }[] = []
const tiers = new Set<BoundedMemoryTier>()

// Every tier tells of itself when its first namespace is made.
const { partition } = BoundedMemoryTier.prototype
BoundedMemoryTier.prototype.partition = function (this: BoundedMemoryTier, ...args) {
  tiers.add(this)
  return partition.apply(this, args)
}
process.on('unhandledRejection', (reason) => unhandled.push(reason))

/** For tests that damage them on purpose. */
export function forgetTiers(): void {
  tiers.clear()
}

/** After each test, whatever it was. */
export async function checkTracked(): Promise<void> {
  // What fails here must not fail again after the next test.
  const [caches, ownTiers] = [open.splice(0), [...tiers]]
  tiers.clear()
  for (const tier of ownTiers) checkMemory(tier)
  for (const { cache, clock } of caches) {
    const closed = cache.close()
    await clock.advance(1_000)
    await closed
  }
  for (const tier of ownTiers) checkMemory(tier)
  await turn()
  expect(unhandled.splice(0)).toEqual([])
}
