/**
 * A part of the tier's room with a policy of its own. All namespaces share one; a namespace with a
 * share has its own, so that its floor and its ceiling hold exactly.
 */
import type { MemoryShare } from '../core/contracts.js'
import type { EvictionPolicy, EvictionPolicyFactory, PolicyRoom } from '../core/eviction-policy.js'

export const WHOLE: MemoryShare = Object.freeze({ min: 0, max: 1 })

/** The tier, as a region sees it. */
export interface WholeRoom {
  readonly maxEntries: number
  readonly maxBytes: number
  readonly entryCount: number
  readonly byteCount: number
  readonly random: () => number
  weightOf(slot: number): number
}

export class Region implements PolicyRoom {
  readonly policy: EvictionPolicy
  readonly share: MemoryShare
  readonly #whole: WholeRoom
  readonly random: () => number
  entryCount = 0
  byteCount = 0

  constructor(whole: WholeRoom, share: MemoryShare, makePolicy: EvictionPolicyFactory) {
    this.#whole = whole
    this.share = share
    this.random = whole.random
    this.policy = makePolicy(this)
  }

  /** What fits if the other regions stay as they are. */
  get maxEntries(): number {
    const { maxEntries, entryCount } = this.#whole
    const unclaimed = maxEntries - entryCount + this.entryCount
    return this.share.max === 1 ? unclaimed : Math.min(this.ceilingEntries, unclaimed)
  }

  get maxBytes(): number {
    const { maxBytes, byteCount } = this.#whole
    return Math.min(this.ceilingBytes, maxBytes - byteCount + this.byteCount)
  }

  get ceilingEntries(): number {
    return Math.max(1, Math.floor(this.#whole.maxEntries * this.share.max))
  }

  get ceilingBytes(): number {
    return this.#whole.maxBytes * this.share.max
  }

  get isOverCeiling(): boolean {
    if (this.share.max === 1) return false
    return this.entryCount > this.ceilingEntries || this.byteCount > this.ceilingBytes
  }

  /** What it holds above its floor, as a part of the bound that is exceeded. */
  get spare(): number {
    const { maxEntries, maxBytes, entryCount } = this.#whole
    const part = entryCount > maxEntries ? this.entryCount / maxEntries : this.byteCount / maxBytes
    return this.entryCount === 0 ? 0 : Math.max(0, part - this.share.min)
  }

  weightOf(slot: number): number {
    return this.#whole.weightOf(slot)
  }
}

/** Who gives room: drawn with odds by what each holds above its floor, so more gives more. */
export function giverOf(regions: readonly Region[], random: () => number): Region {
  if (regions.length === 1) return regions[0]!
  const sum = regions.reduce((all, region) => all + region.spare, 0)
  let drawn = random() * sum
  let giver = regions.find((region) => region.entryCount > 0) ?? regions[0]!
  for (const region of regions) {
    if (region.spare > 0 && drawn >= 0) giver = region
    drawn -= region.spare
  }
  // What rounding leaves of the number that was drawn means the last one.
  return giver
}
