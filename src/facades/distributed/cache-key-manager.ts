/** Names, checks and figures of flat keys, over the cache that holds them. */
import { parseGlob } from '../../core/glob.js'
import { type CachedKey, CacheError } from '../../index.js'
import type { FlatNamespace } from '../../patterns/index.js'
import { FaceOptionCheck } from '../face-options.js'
import { type DistributedCacheService, distributedCache } from './distributed-cache-service.js'
import { type KeyAnalytics, keyAnalyticsOf } from './key-analytics.js'

export interface KeyNamespace {
  name: string
  description?: string | undefined
  /** What its keys begin with. */
  prefix: string
  /** Seconds. */
  defaultTTL?: number | undefined
  compressionEnabled?: boolean | undefined
  /**
   * Where CACHE_ENCRYPTION_KEYS is set; without it the process is warned, and values are not
   * encrypted. Settled when the namespace is first used.
   */
  encryptionEnabled?: boolean | undefined
  /** Bytes of memory that it takes at most. Settled when the namespace is first used. */
  maxSize?: number | undefined
}

export interface BuildKeyOptions {
  /** Checked alone: what invalidates an entry is said where it is set. */
  tags?: string[] | undefined
  /** The name of a kind of key, or a pattern that the key must match. */
  pattern?: string | RegExp | undefined
  /** Throw for a key that `validateKey` refuses, in place of encoding it. Default: false. */
  validate?: boolean | undefined
}

export interface KeyFigure {
  key: string
  /** Look-ups of late, estimated. */
  accessCount: number
  /** How far that may lie from the truth, in 99 of 100 cases. */
  error: number
}

const DEFAULT_LIMIT = 10
const MAX_KEYS = 2 ** 24
const MAX_CHARS = 512
const ALLOWED = /^[\w:.@/+=-]+$/u
const check = new FaceOptionCheck('cacheKeyManager')

export class CacheKeyManager {
  readonly #cache: DistributedCacheService

  constructor({ cache = distributedCache }: { cache?: DistributedCacheService | undefined } = {}) {
    this.#cache = cache
  }

  /** Throws OPTION_INVALID, also where name or prefix is taken, or NAMESPACE_INVALID. */
  registerNamespace(namespace: KeyNamespace): void {
    checkGiven(namespace, ['name', 'prefix', ...CHANGEABLE])
    this.#cache.keys.register(flatNamespaceOf(namespace) as FlatNamespace)
  }

  /** Changes what is given. Throws OPTION_INVALID, also for a name that is not registered. */
  updateNamespace(name: string, changes: Partial<Omit<KeyNamespace, 'name' | 'prefix'>>): void {
    checkGiven(changes, CHANGEABLE)
    this.#cache.keys.update(name, flatNamespaceOf(changes))
  }

  getNamespaces(): KeyNamespace[] {
    return this.#cache.keys.all().map(({ name, prefix, ttl, compress, encrypt, maxBytes }) => ({
      name,
      prefix,
      defaultTTL: ttl as number | undefined,
      compressionEnabled: compress,
      encryptionEnabled: encrypt !== undefined && encrypt !== false,
      maxSize: maxBytes,
    }))
  }

  /** `prefix:key`. Characters that a key should not hold are encoded, so no two become one. */
  buildKey(key: string, namespace = 'default', options: BuildKeyOptions = {}): string {
    check.known(options, ['tags', 'pattern', 'validate'])
    const { tags, pattern, validate = false } = options
    const areTags = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')
    if (tags !== undefined && !areTags) {
      throw check.invalid('tags', tags, 'an array of strings')
    }
    const { prefix } = this.#cache.keys.named(namespace)
    const isGood = this.validateKey(key, namespace, pattern)
    if (isGood) return `${prefix}:${key}`
    if (validate || typeof key !== 'string' || !key.isWellFormed() || key === '') {
      const range = `1 to ${MAX_CHARS} letters, digits and _ : . @ / + = -, as its pattern says`
      throw new CacheError('KEY_INVALID', `buildKey: '${String(key).slice(0, 64)}' is not ${range}`)
    }
    return `${prefix}:${key.replace(/[^\w:.@/+=-]+/gu, encodeURIComponent)}`
  }

  /** Whether it is short, plain, without empty parts, and matches the pattern if that is one. */
  validateKey(key: string, namespace?: string, pattern?: string | RegExp): boolean {
    if (namespace !== undefined) this.#cache.keys.named(namespace)
    const isPlain = typeof key === 'string' && key.length <= MAX_CHARS && ALLOWED.test(key)
    if (!isPlain || key.split(':').includes('')) return false
    if (pattern instanceof RegExp) return key.search(pattern) >= 0
    const isGlob = pattern !== undefined && /[*?[]/.test(pattern)
    return !isGlob || parseGlob(pattern, 'validateKey').matches(key)
  }

  /** Of what this process is asked. Throws OPTION_INVALID for a name that is not registered. */
  getKeyAnalytics(namespace: string): KeyAnalytics {
    const { core, keys } = this.#cache
    return keyAnalyticsOf(core, keys.named(namespace))
  }

  /** Those first that were asked for most of late. */
  getHotKeys(namespace: string, limit: number = DEFAULT_LIMIT): KeyFigure[] {
    const { prefix } = this.#cache.keys.named(namespace)
    return this.#cache.core.hotKeys(limit, prefix).map(({ key, count, error }) => {
      return { key: `${prefix}:${key}`, accessCount: count, error }
    })
  }

  /** Of those in memory, those first that were asked for least. */
  getColdKeys(namespace: string, limit: number = DEFAULT_LIMIT): KeyFigure[] {
    const { prefix } = this.#cache.keys.named(namespace)
    return this.#cache.core.coldKeys(limit, prefix).map(({ key, count, error }) => {
      return { key: `${prefix}:${key}`, accessCount: count, error }
    })
  }

  /** Keys in memory that match, of all namespaces or of one. Looks at every entry. */
  getKeysByPattern(pattern: string, namespace?: string): string[] {
    const prefix = namespace === undefined ? undefined : this.#cache.keys.named(namespace).prefix
    const { matches } = parseGlob(pattern, 'getKeysByPattern')
    return this.#cache.core.memory.hottest(MAX_KEYS, prefix).map(flatNameOf).filter(matches)
  }

  /** Keys in memory whose entries have the tag. Looks at every entry. */
  getKeysByTag(tag: string, namespace?: string): string[] {
    const prefix = namespace === undefined ? undefined : this.#cache.keys.named(namespace).prefix
    return this.#cache.core.memory
      .tagged([tag])
      .filter((held) => prefix === undefined || held.namespace === prefix)
      .map(flatNameOf)
  }
}

export const cacheKeyManager = new CacheKeyManager()

function flatNameOf({ namespace, key }: CachedKey): string {
  return namespace === '' ? key : `${namespace}:${key}`
}

const CHANGEABLE: readonly (keyof KeyNamespace)[] = [
  'description',
  'defaultTTL',
  'compressionEnabled',
  'encryptionEnabled',
  'maxSize',
]

function flatNamespaceOf(given: Partial<KeyNamespace>): Partial<FlatNamespace> {
  const { name, prefix, defaultTTL: ttl, compressionEnabled: compress } = given
  const { encryptionEnabled, maxSize: maxBytes } = given
  const encrypt = encryptionEnabled === true ? 'if-keyed' : encryptionEnabled
  const pairs = Object.entries({ name, prefix, ttl, compress, encrypt, maxBytes })
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}

/** Under the names of the document; name and prefix are checked where they are registered. */
function checkGiven(given: Partial<KeyNamespace>, names: readonly string[]): void {
  check.known(given, names)
  const { description, defaultTTL, compressionEnabled, encryptionEnabled, maxSize } = given
  check.ttl('defaultTTL', defaultTTL)
  check.flag('compressionEnabled', compressionEnabled)
  check.flag('encryptionEnabled', encryptionEnabled)
  check.whole('maxSize', maxSize, 1_024, 2 ** 40)
  if (description === undefined || typeof description === 'string') return
  throw check.invalid('description', description, 'a text')
}
