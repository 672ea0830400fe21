/**
 * Where a cache is put together: options are resolved, parts are chosen, the engine gets them.
 *
 * Without options the environment decides (environment-options.ts).
 */
import { entryCodecs } from './codecs/index.js'
import { coherenceOver } from './coherence/index.js'
import type { RootCache } from './core/api.js'
import { systemClock } from './core/clock.js'
import type { MemoryBounds, MemoryTier } from './core/contracts.js'
import { Engine } from './core/engine.js'
import { Events } from './core/events.js'
import { resolveHotKeys } from './core/hot-key-options.js'
import { type MemorySettings, resolveMemoryOptions } from './core/memory-options.js'
import { invalidOption } from './core/option-reading.js'
import { type CacheOptions, type NamespaceOptions, resolveCacheOptions } from './core/options.js'
import { RootEngineCache } from './core/root-cache.js'
import { WarmRestart } from './core/warm-restart/warm-restart.js'
import { announcedOptions } from './environment-options.js'
import {
  BoundedMemoryTier,
  type MemoryTierOptions,
  noMemory,
  policyOf,
  SnapshotFile,
} from './memory/index.js'
import { diagnosticsTap, KeySampler, LatencyObserver } from './observe/index.js'

/**
 * Makes a cache. Returns at once: a store connects in the background, and calls wait for it within
 * their deadline.
 *
 * With no argument the environment decides (docs/environment.md); with one, only what it says.
 * Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID, naming what is wrong, its value and
 * its range.
 */
export function createCache<
  const N extends Record<string, NamespaceOptions> = Record<never, NamespaceOptions>,
>(options?: CacheOptions<N>): RootCache<N> {
  const given: CacheOptions = options === undefined ? announcedOptions() : options
  const settings = resolveCacheOptions(given)
  const memorySettings = resolveMemoryOptions(given.memory)
  const hotKeys = resolveHotKeys(given)
  checkParts(given)
  const clock = given.clock ?? systemClock
  const random = given.random ?? Math.random
  const engine = new Engine({
    settings,
    memorySettings,
    memory: (listener) => memoryTier(memorySettings, { ...listener, clock, random }),
    store: given.store,
    coherence: (log) => coherenceOver(log, clock, settings.staleIfDownMs),
    codecs: entryCodecs({
      encryptionKeys: given.encryptionKeys,
      maxDecompressedBytes: settings.maxDecompressedBytes,
      patienceMs: settings.readDeadlineMs,
      clock,
      random,
    }),
    clock,
    random,
    observer: new LatencyObserver(),
    events: new Events(diagnosticsTap, hotKeys && new KeySampler(hotKeys, clock, random)),
  })
  const cache = new RootEngineCache(engine)
  // Outer ones first: `a.b` takes its defaults from `a`.
  const depth = (name: string) => name.split('.').length
  const names = Object.keys(given.namespaces ?? {}).sort((a, b) => depth(a) - depth(b))
  for (const name of names) cache.namespace(name, given.namespaces![name])
  const warm = memorySettings?.warmRestart
  const file = warm?.file === undefined ? undefined : new SnapshotFile(warm.file)
  const restart = warm && new WarmRestart(engine, warm, file)
  engine.open()
  restart?.open()
  return cache as unknown as RootCache<N>
}

function memoryTier(
  settings: MemorySettings | undefined,
  parts: Omit<MemoryTierOptions, keyof MemoryBounds | 'policy'>,
): MemoryTier {
  if (settings === undefined) return noMemory
  return new BoundedMemoryTier({ ...settings, ...parts, policy: policyOf(settings.policy) })
}

/** The options that are objects of ours to call: by shape, since a user may bring any of them. */
const PARTS: readonly (readonly [name: string, method: string, range: string])[] = [
  ['store', 'getMany', 'a store, such as redis({ url })'],
  ['clock', 'monotonicMs', 'a clock'],
]

function checkParts(options: CacheOptions): void {
  for (const [name, method, range] of PARTS) {
    const part = (options as Record<string, unknown>)[name]
    if (part !== undefined && !hasMethod(part, method)) {
      throw invalidOption('createCache', name, part, range)
    }
  }
  const { random, namespaces } = options
  if (random !== undefined && typeof random !== 'function') {
    throw invalidOption('createCache', 'random', random, 'a function that gives numbers in [0, 1)')
  }
  if (namespaces !== undefined && !isRecord(namespaces)) {
    throw invalidOption('createCache', 'namespaces', namespaces, 'namespace options by name')
  }
}

function hasMethod(part: unknown, method: string): boolean {
  const isObject = typeof part === 'object' && part !== null
  return isObject && typeof (part as Record<string, unknown>)[method] === 'function'
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
