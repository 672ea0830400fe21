/**
 * Slots by a small whole number that each has, in the order given among equals: a counting sort,
 * since there may be a million of them.
 */
export function sortedBySmall(slots: Int32Array, ranks: Uint8Array, mostRank: number): Int32Array {
  const ends = new Int32Array(mostRank + 1)
  for (const rank of ranks) ends[rank] = ends[rank]! + 1
  for (let rank = 1; rank <= mostRank; rank++) ends[rank] = ends[rank]! + ends[rank - 1]!
  const sorted = new Int32Array(slots.length)
  for (let i = slots.length - 1; i >= 0; i--) {
    const end = ends[ranks[i]!]! - 1
    ends[ranks[i]!] = end
    sorted[end] = slots[i]!
  }
  return sorted
}
