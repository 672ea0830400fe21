/**
 * The options of `invalidationOutbox()`: checked and resolved once, never written to. Names of
 * schema and table are the only ones that become part of a statement, so they may hold nothing but
 * letters, digits and `_`.
 */
import type { Cache } from '../core/api.js'
import type { Duration } from '../core/duration.js'
import { OptionCheck } from '../core/option-check.js'
import type { InvalidationTarget } from './perform-notes.js'

/** A connection to Postgres, or a pool of them: `pg`'s Pool and Client have this shape. */
export interface SqlClient {
  query(text: string, values: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }>
}

/** A connection that hears notifications: a connected Client of `pg`, kept for nothing else. */
export interface SqlListener extends SqlClient {
  on(event: 'notification', listener: (message: { channel: string }) => void): unknown
  off(event: 'notification', listener: (message: { channel: string }) => void): unknown
}

export interface OutboxOptions {
  /**
   * Where the table is asked by the relay: a pool, or a connection on which you run no
   * transactions. Never closed.
   */
  client: SqlClient
  /** What is invalidated: a cache or a namespace of one. Every process names the same one. */
  cache: InvalidationTarget & Pick<Cache, 'stats'>
  /** Default: 'public'. */
  schema?: string | undefined
  /** One table for each cache. Default: 'cachewright_outbox'. */
  table?: string | undefined
  /** Seconds or '250ms': how often the relay looks. 10 ms to 1 h. Default: 1 s. */
  pollInterval?: Duration | undefined
  /** How many rows the relay takes at once. 1 to 1 000. Default: 100. */
  batch?: number | undefined
  /**
   * For how long a relay has the rows that it took; those of one that crashed wait for its end.
   * 100 ms to 1 h. Default: 10 s.
   */
  lease?: Duration | undefined
  /** Whether `note` also wakes the listeners of all relays. Default: true. */
  notify?: boolean | undefined
  /** Wakes the relay as soon as a transaction has committed. Default: none, it polls. */
  listener?: SqlListener | undefined
  /** Told of everything that goes wrong in the background. What it throws is dropped. */
  onError?: ((error: unknown) => unknown) | undefined
}

export interface ResolvedOutboxOptions {
  readonly client: SqlClient
  readonly cache: OutboxOptions['cache']
  readonly schema: string
  readonly table: string
  readonly pollMs: number
  readonly batch: number
  readonly leaseMs: number
  readonly notify: boolean
  readonly listener: SqlListener | undefined
  readonly onError: ((error: unknown) => unknown) | undefined
}

const NAMES: readonly (keyof OutboxOptions)[] = [
  'client',
  'cache',
  'schema',
  'table',
  'pollInterval',
  'batch',
  'lease',
  'notify',
  'listener',
  'onError',
]
/** Postgres cuts names at 63 characters; the name of the index is longer than that of the table. */
const MAX_NAME = 48
const MAX_BATCH = 1_000
const HOUR_MS = 3_600_000

const check = new OptionCheck('invalidationOutbox')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveOutboxOptions(options: OutboxOptions): ResolvedOutboxOptions {
  check.known(options, NAMES)
  const { client, cache, listener, onError } = options
  if (!hasMethods(client, ['query'])) {
    throw check.invalid('client', client, 'an object with query(text, values), as a Pool of pg')
  }
  if (!hasMethods(cache, ['delete', 'invalidateTags', 'invalidatePattern', 'namespace', 'stats'])) {
    throw check.invalid('cache', cache, 'a cache or a namespace of one')
  }
  const batch = check.whole('batch', options.batch, 1, MAX_BATCH) ?? 100
  const notify = check.flag('notify', options.notify) ?? true
  if (listener !== undefined && !hasMethods(listener, ['query', 'on', 'off'])) {
    throw check.invalid('listener', listener, "an object with query, on and off, as pg's Client")
  }
  if (onError !== undefined && typeof onError !== 'function') {
    throw check.invalid('onError', onError, 'a function')
  }
  return Object.freeze({
    client,
    cache,
    schema: check.identifier('schema', options.schema ?? 'public', MAX_NAME),
    table: check.identifier('table', options.table ?? 'cachewright_outbox', MAX_NAME),
    pollMs: check.duration('pollInterval', options.pollInterval, 10, HOUR_MS) ?? 1_000,
    batch,
    leaseMs: check.duration('lease', options.lease, 100, HOUR_MS) ?? 10_000,
    notify,
    listener,
    onError,
  })
}

function hasMethods(given: unknown, names: readonly string[]): boolean {
  if (typeof given !== 'object' || given === null) return false
  return names.every((name) => typeof (given as Record<string, unknown>)[name] === 'function')
}
