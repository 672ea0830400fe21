/** Processes that end and begin again over one store that keeps a log, or over a file alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CacheEvents, CacheOptions, RootCache, WarmRestartOptions } from '../../src/index.js'
import {
  type FakeClock,
  fakeClock,
  type InProcessStoreOptions,
  inProcessStore,
} from '../../src/testing/index.js'
import {
  type Tracked,
  type TrackedWithStore,
  trackedCache,
  trackedWithStore,
} from './tracked-cache.js'

type Restart = CacheEvents['warm-restart']
type Namespaces = Record<never, never>

/** A path in a folder of the test's own. */
export function snapshotPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cachewright-snapshot-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'hot.snapshot')
}

/** What the cache tells of its start. */
export function restarted(cache: Pick<RootCache<Namespaces>, 'on'>): Promise<Restart> {
  return new Promise((resolve) => void cache.on('warm-restart', resolve))
}

/** Resolves when so many snapshots were written from now on. */
export function nextSnapshot(
  cache: Pick<RootCache<Namespaces>, 'on'>,
  count = 1,
): Promise<CacheEvents['snapshot']> {
  let left = count
  return new Promise((resolve) => {
    cache.on('snapshot', (event) => {
      if (--left === 0) resolve(event)
    })
  })
}

const STEPS = 10_000
const STEP_MS = 10

/** Lets time pass while files are read, until it is settled. */
export async function inTime<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  for (let steps = 0; !isSettled && steps < STEPS; steps++) await clock.advance(STEP_MS)
  return promise
}

/** Processes in memory alone, one after the other. */
export function aloneOn(file: string, clock: FakeClock = fakeClock()) {
  const start = async (
    options: CacheOptions<Namespaces> = {},
    more: WarmRestartOptions = {},
  ): Promise<Tracked<Namespaces> & { readonly told: Restart }> => {
    const memory = { warmRestart: { file, ...more }, ...options.memory }
    const tracked = trackedCache<Namespaces>({ ttl: '1h', ...options, memory }, clock)
    return { ...tracked, told: await restarted(tracked.cache) }
  }
  return { start, clock }
}

/** Processes over one store; those that `start` gives restart warm, `other` does not. */
export async function processesOver(
  warmRestart: WarmRestartOptions,
  { logLimits }: Pick<InProcessStoreOptions, 'logLimits'> = {},
) {
  const clock = fakeClock()
  const data = inProcessStore({ clock, log: true, logLimits })
  data.open({ onUp: () => {}, onDown: () => {} })
  const begin = (options: CacheOptions<Namespaces> = {}): TrackedWithStore<Namespaces> =>
    trackedWithStore<Namespaces>(
      { ttl: '1h', ...options, memory: { warmRestart, ...options.memory } },
      clock,
      data,
    )
  const start = async (options?: CacheOptions<Namespaces>) => {
    const process = begin(options)
    return { ...process, told: await restarted(process.cache) }
  }
  const other = trackedWithStore<Namespaces>({ ttl: '1h' }, clock, data)
  await clock.settle()
  return { clock, data, begin, start, other }
}
