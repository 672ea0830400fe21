/**
 * The callers of one process: they sweep over all keys, load what is missing, and invalidate.
 *
 * A value is the moment at which its loader began, so processes need no shared truth: a value older
 * than an invalidation is one whose load began before it. Each load has its own version, which
 * is stricter than rows that change now and then.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Cache,
  type InvalidateOptions,
  isCacheError,
  type SessionToken,
} from '../../src/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { monotonicMs } from './monotonic-ms.js'
import type { Notebook } from './notebook.js'

const PREFIXES: readonly string[] = ['a', 'b', 'c', 'd']
export const KEYS = PREFIXES.flatMap((prefix) =>
  Array.from({ length: 32 }, (_, i) => `${prefix}:${i}`),
)
const STILL_KEYS = Array.from({ length: 100 }, (_, i) => `still:${i}`)
const TAGS = 16
const LOADERS = 12
const INVALIDATORS = 2
const SWEEP_EVERY_MS = 25
const STILL_EVERY_MS = 50
const LOAD_EVERY_MS = 6
const INVALIDATE_EVERY_MS = 250
/** Of the invalidations, those that wait until no process can serve what is older. */
const APPLIED_RATIO = 0.3

type Invalidate = (options: InvalidateOptions) => Promise<SessionToken | false>

export class Callers {
  readonly #rows: Cache<number>
  readonly #still: Cache<number>
  readonly #notebook: Notebook
  readonly #random: () => number
  readonly #stopping = new AbortController()

  /**
   * `reader`: another cache of the same process. One that fails to invalidate a tag forgets its
   * memory; this one never invalidates, so whatever it loads twice a cut has cost.
   */
  constructor(cache: Cache, reader: Cache, notebook: Notebook, seed: number) {
    this.#rows = cache.namespace<number>('rows')
    this.#still = reader.namespace<number>('still')
    this.#notebook = notebook
    // Each caller and each load pauses by itself.
    setMaxListeners(0, this.#stopping.signal)
    this.#random = seededRandom(seed)
  }

  /** Resolves when they have all gone home. */
  async run(): Promise<void> {
    const loops = [
      this.#repeat(SWEEP_EVERY_MS, () => this.#sweep()),
      this.#repeat(STILL_EVERY_MS, () => this.sweepStill()),
      ...Array.from({ length: LOADERS }, () => this.#repeat(LOAD_EVERY_MS, () => this.#load())),
      ...Array.from({ length: INVALIDATORS }, () =>
        this.#repeat(INVALIDATE_EVERY_MS, () => this.#invalidate()),
      ),
    ]
    await Promise.all(loops)
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Reads the keys that nobody invalidates, and loads those that are not there. */
  async sweepStill(): Promise<void> {
    const load = () => {
      const atMs = monotonicMs()
      this.#notebook.loadedStill(atMs)
      return atMs
    }
    await Promise.all(STILL_KEYS.map((key) => this.#still.getOrSet(key, load)))
  }

  async #repeat(everyMs: number, turn: () => unknown): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await turn()
      } catch (error) {
        // A loader that was stopped with its process is past its limit when that runs again.
        if (!isCacheError(error, 'LOADER_TIMEOUT')) this.#notebook.threw(error)
      }
      await this.#pause(everyMs * (0.5 + this.#random()))
    }
  }

  /** Does not wait for the answers: a store that is slow must not make the gets few. */
  #sweep(): void {
    const isPeek = this.#random() < 0.25
    for (const key of KEYS) {
      const beganMs = monotonicMs()
      if (isPeek) {
        const value = this.#rows.peek<number>(key)
        this.#notebook.looked(beganMs)
        this.#notebook.got(key, value, beganMs)
      } else {
        const got = this.#rows.get<number>(key)
        this.#notebook.looked(beganMs)
        got.then(
          (value) => this.#notebook.got(key, value, beganMs),
          (error) => this.#notebook.threw(error),
        )
      }
    }
  }

  async #load(): Promise<void> {
    const at = this.#below(KEYS.length)
    const takesMs = this.#loadTakesMs()
    const load = async () => {
      const loadedAtMs = monotonicMs()
      await this.#pause(takesMs)
      return loadedAtMs
    }
    const options = { tags: [`t${at % TAGS}`], fresh: this.#random() < 0.05 }
    const beganMs = monotonicMs()
    const value = await this.#rows.getOrSet(KEYS[at]!, load, options)
    this.#notebook.got(KEYS[at]!, value, beganMs)
  }

  /** Most are quick; some outlast an invalidation or two, a few the lease. */
  #loadTakesMs(): number {
    const kind = this.#random()
    if (kind < 0.8) return 1 + this.#below(10)
    return kind < 0.97 ? this.#below(300) : this.#below(3_000)
  }

  async #invalidate(): Promise<void> {
    const [keys, call] = this.#chooseInvalidation()
    const isApplied = this.#random() < APPLIED_RATIO
    const beganMs = monotonicMs()
    const token = await call({ until: isApplied ? 'applied' : 'sent' })
    const confirmedMs = monotonicMs()
    if (token !== false) this.#notebook.invalidated({ keys, beganMs, confirmedMs, isApplied })
    else this.#notebook.invalidationFailed()
  }

  #chooseInvalidation(): readonly [keys: readonly string[], call: Invalidate] {
    const at = this.#below(KEYS.length)
    const key = KEYS[at]!
    const kind = this.#random()
    if (kind < 0.01) return [KEYS, (until) => this.#rows.clear(until)]
    if (kind < 0.06) {
      const pattern = `${key[0]}:*`
      const keys = KEYS.filter((each) => each[0] === key[0])
      return [keys, (until) => this.#rows.invalidatePattern(pattern, until)]
    }
    if (kind < 0.22) {
      const keys = KEYS.filter((_, i) => i % TAGS === at % TAGS)
      return [keys, (until) => this.#rows.invalidateTags([`t${at % TAGS}`], until)]
    }
    if (kind < 0.3) {
      const keys = KEYS.slice(at, at + 3)
      return [keys, (until) => this.#rows.deleteMany(keys, until)]
    }
    return [[key], (until) => this.#rows.delete(key, until)]
  }

  /** Shorter when they are to stop. */
  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}
