/** The cache itself: the namespace without a name, and what belongs to all of them. */

import { EngineCache } from './cache.js'
import type { Engine } from './engine.js'
import { coldKeys, hotKeys, keyFrequency, keyTraffic } from './hot-keys.js'
import type { KeyFrequencies, KeyFrequency, KeyTraffic } from './key-frequency.js'
import type { MemoryControl } from './memory-api.js'
import { memoryControl } from './memory-control.js'

export class RootEngineCache extends EngineCache implements KeyFrequencies {
  readonly #engine: Engine
  readonly memory: MemoryControl

  constructor(engine: Engine) {
    super(engine, engine.space('', engine.settings.policy, undefined, 'createCache'))
    this.#engine = engine
    this.memory = memoryControl(engine)
  }

  hotKeys(limit: number, namespace?: string): readonly KeyFrequency[] {
    return hotKeys(this.#engine, limit, namespace)
  }

  coldKeys(limit: number, namespace?: string): readonly KeyFrequency[] {
    return coldKeys(this.#engine, limit, namespace)
  }

  keyFrequency(key: string, namespace?: string): KeyFrequency {
    return keyFrequency(this.#engine, key, namespace)
  }

  keyTraffic(namespace?: string): KeyTraffic {
    return keyTraffic(this.#engine, namespace)
  }
}
