/** What an engine is put together from. */
import type { Coherence } from './coherence.js'
import type { Clock, Codecs, MemoryTier, Observer, Store } from './contracts.js'
import type { Events } from './events.js'
import type { Log } from './log.js'
import type { MemoryListener } from './memory-listener.js'
import type { MemorySettings } from './memory-options.js'
import type { CacheSettings } from './options.js'

export interface EngineParts {
  readonly settings: CacheSettings
  readonly memorySettings: MemorySettings | undefined
  readonly memory: (listener: MemoryListener) => MemoryTier
  readonly store: Store | undefined
  /** What stands for other processes: over the store's log, or `undefined` where it has none. */
  readonly coherence: (log: Log | undefined) => Coherence
  readonly codecs: Codecs
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Observer
  readonly events: Events
}
