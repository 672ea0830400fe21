/**
 * Walks the memory tier and throws on the first thing that does not fit: each policy's links both
 * ways and its sums, the free list, every slot in exactly one of them, index against slot, the
 * pyramid of deadlines, weights against all counts, both bounds, the moments of each entry. Run it
 * after every test; it costs a walk over all slots.
 */
import type { BoundedMemoryTier } from '../memory/index.js'
import { checkDeadlines } from './check-deadlines.js'
import { checkLists } from './check-lists.js'
import { claim, same } from './claim.js'

type Inspected = ReturnType<BoundedMemoryTier['inspect']>
type Slots = Inspected['slots']
type Region = Inspected['regions'][number]

/** Throws an Error that says what is wrong with `tier`, if anything is. */
export function checkMemory(tier: BoundedMemoryTier): void {
  const { slots, partitions, regions } = tier.inspect()
  const used = new Set<number>()
  for (const region of regions) checkRegion(slots, region, used)
  const free = new Set(slots.freeSlots())
  same(free.size, slots.freeSlots().length, 'free slots, each once, against all')
  checkEverySlotOnce(slots, used, free)
  checkIndexes(slots, partitions, used)
  for (const slot of used) checkEntry(slots, slot)
  for (const slot of free) checkEmpty(slots, slot)
  checkSums(tier, slots, used)
  checkCopied(slots, used)
  checkDeadlines(slots)
}

/** What the policy knows is what the region holds; its slots are added to `used`. */
function checkRegion(slots: Slots, region: Region, used: Set<number>): void {
  let entries = 0
  let bytes = 0
  for (const slot of region.policy.fromColdest()) {
    claim(slot >= 0 && slot < slots.used, `policy: slot ${slot} of ${slots.used} used`)
    claim(!used.has(slot), `policy: slot ${slot} comes twice`)
    used.add(slot)
    entries++
    bytes += slots.weightOf(slot)
  }
  same(region.entryCount, entries, 'entries of a region against what its policy knows')
  same(region.byteCount, bytes, 'bytes of a region against the weights of its entries')
  checkLists(region.policy, (slot) => slots.weightOf(slot))
}

function checkEverySlotOnce(slots: Slots, used: Set<number>, free: Set<number>): void {
  claim(slots.used <= slots.length, `${slots.used} slots used, room for ${slots.length}`)
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
      claim(
        slots.owners[slot] === partition.id,
        `${what}: slot ${slot} belongs to another partition`,
      )
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
  same(slots.weightOf(slot), 0, `free slot ${slot}: its weight`)
  same(slots.tags?.[slot], undefined, `free slot ${slot}: its tags`)
}

function checkSums(tier: BoundedMemoryTier, slots: Slots, used: Set<number>): void {
  let bytes = 0
  for (const slot of used) bytes += slots.weightOf(slot)
  same(tier.byteCount, bytes, 'byteCount against the sum of weights')
  same(tier.entryCount, used.size, 'entryCount against slots in use')
  // Lowered bounds hold once the sweep has gone through what is left over.
  if (tier.isShrinking) return
  claim(tier.entryCount <= tier.maxEntries, `${tier.entryCount} entries > ${tier.maxEntries}`)
  claim(tier.byteCount <= tier.maxBytes, `${tier.byteCount} bytes > ${tier.maxBytes}`)
}

function checkCopied(slots: Slots, used: Set<number>): void {
  for (const slot of slots.copiedCheckAtMs?.keys() ?? []) {
    claim(used.has(slot), `copied slot ${slot} is not in use`)
  }
}
