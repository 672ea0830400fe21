/**
 * Options of a cache, a namespace and a call, and how they become one frozen record.
 *
 * Each field is resolved on its own, cache → namespace → call; an `undefined` never erases what
 * stands above it. The caller's objects are read once and never written to. Inside, names carry
 * their unit.
 */
import type { Clock, Store } from './contracts.js'
import type { DependencyRef } from './dependency.js'
import type { Duration, Size } from './duration.js'
import type { EncryptionKeys } from './encryption-keys.js'
import type { WatchOptions } from './hot-key-options.js'
import type { LongKeys } from './key.js'
import type { MemoryOptions } from './memory-options.js'
import { checkNames, invalidOption, readOption } from './option-reading.js'
import type { OptionScope } from './option-row.js'
import type { StandardSchemaV1 } from './standard-schema.js'
import {
  DEFAULT_FORMAT,
  type FormatOptions,
  resolveCallFormat,
  resolveFormat,
  type StoredFormat,
} from './stored-format.js'

/** How entries live: at every scope, the nearest one counts. Numbers are seconds. */
export interface LifeOptions {
  /** How long an entry is fresh. 1 ms to 10 years, or `Infinity`. Default 10 minutes. */
  ttl?: Duration | undefined
  /** How long past `ttl` it may be handed out stale: its loader fails or is slow. Default 0. */
  grace?: Duration | undefined
  /** The ttl of `null`. Default: `ttl`. */
  negativeTtl?: Duration | undefined
  /** The part of `ttl`, 0 to 0.9, by which it may be cut at random. Default 0. */
  jitter?: number | undefined
  /** Refresh before expiry: a fraction of `ttl`, or XFetch with its β. Default false. */
  eager?: number | { beta: number } | false | undefined
  /** How long a load may take before a stale value stands in for it. Default 200 ms. */
  softTimeout?: Duration | undefined
  /** How long a load may take before its callers get LOADER_TIMEOUT. Default 60 s. */
  hardTimeout?: Duration | undefined
  /** How long after a failed load a stale value is handed out without a new try. Default 1 s. */
  retryAfter?: Duration | undefined
  /**
   * Over how long refreshes after a soft invalidation are spread: each entry is handed out stale up
   * to a random moment of that time. 0 to 1 h. Default 0: it is refreshed when next asked for.
   */
  refreshSpread?: Duration | undefined
  /**
   * For how long after an invalidation loads are not kept: where they read from replicas, about the
   * lag of those. Not for single calls. 0 to 1 min. Default 0.
   */
  holdOff?: Duration | undefined
  /**
   * Entries of other keys may depend on those of this namespace (`dependsOn`): each invalidation of
   * a key is told with a tag of its own. Not for single calls. Default false.
   */
  dependents?: boolean | undefined
  /** Names under which entries can be invalidated together. A call adds to its namespace's. */
  tags?: readonly string[] | undefined
}

export interface NamespaceOptions extends LifeOptions, FormatOptions {
  /** Values from the store that fail it are a miss and an event. It checks; it never transforms. */
  schema?: StandardSchemaV1 | undefined
  /**
   * Parts of both bounds of memory: others do not push it below `min`, it does not grow beyond
   * `max`. All floors together at most 1, for at most 64 namespaces. Default none.
   */
  memoryShare?: { readonly min?: number; readonly max?: number } | undefined
}

export interface CallOptions extends LifeOptions {
  /**
   * Keys whose invalidation makes this entry out of date as well: of this namespace, or named with
   * theirs, which must have `dependents`. With its tags at most 64, those of theirs included.
   */
  dependsOn?: readonly DependencyRef[] | undefined
  /**
   * What an invalidation has resolved to, in any process: nothing older than it is handed out. A
   * process that cannot tell loads anew. At most one round trip more.
   */
  after?: string | undefined
  /** Load now, whatever is cached. Default false. */
  fresh?: boolean | undefined
  /** Ends the wait of this caller with the signal's reason; the load goes on for the others. */
  signal?: AbortSignal | undefined
  /** Whether the store gets it compressed, as its namespace does that. Default: as that says. */
  compress?: boolean | undefined
}

export type GetOptions = Pick<CallOptions, 'signal' | 'after'>

export type SetOptions = LifeOptions & Pick<CallOptions, 'dependsOn' | 'compress'>

export interface CacheOptions<
  N extends Record<string, NamespaceOptions> = Record<string, NamespaceOptions>,
> extends LifeOptions,
    FormatOptions,
    WatchOptions {
  /** What every key in the store begins with. 1 to 64 letters, digits, `_ . -`. Default 'cw'. */
  prefix?: string | undefined
  /** The tier behind memory. Default none. */
  store?: Store | undefined
  /** The tier in the process; `false` for none. */
  memory?: MemoryOptions | false | undefined
  namespaces?: (N & Record<string, NamespaceOptions>) | undefined
  /**
   * Keys for namespaces that encrypt: the first writes, all of them read. Each `id:key`, the key 32
   * bytes in base64 or hex, or `{ id, key }`; or one text with commas between. Default none.
   */
  encryptionKeys?: EncryptionKeys | undefined
  /** Entries that would be larger once decompressed are a miss. 1 KiB to 1 GiB. Default 64 MiB. */
  maxDecompressedBytes?: Size | undefined
  /** How long a read of the store may take before it is a miss. 1 ms to 60 s. Default 100 ms. */
  readDeadline?: Duration | undefined
  /** How long a write to the store may take before it has failed. 1 ms to 60 s. Default 250 ms. */
  writeDeadline?: Duration | undefined
  /**
   * For how long memory serves what it has while other processes are not heard of: from when it was
   * loaded, or they were last heard. 0 for not at all beyond the lease of 2 s, Infinity for as long
   * as it is fresh. Default 2 s.
   */
  staleIfDown?: Duration | undefined
  /** How many refreshes run in the background at once. 1 to 10 000. Default 50. */
  maxRefreshes?: number | undefined
  /** Keys over 1 KiB: known to the store by their hash, or refused. Default 'hash'. */
  longKeys?: LongKeys | undefined
  clock?: Clock | undefined
  random?: (() => number) | undefined
}

/** How entries of one namespace, or of one call, live. */
export interface Policy {
  readonly ttlMs: number
  readonly graceMs: number
  readonly negativeTtlMs: number | undefined
  readonly jitterRatio: number
  readonly eagerRatio: number | undefined
  readonly eagerBeta: number | undefined
  readonly softTimeoutMs: number
  readonly hardTimeoutMs: number
  readonly retryAfterMs: number
  readonly refreshSpreadMs: number
  readonly holdOffMs: number
  readonly dependents: boolean
  readonly tags: readonly string[]
  readonly format: StoredFormat
}

export interface CacheSettings {
  readonly prefix: string
  readonly readDeadlineMs: number
  readonly writeDeadlineMs: number
  readonly staleIfDownMs: number
  readonly maxRefreshes: number
  readonly longKeys: LongKeys
  readonly maxDecompressedBytes: number
  readonly policy: Policy
}

/** What holds where nothing is said. */
export const DEFAULT_POLICY: Policy = Object.freeze({
  ttlMs: 600_000,
  graceMs: 0,
  negativeTtlMs: undefined,
  jitterRatio: 0,
  eagerRatio: undefined,
  eagerBeta: undefined,
  softTimeoutMs: 200,
  hardTimeoutMs: 60_000,
  retryAfterMs: 1_000,
  refreshSpreadMs: 0,
  holdOffMs: 0,
  dependents: false,
  tags: Object.freeze([]) as readonly string[],
  format: DEFAULT_FORMAT,
})

const MAX_TAGS = 64
const MAX_TAG_BYTES = 1_024

/** The settings of a cache. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveCacheOptions(options: CacheOptions): CacheSettings {
  const where = 'createCache'
  checkNames(options, 'cache', where)
  const number = (name: string, fallback: number) =>
    (readOption(options, name, where) as number | undefined) ?? fallback
  return Object.freeze({
    prefix: (readOption(options, 'prefix', where) as string | undefined) ?? 'cw',
    readDeadlineMs: number('readDeadline', 100),
    writeDeadlineMs: number('writeDeadline', 250),
    staleIfDownMs: number('staleIfDown', 2_000),
    maxRefreshes: number('maxRefreshes', 50),
    longKeys: (readOption(options, 'longKeys', where) as LongKeys | undefined) ?? 'hash',
    maxDecompressedBytes: number('maxDecompressedBytes', 64 * 1_024 ** 2),
    policy: resolveLife(DEFAULT_POLICY, options, 'cache', where),
  })
}

/** The policy of a namespace under that of its cache, or of a call under that of its namespace. */
export function resolvePolicy(
  above: Policy,
  options: object,
  scope: OptionScope,
  where: string,
): Policy {
  checkNames(options, scope, where)
  return resolveLife(above, options, scope, where)
}

/** Throws unless `fresh` and `signal`, where they are given, are what they should be. */
export function checkCall(
  options: Pick<CallOptions, 'fresh' | 'signal' | 'after'>,
  where: string,
): void {
  readOption(options, 'fresh', where)
  if (options.after !== undefined && typeof options.after !== 'string') {
    throw invalidOption(where, 'after', options.after, 'the token of an invalidation')
  }
  const { signal } = options
  if (signal === undefined) return
  if (typeof signal === 'object' && typeof signal?.addEventListener === 'function') return
  throw invalidOption(where, 'signal', signal, 'an AbortSignal')
}

function resolveLife(above: Policy, options: object, scope: OptionScope, where: string): Policy {
  const pick = <T>(name: string, fallback: T) =>
    (readOption(options, name, where) as T | undefined) ?? fallback
  const eager = resolveEager(above, options, where)
  return Object.freeze({
    ttlMs: pick('ttl', above.ttlMs),
    graceMs: pick('grace', above.graceMs),
    negativeTtlMs: pick('negativeTtl', above.negativeTtlMs),
    jitterRatio: pick('jitter', above.jitterRatio),
    eagerRatio: eager.eagerRatio,
    eagerBeta: eager.eagerBeta,
    softTimeoutMs: pick('softTimeout', above.softTimeoutMs),
    hardTimeoutMs: pick('hardTimeout', above.hardTimeoutMs),
    retryAfterMs: pick('retryAfter', above.retryAfterMs),
    refreshSpreadMs: pick('refreshSpread', above.refreshSpreadMs),
    holdOffMs: pick('holdOff', above.holdOffMs),
    dependents: pick('dependents', above.dependents),
    tags: resolveTags(above.tags, (options as LifeOptions).tags, where),
    format: formatOf(above.format, options, scope, where),
  })
}

function formatOf(
  above: StoredFormat,
  options: FormatOptions,
  scope: OptionScope,
  where: string,
): StoredFormat {
  const isWide = scope === 'cache' || scope === 'namespace'
  if (isWide) return resolveFormat(above, options, where)
  return resolveCallFormat(above, options.compress, where)
}

function resolveEager(
  above: Policy,
  options: LifeOptions,
  where: string,
): Pick<Policy, 'eagerRatio' | 'eagerBeta'> {
  const eager: unknown = options.eager
  if (eager === undefined) return above
  if (eager === false) return { eagerRatio: undefined, eagerBeta: undefined }
  if (typeof eager === 'number' && eager > 0 && eager < 1)
    return { eagerRatio: eager, eagerBeta: undefined }
  const beta =
    typeof eager === 'object' && eager !== null ? (eager as { beta?: unknown }).beta : undefined
  if (typeof beta === 'number' && beta > 0 && beta <= 100)
    return { eagerRatio: undefined, eagerBeta: beta }
  const allowed = 'a fraction of ttl in (0, 1), { beta } with 0 < beta ≤ 100, or false'
  throw invalidOption(where, 'eager', beta === undefined ? eager : `{ beta: ${beta} }`, allowed)
}

const TAGS_RANGE = `at most ${MAX_TAGS} well-formed strings of at most ${MAX_TAG_BYTES} bytes`

function resolveTags(above: readonly string[], tags: unknown, where: string): readonly string[] {
  if (tags === undefined) return above
  if (!Array.isArray(tags)) throw invalidOption(where, 'tags', tags, TAGS_RANGE)
  return (tags as unknown[]).reduce((all: readonly string[], tag) => addTag(all, tag, where), above)
}

/**
 * `tags` and one more. Throws OPTION_INVALID unless it can be a tag: any well-formed string is one,
 * also `*`, `__proto__` and the empty one.
 */
export function addTag(tags: readonly string[], tag: unknown, where: string): readonly string[] {
  const isTag =
    typeof tag === 'string' && tag.isWellFormed() && Buffer.byteLength(tag) <= MAX_TAG_BYTES
  if (!isTag) throw invalidOption(where, 'tags', tag, TAGS_RANGE)
  if (tags.includes(tag)) return tags
  if (tags.length >= MAX_TAGS) {
    throw invalidOption(where, 'tags', `${tags.length + 1} tags`, TAGS_RANGE)
  }
  return Object.freeze([...tags, tag])
}
