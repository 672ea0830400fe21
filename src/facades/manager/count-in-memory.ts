/** A counter whose store is away. */
import type { Cache } from '../../index.js'

/**
 * Counts on from what memory has; the store is told to forget the key when it is back. NaN while
 * the store answers to others: it was asked, and nobody knows whether it has counted.
 */
export async function countInMemory(
  space: Cache,
  key: string,
  by: number,
  options: { ttl?: number | string | undefined },
): Promise<number> {
  if (space.stats().store?.breaker !== 'open') return Number.NaN
  const before = space.peek(key) ?? 0
  if (typeof before !== 'number') return Number.NaN
  await space.set(key, before + by, options)
  return before + by
}
