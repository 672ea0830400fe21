/** The items of a call by the slots of their keys, each part in the order of the call. */
import { keySlot } from './key-slot.js'

export interface SlotPart<I> {
  readonly slot: number
  readonly part: I[]
  /** Where the items stand in the call. */
  readonly at: number[]
}

export function partsBySlot<I>(
  items: readonly I[],
  name: (item: I) => string,
): readonly SlotPart<I>[] {
  const parts = new Map<number, SlotPart<I>>()
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const slot = keySlot(name(item))
    const known = parts.get(slot)
    if (known === undefined) parts.set(slot, { slot, part: [item], at: [i] })
    else {
      known.part.push(item)
      known.at.push(i)
    }
  }
  return [...parts.values()]
}
