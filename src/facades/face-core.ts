/**
 * The cache behind a face: its options in the words of the documents, put over the environment and
 * that over the presets of the face, field by field.
 *
 * A face without options is made when it is first used, so that importing its singleton reads no
 * environment and dials nothing. Faces go on in memory while Redis is away (`staleIfDown`), hand
 * out copies that callers may change, as a parsed JSON text is, and do not keep `null`, which is
 * what they answer for a miss.
 */
import { OptionCheck } from '../core/option-check.js'
import {
  type Cache,
  type CacheOptions,
  type CacheStats,
  createCache,
  environmentOptions,
  type RootCache,
} from '../index.js'
import { connectionOf, type FaceConnection } from './face-connection.js'
import { known } from './known.js'

export type CoreCache = RootCache<Record<never, never>>

/** What every face takes; what is not said is read from the environment. */
export interface FaceOptions extends FaceConnection {
  /** A cache of `createCache` in place of all other options; `close` leaves it open. */
  core?: CoreCache | undefined
}

/** What a face makes of its own options, and what it has where nothing is said. */
export interface FacePreset {
  readonly presets: CacheOptions
  readonly given?: CacheOptions
  /** In place of `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** Under the environment, and under the presets of each face. */
export const OF_ALL_FACES: CacheOptions = {
  staleIfDown: Number.POSITIVE_INFINITY,
  negativeTtl: '1ms',
  memory: { values: 'cloned' },
}

export class FaceCore {
  readonly #make: () => CoreCache
  readonly #isOwn: boolean
  #cache: CoreCache | undefined

  /** `where` begins messages. Throws OPTION_UNKNOWN, OPTION_INVALID or ENVIRONMENT_INVALID. */
  constructor(where: string, options: FaceOptions | undefined, preset: () => FacePreset) {
    const check = new OptionCheck(where)
    if (options !== undefined) checkOptions(check, options)
    const core = options?.core
    this.#isOwn = core === undefined
    this.#make = () => {
      // Also beside a core, so that names are checked.
      const made = preset()
      return core ?? createCache(merged(made, connectionOf(where, options ?? {}, made.variables)))
    }
    if (options !== undefined) this.#cache = this.#make()
  }

  get cache(): CoreCache {
    this.#cache ??= this.#make()
    return this.#cache
  }

  /** A namespace, or the cache itself for '' and nothing. Throws NAMESPACE_INVALID. */
  space(name: string | undefined): Cache {
    return name === undefined || name === '' ? this.cache : this.cache.namespace(name)
  }

  /** Never rejects. */
  async close(): Promise<void> {
    if (this.#isOwn) await this.#cache?.close()
  }
}

/** Whether the store answers now. */
export function isStoreThere({ store, coherence }: CacheStats): boolean {
  return store !== undefined && store.breaker === 'closed' && coherence.state !== 'lapsed'
}

function checkOptions(check: OptionCheck, options: FaceOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw check.invalid('options', options, 'an object')
  }
  const { core } = options
  if (core === undefined) return
  if (typeof core?.memory?.hottest !== 'function') {
    throw check.invalid('core', core, 'a cache of createCache')
  }
  check.alone('core', Object.keys(known(options)))
}

function merged({ presets, given, variables }: FacePreset, connected: CacheOptions): CacheOptions {
  const parts = [OF_ALL_FACES, presets, environmentOptions(variables), given ?? {}, connected]
  const memories = parts.map(({ memory }) => memory)
  const memory = memories.includes(false)
    ? false
    : Object.assign({}, ...memories.map((each) => known({ ...each })))
  return { ...Object.assign({}, ...parts.map(known)), memory }
}
