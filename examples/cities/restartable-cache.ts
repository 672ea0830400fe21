/**
 * The cache of a run of the demo, which can be restarted as a deployment does it: memory is gone,
 * the store is not.
 *
 * Its prefix is its own, so that it starts empty even in a Redis that others use, and at the end
 * nothing of it stays there. Acquired before the service that uses it: it must be released after
 * the last request, or an answer that arrives late would be stored again.
 */
import { randomBytes } from 'node:crypto'
import { type CachedSource, openCachedSource } from './cached-source.js'
import type { CitySource } from './city-source.js'
import type { StoreChoice } from './store-choice.js'
import type { Teardown } from './teardown.js'

export class RestartableCache {
  readonly #open: () => CachedSource
  #current: CachedSource

  constructor(origin: CitySource, store: StoreChoice, teardown: Teardown) {
    const prefix = `cities-${randomBytes(6).toString('hex')}`
    this.#open = () => openCachedSource(origin, prefix, store)
    const release = () => emptyAndClose(this.#current)
    this.#current = teardown.own('cache', this.#open, release)
  }

  get current(): CachedSource {
    return this.#current
  }

  /** To be called while nobody asks. */
  async restart(): Promise<void> {
    const old = this.#current
    // in place before the wait: whatever ends the demo meanwhile finds one that is open
    this.#current = this.#open()
    await old.close()
  }
}

async function emptyAndClose(cached: CachedSource): Promise<void> {
  try {
    if (!(await cached.clear())) throw new Error('Redis did not confirm; it expires within an hour')
  } finally {
    await cached.close()
  }
}
