/**
 * What becomes of a load's answer: the fence, and the right to fill.
 *
 * It is kept only if nothing invalidated its key, its tags or its prefixes since the load began and
 * no newer load for the key has begun; the store checks once more by the right. A refused fill
 * still reaches the callers that waited for it: their calls began before the invalidation.
 */
import { admitTo } from './admission.js'
import { keptTags } from './dependencies.js'
import type { Engine } from './engine.js'
import type { Found } from './entry.js'
import type { Flight } from './flight.js'
import { isCopied, keep, refuse } from './keep.js'
import type { LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import type { Space } from './space.js'
import type { Admitted } from './value.js'

export interface FillRequest {
  readonly space: Space
  readonly flight: Flight
  readonly context: LoadContext
  readonly policy: Policy
  readonly loadMs: number
  /** Told where the store refuses what had passed here. */
  readonly onRefused?: () => void
}

/** Keeps what a load has brought if it may be kept, and says what its callers get. Never throws. */
export function fill(engine: Engine, request: FillRequest, raw: unknown): Found {
  const { space, context } = request
  const admitted = tryAdmit(engine, space, context.key, raw)
  keepOrGiveBack(engine, request, raw, admitted)
  const exclusive = !engine.hasMemory
  const isRaw = admitted === undefined || engine.values === 'shared'
  const value = isRaw ? raw : admitted.value
  const copied = admitted !== undefined && isCopied(engine, admitted)
  return { state: 'fresh', tier: 'loader', value, copied, exclusive, tags: context.tags }
}

/** As `fill`, for what nobody waits for: whether it passed. Never throws. */
export function fillUnasked(engine: Engine, request: FillRequest, raw: unknown): boolean {
  const admitted = tryAdmit(engine, request.space, request.context.key, raw)
  return keepOrGiveBack(engine, request, raw, admitted)
}

function keepOrGiveBack(
  engine: Engine,
  request: FillRequest,
  raw: unknown,
  admitted: Admitted | undefined,
): boolean {
  const { space, context, flight } = request
  const isWanted = admitted !== undefined && !context.saidSkip
  if (!isWanted) space.counters.fillsSkipped++
  const isKept = isWanted && keepIfCurrent(engine, request, raw, admitted)
  if (!isKept) giveBack(engine, flight)
  return isKept
}

/** Nothing is kept of a load: others need not wait for its right to fill to end. */
export function giveBack({ batch }: Engine, { storeKey, token }: Flight): void {
  if (token !== undefined) batch!.fill({ key: storeKey, token, write: undefined }, () => {})
}

/** The fence. Returns whether the value passed. */
function keepIfCurrent(
  engine: Engine,
  request: FillRequest,
  raw: unknown,
  admitted: Admitted,
): boolean {
  const { space, flight, context, policy, loadMs } = request
  const { storeKey, keptBorn: born } = flight
  // A source that lags tells of how things were then.
  const loadedAtMs = flight.beganMs - policy.holdOffMs
  const { key, saidTtlMs: ttlMs } = context
  if (flight.superseded || isHeldOff(engine, request) || !isStillCurrent(engine, request)) {
    space.counters.fillsFenced++
    refuse(engine, space, key, 'fenced')
    return false
  }
  try {
    const tags = keptTags(engine, space, key, context.tags)
    const onRefused = () => withdraw(engine, request, born)
    const right = { token: flight.token, onRefused }
    // The store is not waited for: the caller has its value, and a failed write is reported.
    keep(engine, {
      space,
      key,
      storeKey,
      raw,
      admitted,
      born,
      loadedAtMs,
      policy,
      loadMs,
      ttlMs,
      tags,
      tells: false,
      fill: right,
    })
    engine.invalidations.noteFill(storeKey)
    space.counters.fills++
    return true
  } catch (error) {
    space.counters.fillsSkipped++
    refuse(engine, space, key, 'unsupported', error)
    return false
  }
}

/** The store refused: something newer is there, and memory must not outlive it. */
function withdraw(engine: Engine, { space, context, onRefused }: FillRequest, born: number): void {
  const { key } = context
  if (space.memory.read(key)?.born === born) space.memory.remove(key)
  space.counters.fillsFenced++
  refuse(engine, space, key, 'fenced')
  onRefused?.()
}

/** Whether the load began too soon after its key was invalidated here. */
function isHeldOff({ clock, holdOffs }: Engine, { flight, policy, loadMs }: FillRequest): boolean {
  if (policy.holdOffMs === 0) return false
  return holdOffs.isTooEarly(flight.storeKey, clock.monotonicMs() - loadMs)
}

/** Whether nothing invalidated the key, its prefixes or its tags since the load began. */
function isStillCurrent({ coherence, invalidations }: Engine, request: FillRequest): boolean {
  const { space, flight, context } = request
  return (
    invalidations.isCurrent(space, flight.storeKey, flight.since) &&
    coherence.judge(space.name, context.key, context.tags, flight.keptBorn) === 'current'
  )
}

/** A value that a loader brought and that cannot be kept is no reason to fail its callers. */
function tryAdmit(engine: Engine, space: Space, key: string, raw: unknown): Admitted | undefined {
  if (raw === undefined) return undefined
  try {
    return admitTo(engine, space, key, raw)
  } catch (error) {
    refuse(engine, space, key, 'unsupported', error)
    return undefined
  }
}
