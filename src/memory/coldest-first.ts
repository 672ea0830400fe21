import type { Region } from './region.js'

/** Slots of several regions, merged by how far along their own region's order they are. */
export function coldestFirst(regions: readonly Region[]): Int32Array | number[] {
  const orders = regions.map((region) => Int32Array.from(region.policy.fromColdest()))
  if (orders.length === 1) return orders[0]!
  const placed = orders.flatMap((order) =>
    Array.from(order, (slot, at) => ({ slot, place: at / order.length })),
  )
  return placed.sort((a, b) => a.place - b.place).map(({ slot }) => slot)
}
