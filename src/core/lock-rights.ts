/**
 * Rights to names: one holder at a time, for a while, among all processes of a cache. They are the
 * rights to fill a key, under names that no key can have; whoever waits is told by the same pushes.
 *
 * Without a store there is nobody outside of the process, and who is first there has the right.
 */
import { ENDLESS_META } from './endless-meta.js'
import type { Engine } from './engine.js'
import { invalidOption } from './option-reading.js'

export interface LockRights {
  /** Whether the token has the right now. One round trip; rejects where nobody knows. */
  acquire(name: string, token: string, leaseMs: number): Promise<boolean>
  /** Whether the token had the right, and so has it for another `leaseMs`. One round trip. */
  renew(name: string, token: string, leaseMs: number): Promise<boolean>
  /** Gives the right back, if the token has it. One round trip. Never rejects. */
  release(name: string, token: string): Promise<void>
  /** A number above all that were given before. One round trip, three for the first of a cache. */
  nextFence(): Promise<number>
  /** Calls `wake` when the right may be free, until the answer is called. May say so too often. */
  onFree(name: string, wake: () => void): () => void
}

/**
 * No clock of a server is before it: numbers begin at the time, so that they rise even where the
 * count was lost.
 */
const LEAST_FENCE = 1e12

/** `where` begins the message. Throws OPTION_INVALID where the store grants no rights. */
export function lockRights(engine: Engine, where: string): LockRights {
  const { store } = engine
  if (store === undefined) return localRights()
  if (store.leases) return new StoreRights(engine)
  throw invalidOption(where, 'cache', store.name, 'a cache whose store has leaseMany and fillMany')
}

class StoreRights implements LockRights {
  readonly #engine: Engine
  readonly #fenceKey: string

  constructor(engine: Engine) {
    this.#engine = engine
    this.#fenceKey = `${engine.settings.prefix}:!fence`
  }

  /**
   * Asked again with a token whose first answer was lost, it grants what that token has already.
   */
  acquire(name: string, token: string, leaseMs: number): Promise<boolean> {
    return this.#ask({ key: name, token, leaseMs, how: 'ask', replaces: token })
  }

  renew(name: string, token: string, leaseMs: number): Promise<boolean> {
    return this.#ask({ key: name, token, leaseMs, how: 'renew' })
  }

  async release(name: string, token: string): Promise<void> {
    try {
      await this.#engine.store!.fillMany([{ key: name, token, write: undefined }])
    } catch {
      // It ends by itself. What failed is an event of the store.
    }
  }

  async nextFence(): Promise<number> {
    const next = await this.#count(1)
    // Several may do so at once: each adds, so all get different numbers.
    return next >= LEAST_FENCE ? next : this.#count(Math.ceil(this.#engine.now().wallMs))
  }

  onFree(name: string, wake: () => void): () => void {
    const { fillWaits } = this.#engine
    fillWaits.add(name, wake)
    return () => fillWaits.remove(name, wake)
  }

  async #ask(request: LeaseQuestion): Promise<boolean> {
    const { codecs, coherence, store } = this.#engine
    const { wallMs } = this.#engine.now()
    // What is granted when nobody waits for the answer any more would keep all others out.
    const isClockKnown = coherence.isShared && coherence.isJoined
    const notAfterWallMs = isClockKnown ? wallMs + store!.readDeadlineMs : undefined
    const [answer] = await store!.leaseMany([request], codecs.expiryAt(wallMs), notAfterWallMs)
    return answer!.isLeased
  }

  #count(by: number): Promise<number> {
    const { codecs, store } = this.#engine
    const { head } = codecs.counterHead(ENDLESS_META, this.#engine.now().wallMs, 0)
    return store!.increment(this.#fenceKey, by, head, Number.POSITIVE_INFINITY)
  }
}

type LeaseQuestion = Parameters<NonNullable<Engine['store']>['leaseMany']>[0][number]

function localRights(): LockRights {
  let fence = 0
  return {
    acquire: async () => true,
    renew: async () => true,
    release: async () => {},
    nextFence: async () => ++fence,
    onFree: () => () => {},
  }
}
