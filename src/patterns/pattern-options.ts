/**
 * What the patterns over a source have in common: how an id becomes a key, how their entries live,
 * and the refusal of what is no option. Read once, when the pattern is made; the caller's object is
 * never written to.
 */
import type { Cache } from '../core/api.js'
import { CacheError } from '../core/errors.js'
import { checkKnown, invalidOption } from '../core/option-reading.js'
import { OPTION_TABLE } from '../core/option-table.js'
import {
  type CallOptions,
  DEFAULT_POLICY,
  resolvePolicy,
  type SetOptions,
} from '../core/options.js'

/** How the entries of a pattern live: the options of a call, but for those of a single one. */
export type EntryOptions = Omit<CallOptions, 'fresh' | 'signal' | 'after'>

export interface KeyOptions<I> {
  /** The key of an id. Default: the id itself, where it is a string. */
  key?: ((id: I) => string) | undefined
}

/** What every pattern over a source knows. */
export interface PatternParts<I, V> {
  /** The name of the pattern, for messages. */
  readonly where: string
  readonly cache: Cache<V>
  /** Throws KEY_INVALID, or what the function of the user throws. */
  readonly keyOf: (id: I) => string
  /** For calls that load. */
  readonly entry: EntryOptions
}

const SINGLE_CALL: ReadonlySet<string> = new Set(['fresh', 'signal', 'after'])
const namesOf = (scope: 'call' | 'set') =>
  OPTION_TABLE.filter(({ scopes }) => scopes.includes(scope)).map(({ name }) => name)
const ENTRY_NAMES = namesOf('call').filter((name) => !SINGLE_CALL.has(name))
const SET_NAMES: ReadonlySet<string> = new Set(namesOf('set'))
const VERBS = ['get', 'set', 'delete', 'getOrSet', 'getOrSetMany'] as const

/** `own` are the names of the pattern. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function readPattern<I, V>(
  where: string,
  cache: Cache<V>,
  options: KeyOptions<I> & EntryOptions,
  own: readonly string[],
): PatternParts<I, V> {
  if (!VERBS.every((verb) => typeof cache?.[verb] === 'function')) {
    throw invalidOption(where, 'cache', cache, 'a cache or a namespace of one')
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidOption(where, 'options', options, 'an object')
  }
  checkKnown(options, ['key', ...own, ...ENTRY_NAMES], where)
  const entry = pick(options, (name) => ENTRY_NAMES.includes(name))
  resolvePolicy(DEFAULT_POLICY, entry, 'call', where)
  return { where, cache, keyOf: keyReader(where, options.key), entry }
}

/** What of them `set` takes: the others are about loads. */
export function entryToSet(entry: EntryOptions): SetOptions {
  return pick(entry, (name) => SET_NAMES.has(name))
}

/** `given` for one call over `entry`, tags added up. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function withCallOptions(
  entry: SetOptions,
  given: SetOptions | undefined,
  where: string,
): SetOptions {
  if (given === undefined) return entry
  resolvePolicy(DEFAULT_POLICY, given, 'set', where)
  const tags = [...(entry.tags ?? []), ...(given.tags ?? [])]
  return { ...entry, ...pick(given, () => true), tags }
}

/** Throws OPTION_INVALID unless `value` is a function. */
export function checkFunction(where: string, name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidOption(where, name, value, 'a function')
}

function keyReader<I>(where: string, key: KeyOptions<I>['key']): (id: I) => string {
  if (key !== undefined) checkFunction(where, 'key', key)
  return (id) => {
    const text: unknown = key === undefined ? id : key(id)
    if (typeof text === 'string') return text
    const kind = text === null ? 'null' : typeof text
    const why =
      key === undefined
        ? `an id of type ${kind} is no key: give it the option 'key', (id) => string`
        : `the option 'key' must answer with a string, not ${kind}`
    throw new CacheError('KEY_INVALID', `${where}: ${why}`)
  }
}

/** A copy: lists too, so that a caller who goes on writing to his changes nothing. */
function pick<O extends object>(options: O, isWanted: (name: string) => boolean): O {
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined && isWanted(name),
  )
  const copied = given.map(([name, value]) => [name, Array.isArray(value) ? [...value] : value])
  return Object.freeze(Object.fromEntries(copied)) as O
}
