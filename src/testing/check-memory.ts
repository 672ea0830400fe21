/**
 * Walks the memory tier and throws on the first thing that does not fit: links of the order of use
 * both ways, the free list, every slot in exactly one of the two, index against slot, weights
 * against `byteCount`, both bounds, the moments of each entry. Run it after every test; it costs a
 * walk over all slots.
 */
import type { LruMemoryTier } from '../memory/index.js'

type Inspected = ReturnType<LruMemoryTier['inspect']>
type Slots = Inspected['slots']

const NO_SLOT = -1

/** Throws an Error that says what is wrong with `tier`, if anything is. */
export function checkMemory(tier: LruMemoryTier): void {
  const { slots, partitions } = tier.inspect()
  const used = walkOrderOfUse(slots)
  const free = walkFree(slots)
  checkEverySlotOnce(slots, used, free)
  checkIndexes(slots, partitions, used)
  for (const slot of used) checkEntry(slots, slot)
  for (const slot of free) checkEmpty(slots, slot)
  checkSums(tier, slots, used)
  checkCopied(slots, used)
}

function walkOrderOfUse(slots: Slots): Set<number> {
  const seen = new Set<number>()
  let before = NO_SLOT
  for (let slot = slots.head; slot !== NO_SLOT; slot = slots.next[slot]!) {
    claim(slot >= 0 && slot < slots.used, `order of use: slot ${slot} of ${slots.used} used`)
    claim(!seen.has(slot), `order of use: slot ${slot} comes twice`)
    same(slots.previous[slot], before, `order of use: what comes before slot ${slot}`)
    seen.add(slot)
    before = slot
  }
  same(slots.tail, before, 'order of use: its tail')
  return seen
}

function walkFree(slots: Slots): Set<number> {
  const seen = new Set<number>()
  for (const slot of slots.freeSlots()) {
    claim(slot >= 0 && slot < slots.used, `free list: slot ${slot} of ${slots.used} used`)
    claim(!seen.has(slot), `free list: slot ${slot} comes twice`)
    seen.add(slot)
  }
  return seen
}

function checkEverySlotOnce(slots: Slots, used: Set<number>, free: Set<number>): void {
  claim(slots.used <= slots.maxSlots, `${slots.used} slots used, at most ${slots.maxSlots} allowed`)
  claim(slots.used <= slots.next.length, `${slots.used} slots used, room for ${slots.next.length}`)
  for (let slot = 0; slot < slots.used; slot++) {
    claim(used.has(slot) || free.has(slot), `slot ${slot} is neither in use nor free`)
    claim(!(used.has(slot) && free.has(slot)), `slot ${slot} is in use and free`)
  }
}

function checkIndexes(slots: Slots, partitions: Inspected['partitions'], used: Set<number>): void {
  let indexed = 0
  for (const partition of partitions) {
    for (const [key, slot] of partition.index) {
      const what = `index of '${partition.name}', key '${key.slice(0, 64)}'`
      claim(used.has(slot), `${what}: slot ${slot} is not in use`)
      same(slots.keys[slot], key, `${what}: the key in slot ${slot}`)
      claim(slots.owners[slot] === partition, `${what}: slot ${slot} belongs to another partition`)
      indexed++
    }
  }
  same(indexed, used.size, 'keys in all indexes, against slots in use')
}

function checkEntry(slots: Slots, slot: number): void {
  const entry = slots.read(slot)
  const { checkAtMs, freshUntilMs, deadAtMs, copied } = entry
  claim(entry.value !== undefined, `slot ${slot}: no value`)
  claim(checkAtMs <= freshUntilMs, `slot ${slot}: checkAt ${checkAtMs} > fresh ${freshUntilMs}`)
  claim(freshUntilMs <= deadAtMs, `slot ${slot}: fresh ${freshUntilMs} > dead ${deadAtMs}`)
  claim(
    copied === (slots.copiedCheckAtMs?.has(slot) ?? false),
    `slot ${slot}: copied is ${copied}, the list of copied ones says otherwise`,
  )
}

function checkEmpty(slots: Slots, slot: number): void {
  same(slots.keys[slot], undefined, `free slot ${slot}: its key`)
  same(slots.values[slot], undefined, `free slot ${slot}: its value`)
  same(slots.owners[slot], undefined, `free slot ${slot}: its owner`)
  same(slots.tags?.[slot], undefined, `free slot ${slot}: its tags`)
}

function checkSums(tier: LruMemoryTier, slots: Slots, used: Set<number>): void {
  let bytes = 0
  for (const slot of used) bytes += slots.weights[slot]!
  same(tier.byteCount, bytes, 'byteCount against the sum of weights')
  same(tier.entryCount, used.size, 'entryCount against slots in use')
  claim(tier.entryCount <= tier.maxEntries, `${tier.entryCount} entries > ${tier.maxEntries}`)
  claim(tier.byteCount <= tier.maxBytes, `${tier.byteCount} bytes > ${tier.maxBytes}`)
}

function checkCopied(slots: Slots, used: Set<number>): void {
  for (const slot of slots.copiedCheckAtMs?.keys() ?? []) {
    claim(used.has(slot), `copied slot ${slot} is not in use`)
  }
}

function same(got: unknown, wanted: unknown, what: string): void {
  claim(Object.is(got, wanted), `${what} is ${String(got)}, not ${String(wanted)}`)
}

function claim(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Error(`memory tier: ${says}`)
}
