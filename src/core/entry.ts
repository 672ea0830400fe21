/**
 * An entry as the read path sees it, and how long it lives.
 *
 *   fresh   up to its ttl: handed out
 *   stale   past its ttl, inside its grace: stands in for a loader that fails or is slow
 *   dead    past both: as if it were not there (`undefined` here)
 */
import type { MemoryEntry } from './contracts.js'
import type { MissReason } from './events.js'
import type { Policy } from './options.js'
import type { Unusable } from './unusable.js'
import { cloneValue } from './value.js'

interface FoundValue {
  readonly value: unknown
  /** Each reader gets a copy: the value has mutable insides, or the cache is set to clone. */
  readonly copied: boolean
  /** Brought for one reader, and neither memory nor anybody else has it: it needs no copy. */
  readonly exclusive: boolean
}

/** What a tier holds under a key. Moments are monotonic. */
export interface HeldEntry extends FoundValue {
  readonly tier: 'memory' | 'store'
  readonly state: 'fresh' | 'stale'
  /** It was made stale by a soft invalidation: handed out at once, and refreshed meanwhile. */
  readonly isSoft?: true
  readonly freshUntilMs: number
  readonly deadAtMs: number
  readonly born: number
  readonly tags: readonly string[] | undefined
  /** When it was loaded, or found in the store: it was known to be current then. */
  readonly knownAtMs: number
}

/** What a loader answered. It is fresh by definition, whether it was kept or not. */
export interface LoadedValue extends FoundValue {
  readonly tier: 'loader'
  readonly state: 'fresh'
  readonly tags: readonly string[]
}

export type Found = HeldEntry | LoadedValue

/**
 * Called once, with what the store has (fresh or stale) or with why there is nothing, and whether
 * the right to fill the key came with it.
 */
export type FoundListener = (
  found: HeldEntry | MissReason,
  isLeased: boolean,
  unusable: Unusable | undefined,
) => void

/** Moments of one entry, on both clocks. */
export interface Life {
  readonly freshUntilMs: number
  readonly freshUntilWallMs: number
  readonly graceMs: number
  readonly checkAtMs: number
}

export interface Now {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** The life of a value that is kept now. `ttlMs` is what the loader asked for, if it did. */
export function newLife(
  policy: Policy,
  value: unknown,
  ttlMs: number | undefined,
  loadMs: number,
  now: Now,
  random: () => number,
): Life {
  let lifeMs = ttlMs ?? (value === null ? (policy.negativeTtlMs ?? policy.ttlMs) : policy.ttlMs)
  // Downwards only: an entry never outlives its ttl.
  if (policy.jitterRatio > 0) lifeMs *= 1 - policy.jitterRatio * random()
  const freshUntilMs = now.monotonicMs + lifeMs
  return {
    freshUntilMs,
    freshUntilWallMs: now.wallMs + lifeMs,
    graceMs: policy.graceMs,
    checkAtMs: eagerAtMs(policy, freshUntilMs, lifeMs, loadMs, random),
  }
}

/** When an eager refresh of an entry that a store has brought is due. */
export function storedCheckAtMs(
  policy: Policy,
  freshUntilMs: number,
  loadMs: number,
  random: () => number,
): number {
  return eagerAtMs(policy, freshUntilMs, policy.ttlMs, loadMs, random)
}

/**
 * When an eager refresh is due: at a fraction of the ttl, or by XFetch (Vattani, Chierichetti,
 * Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015), that is
 * expiry − loadTime · β · −ln(random), drawn once per process and fill, so that a hit compares two
 * numbers and no more.
 */
function eagerAtMs(
  policy: Policy,
  freshUntilMs: number,
  ttlMs: number,
  loadMs: number,
  random: () => number,
): number {
  // What never expires is never due; of what came from a store the whole ttl may be unknown.
  if (freshUntilMs === Number.POSITIVE_INFINITY || ttlMs === Number.POSITIVE_INFINITY) {
    return freshUntilMs
  }
  if (policy.eagerRatio !== undefined) return freshUntilMs - ttlMs * (1 - policy.eagerRatio)
  if (policy.eagerBeta === undefined) return freshUntilMs
  return freshUntilMs + loadMs * policy.eagerBeta * Math.log(1 - random())
}

/** What memory holds, as of now. */
export function heldInMemory(entry: MemoryEntry, nowMs: number): HeldEntry {
  const { value, copied, freshUntilMs, deadAtMs, born, tags } = entry
  const state = nowMs < freshUntilMs ? 'fresh' : 'stale'
  return {
    tier: 'memory',
    state,
    value,
    copied,
    exclusive: false,
    freshUntilMs,
    deadAtMs,
    born,
    tags,
    knownAtMs: entry.loadedAtMs,
  }
}

/** What a soft invalidation makes of it: stale from now on. */
export function softened(held: HeldEntry, nowMs: number): HeldEntry {
  const freshUntilMs = Math.min(held.freshUntilMs, nowMs)
  return { ...held, state: 'stale', isSoft: true, freshUntilMs }
}

/** What is left of an entry that was found a while ago: `undefined` once it is dead. */
export function asOf(held: HeldEntry | undefined, nowMs: number): HeldEntry | undefined {
  if (held === undefined || nowMs >= held.deadAtMs) return undefined
  return nowMs < held.freshUntilMs ? held : { ...held, state: 'stale' }
}

/** The same for several readers. */
export function notExclusive<F extends Found>(found: F): F {
  return found.exclusive ? { ...found, exclusive: false } : found
}

/** What a reader gets of it. */
export function handOut(found: Found): unknown {
  return found.copied && !found.exclusive ? cloneValue(found.value) : found.value
}
