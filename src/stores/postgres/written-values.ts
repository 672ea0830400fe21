/**
 * Values as the functions take them: all bytes one after another, and for each value its place, its
 * size and its life time. A list of byte strings would travel as hexadecimal text, twice as long.
 */
import type { StoreWrite } from '../../core/contracts.js'

export interface JoinedValues {
  readonly places: number[]
  readonly sizes: number[]
  readonly bytes: Buffer
}

export interface WrittenValues extends JoinedValues {
  readonly ttls: (number | null)[]
}

/** What fills nothing. */
const UNUSED_TTL = -1
/** A thousand years: more is for ever, which every clock of the server can hold. */
const MAX_TTL_MS = 31_556_952_000_000

export function writtenValues(writes: readonly (StoreWrite | undefined)[]): WrittenValues {
  return {
    ...joinedValues(writes.map((write) => asBuffer(write?.bytes ?? ''))),
    ttls: writes.map((write) => (write === undefined ? UNUSED_TTL : ttlOf(write.ttlMs))),
  }
}

export function joinedValues(parts: readonly Buffer[]): JoinedValues {
  const places: number[] = []
  let place = 1
  for (const { length } of parts) {
    places.push(place)
    place += length
  }
  return {
    places,
    sizes: parts.map(({ length }) => length),
    bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts),
  }
}

/** `null` is for ever. */
export function ttlOf(ttlMs: number): number | null {
  return ttlMs > MAX_TTL_MS ? null : ttlMs
}

/** The same memory, in the class that the client takes as binary. */
export function asBuffer(bytes: Uint8Array | string): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
