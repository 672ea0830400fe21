/** What the naive tier asks of a naive policy: as the contract, by entry in place of number. */
import type { MemoryEntry } from '../../../src/core/contracts.js'

/** One entry, as plain as can be. */
export interface Held {
  readonly space: string
  readonly key: string
  readonly slot: number
  /** Counts on over all entries. */
  readonly addedAt: number
  entry: MemoryEntry
}

export interface NaiveBounds {
  maxEntries: number
  maxBytes: number
}

export interface NaivePolicy {
  grow(slots: number): void
  add(held: Held): void
  /** Read, or written anew. */
  touch(held: Held): void
  remove(held: Held): void
  victim(): Held
  fromColdest(): Held[]
}

export function bytesOf(held: Held): number {
  return Math.ceil(held.entry.weightBytes)
}

export function sumOf(all: readonly Held[]): number {
  let bytes = 0
  for (const held of all) bytes += bytesOf(held)
  return bytes
}
