/**
 * Where a cache is put together: options are resolved, parts are chosen, the engine gets them.
 *
 * Without options the environment is read (environment.ts), here and nowhere else.
 */
import { entryCodec } from './codecs/index.js'
import type { RootCache } from './core/api.js'
import { EngineCache } from './core/cache.js'
import { systemClock } from './core/clock.js'
import { Engine } from './core/engine.js'
import { Events } from './core/events.js'
import { invalidOption } from './core/option-reading.js'
import {
  type CacheOptions,
  type NamespaceOptions,
  resolveCacheOptions,
  resolveMemoryOptions,
} from './core/options.js'
import { cacheOptionsFrom, readEnvironment } from './environment.js'
import { LruMemoryTier, noMemory } from './memory/index.js'
import { diagnosticsTap, LatencyObserver } from './observe/index.js'

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
  const given: CacheOptions = options ?? cacheOptionsFrom(readEnvironment(process.env))
  const settings = resolveCacheOptions(given)
  const memorySettings = resolveMemoryOptions(given.memory)
  const clock = given.clock ?? systemClock
  checkNamespaces(given.namespaces)
  const engine = new Engine({
    settings,
    memorySettings,
    memory: (onRemoved) =>
      memorySettings === undefined
        ? noMemory
        : new LruMemoryTier({
            maxEntries: memorySettings.maxEntries,
            maxBytes: memorySettings.maxBytes,
            clock,
            onRemoved,
          }),
    store: checkStore(given.store),
    codec: given.codec ?? entryCodec(),
    clock,
    random: given.random ?? Math.random,
    observer: new LatencyObserver(),
    events: new Events(diagnosticsTap),
  })
  const cache = new EngineCache(engine, engine.space('', settings.policy, undefined))
  // Outer ones first: `a.b` takes its defaults from `a`.
  const names = Object.keys(given.namespaces ?? {}).sort(
    (a, b) => a.split('.').length - b.split('.').length,
  )
  for (const name of names) cache.namespace(name, given.namespaces![name])
  return cache as unknown as RootCache<N>
}

function checkNamespaces(namespaces: unknown): void {
  if (namespaces === undefined || (typeof namespaces === 'object' && namespaces !== null)) return
  throw invalidOption(
    'createCache',
    'namespaces',
    namespaces,
    'an object of namespace options by name',
  )
}

function checkStore(store: CacheOptions['store']): CacheOptions['store'] {
  if (store === undefined) return undefined
  if (typeof store === 'object' && store !== null && typeof store.getMany === 'function')
    return store
  throw invalidOption('createCache', 'store', store, 'a store, such as redis({ url })')
}
