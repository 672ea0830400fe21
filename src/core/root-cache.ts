/** The cache itself: the namespace without a name, and what belongs to all of them. */

import { EngineCache } from './cache.js'
import type { Engine } from './engine.js'
import type { MemoryControl } from './memory-api.js'
import { memoryControl } from './memory-control.js'

export class RootEngineCache extends EngineCache {
  readonly memory: MemoryControl

  constructor(engine: Engine) {
    super(engine, engine.space('', engine.settings.policy, undefined, 'createCache'))
    this.memory = memoryControl(engine)
  }
}
