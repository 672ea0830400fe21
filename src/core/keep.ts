/**
 * The one door through which values enter the tiers: `set`, fills of loads, increments without a
 * store.
 *
 * `fill` is fenced: what a load brings is kept only if nothing invalidated its key since the load
 * began and no newer load for the key has begun. A refused fill still reaches the callers that
 * waited for it: their calls began before the invalidation.
 */
import type { Engine } from './engine.js'
import { type Found, newLife } from './entry.js'
import { CacheError } from './errors.js'
import type { CacheEvents } from './events.js'
import type { Flight } from './flight.js'
import type { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import type { WriteAnswer } from './store-batch.js'
import { type Admitted, admit } from './value.js'

/** Index entry, slot and links of an entry in memory, beside its key and value. */
const ENTRY_BYTES = 80

export interface KeepRequest {
  readonly space: Space
  readonly key: string
  readonly storeKey: string
  /** As the caller gave it: what `values: 'shared'` keeps. */
  readonly raw: unknown
  readonly admitted: Admitted
  readonly born: number
  readonly policy: Policy
  readonly loadMs: number
  readonly ttlMs: number | undefined
  readonly tags: readonly string[]
}

/**
 * Writes a value to memory at once and to the store with the tick; `onStored` hears what the store
 * said. `true` if memory has it. Throws VALUE_UNSUPPORTED if the codec cannot take it; then nothing
 * was written.
 */
export function keep(
  engine: Engine,
  request: KeepRequest,
  onStored?: (answer: WriteAnswer) => void,
): boolean {
  const { space, key, storeKey, admitted, born, policy, loadMs, tags } = request
  const { batch } = engine
  const now = engine.now()
  const life = newLife(policy, admitted.value, request.ttlMs, loadMs, now, engine.random)
  const deadAtMs = life.freshUntilMs + life.graceMs
  const bytes = batch === undefined ? undefined : encode(engine, request, life)
  const inMemory = space.memory.write(key, {
    value: engine.values === 'shared' ? request.raw : admitted.value,
    copied: isCopied(engine, admitted),
    born,
    checkAtMs: life.checkAtMs,
    freshUntilMs: life.freshUntilMs,
    deadAtMs,
    loadMs,
    tags: tags.length > 0 ? tags : undefined,
    weightBytes: weigh(key, admitted.weightBytes),
  })
  if (inMemory && deadAtMs < Number.POSITIVE_INFINITY) engine.armSweep()
  else if (!inMemory && engine.hasMemory) refuse(engine, space, key, 'too-heavy')
  if (bytes === undefined) return inMemory
  const isText = typeof bytes === 'string'
  space.counters.bytesWritten += isText ? Buffer.byteLength(bytes) : bytes.length
  batch!.write({ key: storeKey, bytes, ttlMs: deadAtMs - now.monotonicMs }, onStored)
  return inMemory
}

export interface FillRequest {
  readonly space: Space
  readonly flight: Flight
  readonly context: LoadContext
  readonly policy: Policy
  readonly loadMs: number
}

/** Keeps what a load has brought if it may be kept, and says what its callers get. Never throws. */
export function fill(engine: Engine, request: FillRequest, raw: unknown): Found {
  const { space, context } = request
  const admitted = raw === undefined ? undefined : tryAdmit(engine, space, context.key, raw)
  if (admitted === undefined || context.saidSkip) space.counters.fillsSkipped++
  else keepIfCurrent(engine, request, raw, admitted)
  const exclusive = !engine.hasMemory
  const isRaw = admitted === undefined || engine.values === 'shared'
  const value = isRaw ? raw : admitted.value
  const copied = admitted !== undefined && isCopied(engine, admitted)
  return { state: 'fresh', tier: 'loader', value, copied, exclusive }
}

/** The fence. */
function keepIfCurrent(
  engine: Engine,
  request: FillRequest,
  raw: unknown,
  admitted: Admitted,
): void {
  const { space, flight, context, policy, loadMs } = request
  const { storeKey, born } = flight
  const { key, tags, saidTtlMs: ttlMs } = context
  if (flight.superseded || !engine.invalidations.isCurrent(space, storeKey, born)) {
    space.counters.fillsFenced++
    refuse(engine, space, key, 'fenced')
    return
  }
  try {
    const entry = { space, key, storeKey, raw, admitted, born, policy, loadMs, ttlMs, tags }
    // The store is not waited for: the caller has its value, and a failed write is reported.
    keep(engine, entry)
    engine.invalidations.noteFill(storeKey)
    space.counters.fills++
  } catch (error) {
    space.counters.fillsSkipped++
    refuse(engine, space, key, 'unsupported', error)
  }
}

/** Estimated bytes of an entry in memory. */
export function weigh(key: string, valueBytes: number): number {
  return ENTRY_BYTES + key.length + valueBytes
}

/** Whether readers get copies of this value. */
export function isCopied(engine: Engine, admitted: { value: unknown; plain: boolean }): boolean {
  if (engine.values === 'shared') return false
  const isObject = typeof admitted.value === 'object' && admitted.value !== null
  return isObject && (engine.values === 'cloned' || !admitted.plain)
}

function encode(
  engine: Engine,
  request: KeepRequest,
  life: { freshUntilWallMs: number; graceMs: number },
): Uint8Array | string {
  const { admitted, born, loadMs, tags } = request
  const { freshUntilWallMs, graceMs } = life
  const { value, form, weightBytes } = admitted
  try {
    return engine.codec.encode({
      value,
      form,
      weightBytes,
      born,
      freshUntilWallMs,
      graceMs,
      loadMs,
      tags,
    })
  } catch (cause) {
    throw new CacheError('VALUE_UNSUPPORTED', 'the codec cannot encode this value', {
      key: request.key,
      cause,
    })
  }
}

/** A value that a loader brought and that cannot be kept is no reason to fail its callers. */
function tryAdmit(engine: Engine, space: Space, key: string, raw: unknown): Admitted | undefined {
  try {
    return admit(raw, engine.values === 'frozen')
  } catch (error) {
    refuse(engine, space, key, 'unsupported', error)
    return undefined
  }
}

function refuse(
  engine: Engine,
  space: Space,
  key: string,
  reason: CacheEvents['fill-refused']['reason'],
  error?: unknown,
): void {
  if (!engine.events.wants('fill-refused')) return
  engine.events.emit('fill-refused', {
    namespace: space.name,
    key,
    reason,
    ...(error === undefined ? {} : { error }),
  })
}
