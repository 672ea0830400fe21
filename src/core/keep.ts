/**
 * The one door through which values enter the tiers: `set`, fills of loads, increments without a
 * store.
 *
 * What comes through fill.ts was fenced before.
 */
import type { WriteAnswer } from './batched-writes.js'
import type { Encoded } from './codec.js'
import { UNJOINED } from './coherence.js'
import type { StoreWrite } from './contracts.js'
import { keptTags } from './dependencies.js'
import { dependencyTag } from './dependency.js'
import type { Engine } from './engine.js'
import { type Life, newLife } from './entry.js'
import { CacheError, isCacheError } from './errors.js'
import type { CacheEvents } from './events.js'
import { isLongKey, MAX_KEY_BYTES } from './key.js'
import type { KeyInvalidation } from './log.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import type { Admitted } from './value.js'

/** To other processes such an entry would be out of date at once: it is not worth writing. */
const NOT_JOINED = new CacheError(
  'STORE_UNAVAILABLE',
  'the invalidation log was not heard yet: nothing is written before',
)

/** Index, slot and policy of an entry in memory, beside its key and value (bench/footprint). */
const ENTRY_BYTES = 112

export interface KeepRequest {
  readonly space: Space
  readonly key: string
  readonly storeKey: string
  /** As the caller gave it: what `values: 'shared'` keeps. */
  readonly raw: unknown
  readonly admitted: Admitted
  /** What the process had applied of the log when the value was loaded. */
  readonly born: number
  /** When that was. */
  readonly loadedAtMs: number
  readonly policy: Policy
  readonly loadMs: number
  readonly ttlMs: number | undefined
  readonly tags: readonly string[]
  /** Whether other processes must hear of it: it changes what they hold. */
  readonly tells: boolean
  /** A load's right to fill; `undefined` for what is written whatever is there. */
  readonly fill: FillRight | undefined
}

interface FillRight {
  /** None: the store is left alone. */
  readonly token: string | undefined
  /** The right was lost while the load ran. */
  readonly onRefused: () => void
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
  const { space, key, storeKey, admitted, born, policy, loadMs } = request
  const { batch } = engine
  const now = engine.now()
  const life = newLife(policy, admitted.value, request.ttlMs, loadMs, now, engine.random)
  const deadAtMs = life.freshUntilMs + life.graceMs
  const isUnjoined = born === UNJOINED
  const { fill } = request
  const needsRight = fill !== undefined && batch?.leases === true
  const isStored = batch !== undefined && !isUnjoined && !(needsRight && fill.token === undefined)
  const encoded = isStored ? encode(request, life) : undefined
  const inMemory = mayRemember(engine, key) && remember(engine, request, life)
  if (isUnjoined && request.tells) {
    engine.unconfirmed.addKey(storeKey, keyInvalidation(engine, space, key))
    onStored?.(NOT_JOINED)
  }
  if (encoded === undefined) return inMemory
  const token = needsRight ? fill.token : undefined
  send(engine, request, token, encoded, deadAtMs - now.monotonicMs, onStored)
  return inMemory
}

/** To the store with the tick, or with that in which its bytes are ready. */
function send(
  engine: Engine,
  request: KeepRequest,
  token: string | undefined,
  encoded: Encoded | Promise<Encoded>,
  ttlMs: number,
  onStored: ((answer: WriteAnswer) => void) | undefined,
): void {
  const { space, key, storeKey, fill } = request
  const batch = engine.batch!
  const tells = request.tells ? keyInvalidation(engine, space, key) : undefined
  if (encoded instanceof Promise) {
    const write = encoded.then((bytes) => writeOf(request, bytes, ttlMs))
    if (token === undefined) batch.writeLater(storeKey, write, tells, onStored)
    else batch.fillLater(storeKey, token, write, fill!.onRefused)
    return
  }
  const write = writeOf(request, encoded, ttlMs)
  if (token === undefined) batch.write(write, tells, onStored)
  else batch.fill({ key: storeKey, token, write }, fill!.onRefused)
}

function writeOf({ space, storeKey }: KeepRequest, bytes: Encoded, ttlMs: number): StoreWrite {
  const isText = typeof bytes === 'string'
  space.counters.bytesWritten += isText ? Buffer.byteLength(bytes) : bytes.length
  return { key: storeKey, bytes, ttlMs, holdOffMs: space.policy.holdOffMs }
}

/** Whether memory has taken it. */
function remember(engine: Engine, request: KeepRequest, life: Life): boolean {
  const { space, key, raw, admitted, born, loadedAtMs, tags } = request
  const { checkAtMs, freshUntilMs, graceMs } = life
  const deadAtMs = freshUntilMs + graceMs
  const inMemory = space.memory.write(key, {
    value: engine.values === 'shared' ? raw : admitted.value,
    copied: isCopied(engine, admitted),
    born,
    loadedAtMs,
    checkAtMs,
    freshUntilMs,
    deadAtMs,
    tags: tags.length > 0 ? tags : undefined,
    weightBytes: weigh(engine, key, raw, admitted.weightBytes),
  })
  if (inMemory && deadAtMs < Number.POSITIVE_INFINITY) engine.memorySweep.arm()
  else if (!inMemory && engine.hasMemory) refuse(engine, space, key, 'too-heavy')
  return inMemory
}

export type WrittenRequest = Pick<
  KeepRequest,
  'space' | 'key' | 'storeKey' | 'raw' | 'admitted' | 'policy'
>

/** As `keep`, for what a caller gave: it is as new as now, and others must hear of it. */
export function keepWritten(
  engine: Engine,
  { space, key, storeKey, raw, admitted, policy }: WrittenRequest,
  onStored?: (answer: WriteAnswer) => void,
): boolean {
  // Written out: spread together out of three, it took a quarter of a set.
  const request: KeepRequest = {
    space,
    key,
    storeKey,
    raw,
    admitted,
    born: engine.coherence.applied,
    loadedAtMs: engine.clock.monotonicMs(),
    policy,
    loadMs: 0,
    ttlMs: undefined,
    tags: keptTags(engine, space, key, policy.tags),
    tells: true,
    fill: undefined,
  }
  return keep(engine, request, onStored)
}

/**
 * Whether memory may hold the key. Records of the log carry whole keys: those that the store knows
 * by their hash alone would make them as long as anybody likes, so they are left to the store.
 */
export function mayRemember({ coherence }: Engine, key: string): boolean {
  return !coherence.isShared || key.length * 3 <= MAX_KEY_BYTES || !isLongKey(key)
}

/** What others must hear of a change to the key; nothing, where no memory holds it. */
export function keyInvalidation(
  engine: Engine,
  space: Space,
  key: string,
): KeyInvalidation | undefined {
  if (!mayRemember(engine, key)) return undefined
  const { name: namespace, policy } = space
  if (!policy.dependents) return { kind: 'key', namespace, key }
  return { kind: 'key', namespace, key, dependents: dependencyTag({ namespace, key }) }
}

/** Bytes of an entry in memory: what the user says of the value, or the estimate. */
export function weigh(
  { weigh: weighValue }: Engine,
  key: string,
  value: unknown,
  estimatedBytes: number,
): number {
  const entryBytes = ENTRY_BYTES + key.length
  if (weighValue === undefined) return entryBytes + estimatedBytes
  try {
    const valueBytes = weighValue(value, key)
    return entryBytes + (valueBytes >= 0 && valueBytes < Infinity ? valueBytes : estimatedBytes)
  } catch {
    return entryBytes + estimatedBytes
  }
}

/** Whether readers get copies of this value. */
export function isCopied(engine: Engine, admitted: { value: unknown; plain: boolean }): boolean {
  if (engine.values === 'shared') return false
  const isObject = typeof admitted.value === 'object' && admitted.value !== null
  return isObject && (engine.values === 'cloned' || !admitted.plain)
}

function encode(
  request: KeepRequest,
  life: { freshUntilWallMs: number; graceMs: number },
): Encoded | Promise<Encoded> {
  const { space, storeKey, policy, admitted, born, loadMs, tags } = request
  const { freshUntilWallMs, graceMs } = life
  const { value, form, weightBytes } = admitted
  try {
    return space.codec.encode(storeKey, {
      value,
      form,
      weightBytes,
      born,
      freshUntilWallMs,
      graceMs,
      loadMs,
      tags,
      compression: policy.format.compression,
    })
  } catch (cause) {
    if (isCacheError(cause)) throw cause
    throw new CacheError('VALUE_UNSUPPORTED', 'the codec cannot encode this value', {
      key: request.key,
      cause,
    })
  }
}

/** Tells those who watch that a value was not kept in full. */
export function refuse(
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
