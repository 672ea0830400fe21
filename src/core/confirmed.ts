/** What an invalidation resolves to: its place in the log, once what was asked for holds. */
import type { SessionToken } from './api.js'
import type { WriteAnswer } from './batched-writes.js'
import { CacheError } from './errors.js'
import type { Until } from './invalidate-options.js'
import { seqOf } from './token.js'

export type Confirmed = SessionToken | false

export async function confirmed(answer: WriteAnswer, until: Until): Promise<Confirmed> {
  if (answer instanceof CacheError) return false
  if (until === 'applied') await answer.applied
  return answer.token
}

/** Of several the one that is reached last; `now` where there is none. */
export function allConfirmed(each: readonly Confirmed[], now: SessionToken): Confirmed {
  const isDone = (one: Confirmed) => one !== false
  if (!each.every(isDone)) return false
  return each.reduce((newest, token) => (seqOf(token) > seqOf(newest) ? token : newest), now)
}
