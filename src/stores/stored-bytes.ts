/** What stores that run in this process look at in the bytes of an entry. */
import type { Expiry } from '../core/contracts.js'
import { CacheError } from '../core/errors.js'

const JSON_NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Whether a limit tells the entry: see `Expiry`. */
export function isPast(bytes: Uint8Array, { offset, now }: Expiry): boolean {
  return Buffer.compare(bytes.subarray(offset, offset + now.length), now) <= 0
}

export function beginsWith(bytes: Uint8Array, head: Uint8Array | undefined): boolean {
  return head !== undefined && Buffer.compare(bytes.subarray(0, head.length), head) === 0
}

/**
 * The counter with `by` added: what its bytes are then, and the number. Without a counter it begins
 * at 0, with `head`. Throws VALUE_NOT_A_NUMBER.
 */
export function counted(
  counter: Uint8Array | undefined,
  by: number,
  head: Uint8Array,
  refuse: (reason: string) => CacheError,
): { readonly bytes: Uint8Array; readonly sum: number } {
  const front = counter === undefined ? head : counter.subarray(0, head.length)
  const sum = (counter === undefined ? 0 : numberIn(counter, head, refuse)) + by
  if (!Number.isFinite(sum)) throw refuse('the sum is out of range')
  const text = String(sum === 0 ? 0 : sum)
  return { bytes: Uint8Array.from(Buffer.concat([front, Buffer.from(text)])), sum }
}

function numberIn(
  counter: Uint8Array,
  head: Uint8Array,
  refuse: (reason: string) => CacheError,
): number {
  const text = Buffer.from(counter.subarray(head.length)).toString('latin1')
  if (counter[1] !== head[1]) throw refuse('another kind of value')
  if (!JSON_NUMBER.test(text)) throw refuse('no number')
  return Number(text)
}

/** The error of a store of that name, for a key. */
export function noNumber(store: string, key: string, reason: string): CacheError {
  const message = `${store} increment: ${reason}`
  return new CacheError('VALUE_NOT_A_NUMBER', message, { op: 'increment', key })
}
