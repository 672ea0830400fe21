/** What the store has under a key and nobody can use: it is replaced as if it were not there. */
import type { MissReason } from './events.js'

/** Bytes that were found and could not be used: how they begin, and why. */
export interface Unusable {
  readonly head: Uint8Array
  readonly reason: MissReason
}

const UNUSABLE: ReadonlySet<MissReason> = new Set(['invalidated', 'undecodable', 'schema'])
/** Enough to tell an entry from the one that takes its place: its moments and its born. */
const HEAD_BYTES = 21

export function unusableOf(
  reason: MissReason,
  bytes: Uint8Array | undefined,
): Unusable | undefined {
  // A store may be the user's own, and answer with anything.
  if (!UNUSABLE.has(reason) || !(bytes instanceof Uint8Array)) return undefined
  return { head: bytes.slice(0, HEAD_BYTES), reason }
}

export function beginsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, head.length), head) === 0
}
