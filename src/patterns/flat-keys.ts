/**
 * Flat keys, as `user:profile:42`, whose first part names a namespace: where they lie, and how
 * their entries live. For code that has one cache and writes its namespaces into its keys.
 *
 * A key whose first part is no registered prefix lies in the cache itself, as it is. The namespace
 * of a registered one is called by the prefix, so that in the store both read the same but for the
 * place of the colon.
 *
 * Bounded: 1 000 namespaces; one more is refused.
 */
import type { Cache, RootCache } from '../core/api.js'
import type { Duration } from '../core/duration.js'
import { insidesOf } from '../core/insides.js'
import { checkNamespace } from '../core/key.js'
import { OptionCheck } from '../core/option-check.js'

export interface FlatNamespace {
  readonly name: string
  /** What its keys begin with, before the first colon. */
  readonly prefix: string
  readonly ttl?: Duration | undefined
  /** Whether the store gets values compressed. Default: as the cache does it. */
  readonly compress?: boolean | undefined
  /**
   * Whether the store gets them encrypted. `'if-keyed'`: where the cache has keys, with a warning
   * of the process where it has none. Settled when the namespace is first used.
   */
  readonly encrypt?: boolean | 'if-keyed' | undefined
  /** Bytes of memory that it takes at most. Settled when the namespace is first used. */
  readonly maxBytes?: number | undefined
}

/** Where a flat key lies. */
export interface FlatPlace {
  readonly space: Cache
  readonly key: string
  /** `undefined` for the cache itself. */
  readonly namespace: FlatNamespace | undefined
}

type AnyRoot = RootCache<Record<never, never>>

const MAX_NAMESPACES = 1_000
const check = new OptionCheck('registerNamespace')
const NAMES: readonly (keyof FlatNamespace)[] = [
  'name',
  'prefix',
  'ttl',
  'compress',
  'encrypt',
  'maxBytes',
]
const CHANGEABLE = NAMES.filter((each) => each !== 'name' && each !== 'prefix')
const TEN_YEARS_MS = 315_360_000_000

export class FlatKeys {
  readonly #root: () => AnyRoot
  readonly #byName = new Map<string, FlatNamespace>()
  readonly #byPrefix = new Map<string, FlatNamespace>()
  readonly #spaces = new Map<string, Cache>()

  /** `root` is asked when a key is first placed. Throws as `register`. */
  constructor(root: () => AnyRoot, namespaces: readonly FlatNamespace[] = []) {
    this.#root = root
    for (const namespace of namespaces) this.register(namespace)
  }

  /** The cache itself, where keys without a registered prefix lie. */
  get root(): Cache {
    return this.#root()
  }

  /** Throws OPTION_INVALID, also where name or prefix is taken, or NAMESPACE_INVALID. */
  register(namespace: FlatNamespace): void {
    checkRow(namespace)
    const { name, prefix } = namespace
    if (this.#byName.has(name)) throw check.invalid('name', name, 'one that is not registered yet')
    if (this.#byPrefix.has(prefix)) {
      throw check.invalid('prefix', prefix, 'one that no other namespace has')
    }
    if (this.#byName.size >= MAX_NAMESPACES) {
      throw check.invalid('name', name, `one of at most ${MAX_NAMESPACES} namespaces`)
    }
    this.#keep(namespace)
  }

  /**
   * Changes what is given. Throws OPTION_INVALID, also for a name that is not registered, or
   * OPTION_UNKNOWN.
   */
  update(name: string, changes: Partial<Omit<FlatNamespace, 'name' | 'prefix'>>): void {
    check.known(changes, CHANGEABLE)
    const given = Object.entries(changes).filter(([, value]) => value !== undefined)
    const changed = { ...this.named(name), ...Object.fromEntries(given) } as FlatNamespace
    checkRow(changed)
    const before = this.named(name)
    const isUsed = this.#spaces.has(name)
    if (isUsed && changed.encrypt !== before.encrypt) {
      throw check.invalid('encrypt', changed.encrypt, 'settled: the namespace is in use')
    }
    if (isUsed && changed.maxBytes !== before.maxBytes) {
      process.emitWarning(`namespace '${name}' is in use: its maxBytes counts from the next start`)
    }
    this.#keep(changed)
  }

  /** Throws OPTION_INVALID for a name that is not registered. */
  named(name: string): FlatNamespace {
    const namespace = this.#byName.get(name)
    if (namespace !== undefined) return namespace
    throw check.invalid('namespace', name, `one of ${[...this.#byName.keys()].join(', ')}`)
  }

  all(): readonly FlatNamespace[] {
    return [...this.#byName.values()]
  }

  /**
   * By the first part of the key, or by a name that is given: then the key may leave its prefix
   * out, and a name that is not registered is that of a namespace of the cache. Throws
   * NAMESPACE_INVALID, and OPTION_INVALID where a namespace is to be encrypted without keys.
   */
  place(flatKey: string, name?: string): FlatPlace {
    // What is no text is refused by the verb that is called with it.
    const colon = typeof flatKey === 'string' ? flatKey.indexOf(':') : -1
    const prefix = colon < 0 ? undefined : flatKey.slice(0, colon)
    const namespace =
      name === undefined ? prefix && this.#byPrefix.get(prefix) : this.#byName.get(name)
    if (namespace) {
      const key = prefix === namespace.prefix ? flatKey.slice(colon + 1) : flatKey
      return { space: this.spaceOf(namespace), key, namespace }
    }
    const root = this.#root()
    const space = name === undefined ? root : root.namespace(name)
    return { space, key: flatKey, namespace: undefined }
  }

  spaceOf(namespace: FlatNamespace): Cache {
    const known = this.#spaces.get(namespace.name)
    if (known !== undefined) return known
    const space = open(this.#root(), namespace)
    this.#spaces.set(namespace.name, space)
    return space
  }

  #keep(namespace: FlatNamespace): void {
    const kept = Object.freeze({ ...namespace })
    this.#byName.set(kept.name, kept)
    this.#byPrefix.set(kept.prefix, kept)
  }
}

/** One that the cache has already keeps the options that it has, if it encrypts as it should. */
function open(root: AnyRoot, { prefix, encrypt, maxBytes }: FlatNamespace): Cache {
  const { memory, namespaces } = root.stats()
  if (namespaces[prefix] !== undefined) {
    const space = root.namespace(prefix)
    if (encrypt === undefined || encrypt === false || isEncrypted(space)) return space
    const range = `settled: namespace '${prefix}' is in use, and not encrypted`
    if (encrypt === true) throw check.invalid('encrypt', encrypt, range)
    process.emitWarning(`namespace '${prefix}' is not encrypted: it was in use before`)
    return space
  }
  const max = Math.min(1, (maxBytes ?? memory.maxBytes) / memory.maxBytes)
  const share = max < 1 ? { memoryShare: { max } } : {}
  if (encrypt !== 'if-keyed') return root.namespace(prefix, { ...share, encrypt })
  try {
    return root.namespace(prefix, { ...share, encrypt: true })
  } catch {
    process.emitWarning(`namespace '${prefix}' is not encrypted: CACHE_ENCRYPTION_KEYS is not set`)
    return root.namespace(prefix, share)
  }
}

function isEncrypted(space: Cache): boolean {
  return insidesOf(space, 'registerNamespace').space.policy.format.isEncrypted
}

function checkRow(namespace: FlatNamespace): void {
  check.known(namespace, NAMES)
  const { name, prefix, ttl, compress, encrypt, maxBytes } = namespace
  if (check.text('name', name) === undefined) throw check.invalid('name', name, 'a string')
  checkNamespace(prefix)
  check.endless('ttl', ttl, 1, TEN_YEARS_MS)
  check.flag('compress', compress)
  if (encrypt !== 'if-keyed') check.flag('encrypt', encrypt)
  check.whole('maxBytes', maxBytes, 1_024, 2 ** 40)
}
