/** Entries that are decompressed in another thread: waited for as long as a read may take. */
import type { Decoded } from './codec.js'
import { DeadlineCall } from './deadline-queue.js'
import type { Engine } from './engine.js'

/** Calls `take` once: with what was decoded, or with why it was not. */
export function whenDecoded(
  { decodeDeadlines }: Engine,
  decoding: Promise<Decoded>,
  take: (decoded: Decoded) => void,
): void {
  const call = new DeadlineCall(() => takeOnce('slow'))
  const takeOnce = (decoded: Decoded) => {
    if (call.onExpire === undefined) return
    call.onExpire = undefined
    take(decoded)
  }
  decodeDeadlines.add(call)
  decoding.then(takeOnce, () => takeOnce('payload'))
}
