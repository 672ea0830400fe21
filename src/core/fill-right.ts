/**
 * The right to fill a key: asked for with the read that finds nothing, or taken where the load is
 * wanted whatever is there.
 *
 * It is there before the load begins: were it asked for beside the load, an invalidation could come
 * between the two and be overtaken.
 */
import type { ReadRequest } from './batched-reads.js'
import type { Engine } from './engine.js'
import type { FoundListener, HeldEntry } from './entry.js'
import type { MissReason } from './events.js'
import type { Flight } from './flight.js'
import type { Policy } from './options.js'
import { RIGHT_MS } from './right-renewal.js'
import type { Space } from './space.js'
import { leaseFromStore } from './store-read.js'

export interface RightRequest {
  readonly space: Space
  readonly key: string
  readonly policy: Policy
}

/** `isElsewhere`: nothing usable is there, and somebody else has the right. */
export type RightListener = (held: HeldEntry | MissReason, isElsewhere: boolean) => void

/** What is there may be unusable again and again, while others fill it and invalidate it. */
const MAX_ASKS = 3

/**
 * Reads the key, and gets the right where nothing usable is there. The store itself sees only what
 * is past its ttl; of what was invalidated it is told by a second question. One round trip, or two.
 */
export function askRight(
  engine: Engine,
  flight: Flight,
  request: RightRequest,
  listener: RightListener,
): void {
  const { space, key } = request
  const { replaces } = flight
  const token = engine.nextToken()
  let asks = 0
  /** What the first question found, where it may still be handed out. */
  let usable: HeldEntry | undefined
  const ask = () => {
    const known = flight.unusable
    const unusable = known?.head
    const lease = { token, leaseMs: RIGHT_MS, how: 'ask', replaces, unusable } as const
    const answered: FoundListener = (held, isLeased, seen) => {
      asks++
      flight.unusable = seen
      if (typeof held !== 'string') usable = held
      if (isLeased) {
        hasRight(engine, flight, request.policy, token)
        listener(usable ?? held, false)
      } else if (seen === undefined) {
        listener(held, held === 'absent' || held === 'expired' || isStale(held))
      } else if (unusable !== undefined && Buffer.compare(seen.head, unusable) === 0) {
        listener(usable ?? held, true)
      } else if (asks < MAX_ASKS) ask()
      else listener(usable ?? held, false)
    }
    leaseFromStore(engine, space, key, flight, lease, answered, known)
  }
  ask()
}

/** Takes the right, whoever has it: the load that begins now is the newer one. One round trip. */
export function takeRight(
  engine: Engine,
  flight: Flight,
  { policy }: RightRequest,
  then: () => void,
): void {
  const { storeKey } = flight
  const token = engine.nextToken()
  const finish: ReadRequest['finish'] = (_answer, _atMs, _wallAheadMs, isLeased) => {
    if (isLeased) hasRight(engine, flight, policy, token)
    then()
  }
  engine.batch!.lease({ storeKey, finish }, { token, leaseMs: RIGHT_MS, how: 'take' })
}

function hasRight(engine: Engine, flight: Flight, policy: Policy, token: string): void {
  flight.token = token
  // A load may run on past its hard timeout.
  flight.rightUntilMs = flight.beganMs + 2 * policy.hardTimeoutMs
  engine.rightRenewal.arm()
}

function isStale(held: HeldEntry | MissReason): boolean {
  return typeof held !== 'string' && held.state === 'stale'
}
