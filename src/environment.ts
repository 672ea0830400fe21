/** The environment: parsed and checked in one place. Set to '' counts as not set. */
import { randomBytes } from 'node:crypto'
import { ENCRYPTION_KEYS_RANGE, KeyRing } from './codecs/encryption/key-ring.js'
import { CacheError } from './core/errors.js'
import type { CacheOptions } from './core/options.js'
import { storeFrom } from './environment-store.js'
import { ENVIRONMENT_TABLE, type Environment, type EnvironmentRow } from './environment-table.js'
import type { StoreChoice } from './store-choice.js'

/**
 * All variables of the table, parsed. Throws ENVIRONMENT_INVALID naming the variable, its value and
 * its range.
 */
export function readEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const environment: Record<string, Environment[string]> = {}
  for (const row of ENVIRONMENT_TABLE) {
    const text = source[row.name]
    if (text !== undefined && text !== '') environment[row.name] = parse(row, text)
  }
  return Object.freeze(environment)
}

/** The options that the environment stands for; `choice` as `chooseStore` has made it. */
export function cacheOptionsFrom(environment: Environment, choice: StoreChoice): CacheOptions {
  const options: CacheOptions = {}
  const ttl =
    environment.CACHE_DEFAULT_TTL ?? environment.CACHE_TTL_DEFAULT ?? environment.NODE_CACHE_TTL
  const maxEntries = environment.CACHE_MAX_MEMORY_ENTRIES ?? environment.NODE_CACHE_MAX_KEYS
  if (ttl !== undefined) options.ttl = ttl as number
  if (maxEntries !== undefined) options.memory = { maxEntries: maxEntries as number }
  if (environment.REDIS_KEY_PREFIX !== undefined)
    options.prefix = environment.REDIS_KEY_PREFIX as string
  // In a database that others use as well, a prefix of its own keeps a cache to itself.
  if (choice.isIsolated && choice.adapter === 'postgres') {
    options.prefix = `test-${randomBytes(6).toString('hex')}`
  }
  const compresses = (environment.CACHE_ENABLE_COMPRESSION ??
    environment.CACHE_COMPRESSION_ENABLED) as boolean | undefined
  if (compresses !== undefined) options.compress = compresses && compressionFrom(environment)
  if (environment.CACHE_ENCRYPTION_KEYS !== undefined) {
    options.encryptionKeys = environment.CACHE_ENCRYPTION_KEYS as string
  }
  const store = storeFrom(environment, choice)
  if (store !== undefined) options.store = store
  return options
}

/** Below 64 bytes nothing shrinks. */
const MIN_THRESHOLD_BYTES = 64

function compressionFrom({
  CACHE_COMPRESSION_THRESHOLD,
}: Environment): true | { threshold: number } {
  const threshold = CACHE_COMPRESSION_THRESHOLD as number | undefined
  return threshold === undefined ? true : { threshold: Math.max(MIN_THRESHOLD_BYTES, threshold) }
}

const PREFIX = /^[\w.-]{1,64}$/
const TABLE = /^[a-zA-Z_][a-zA-Z0-9_]{0,39}$/

function parse(row: EnvironmentRow, text: string): Environment[string] {
  switch (row.kind) {
    case 'text':
    case 'secret':
      return text
    case 'keys':
      return keys(row, text)
    case 'prefix':
      return PREFIX.test(text) ? text : fail(row, text, '1 to 64 letters, digits and _ . -')
    case 'table':
      return TABLE.test(text)
        ? text
        : fail(row, text, '1 to 40 letters, digits and _, not beginning with a digit')
    case 'url':
      return url(row, text)
    case 'port':
      return whole(row, text, 1, 65_535)
    case 'count':
    case 'milliseconds':
    case 'seconds':
      return whole(row, text, row.min!, row.max!)
    case 'flag':
      return flag(row, text)
    case 'choice':
      return row.choices!.includes(text) ? text : fail(row, text, row.choices!.join(' | '))
    case 'nodes':
      return nodeList(row, text)
    case 'json':
      return jsonObject(row, text)
  }
}

/** Checked where it is read, so that the variable is named and not the option. */
function keys(row: EnvironmentRow, text: string): string {
  try {
    return new KeyRing(text, row.name) && text
  } catch {
    return fail(row, text, ENCRYPTION_KEYS_RANGE)
  }
}

function url(row: EnvironmentRow, text: string): string {
  const protocols = row.choices
  const isKnown = URL.canParse(text) && (protocols?.includes(new URL(text).protocol) ?? true)
  const range =
    protocols === undefined ? 'a URL' : `a URL that begins with ${protocols.join(' or ')}//`
  return isKnown ? text : fail(row, text, range)
}

function whole(row: EnvironmentRow, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  return value >= min && value <= max
    ? value
    : fail(row, text, `a whole number from ${min} to ${max}`)
}

function flag(row: EnvironmentRow, text: string): boolean {
  const lower = text.trim().toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(lower)) return true
  return ['false', '0', 'no', 'off'].includes(lower)
    ? false
    : fail(row, text, 'true | false | 1 | 0 | yes | no | on | off')
}

function nodeList(row: EnvironmentRow, text: string): readonly string[] {
  const nodes = text.split(',').map((node) => node.trim())
  return nodes.every((node) => /^[^\s:]+:\d{1,5}$/.test(node))
    ? nodes
    : fail(row, text, 'host:port,host:port,…')
}

function jsonObject(row: EnvironmentRow, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below, with the text that is no JSON.
  }
  return fail(row, text, 'a JSON object')
}

const HIDDEN: readonly EnvironmentRow['kind'][] = ['secret', 'keys', 'url']

function fail(row: EnvironmentRow, text: string, allowed: string): never {
  const hidden = HIDDEN.includes(row.kind)
  const shown = hidden ? 'a value that is not shown' : `'${text.slice(0, 64)}'`
  throw new CacheError(
    'ENVIRONMENT_INVALID',
    `environment variable ${row.name} is ${shown}; the range is ${allowed}`,
  )
}
