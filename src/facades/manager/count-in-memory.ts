/** Counters whose store is away. */
import type { Cache } from '../../index.js'

export interface MemoryCount {
  readonly by: number
  /** Of a counter that begins. */
  readonly ttl: number | undefined
  /** What memory had before the store was asked, which takes it out. */
  readonly held: unknown
}

/** Whether no call reaches the store now. */
export function isAway(space: Cache): boolean {
  return space.stats().store?.breaker === 'open'
}

/**
 * Counts on from what memory has; the store is told to forget the key when it is back. NaN while
 * the store answers to others: it was asked, and nobody knows whether it has counted.
 */
export async function countInMemory(
  space: Cache,
  key: string,
  { by, ttl, held }: MemoryCount,
): Promise<number> {
  if (!isAway(space)) return Number.NaN
  const leftSeconds = await space.ttl(key)
  // From here to the write nothing is waited for: calls of one moment count one after another.
  const before = space.peek(key) ?? held ?? 0
  if (typeof before !== 'number') return Number.NaN
  await space.set(key, before + by, { ttl: lifeOf(leftSeconds) ?? ttl })
  return before + by
}

function lifeOf(seconds: number | undefined): number | string | undefined {
  return seconds === undefined || seconds === Number.POSITIVE_INFINITY
    ? seconds
    : `${Math.ceil(seconds * 1_000)}ms`
}
