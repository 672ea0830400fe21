/**
 * Which keys have left of late, from the window or from main, by hash: what a slightly larger
 * window, or a slightly larger main, would still hold.
 *
 * A table of places that a hash can fall on, each with a cell for either side, so that the many
 * that leave the window do not wipe out the few that leave main. A later key takes the cell of an
 * earlier one. Each side remembers about 5 % of the tier's entries; together they take less than a
 * byte an entry. One key in some millions is taken for another, which moves the window by nothing.
 */
export const FROM_WINDOW = 0
export const FROM_MAIN = 1
export type Origin = typeof FROM_WINDOW | typeof FROM_MAIN

/** How much larger the imagined parts are, of all entries. */
const MARGIN = 0.05
const LEAST_MARGIN = 8
/** Ages are told in 32nds of the margin, modulo 256: what is older has mostly been overwritten. */
const STEPS_IN_MARGIN = 32
const STEP_MASK = 255
const PLACES_PER_MARGIN = 2
const TWO_TO_32 = 2 ** 32
const MIX = 0x85ebca6b

export class RecentlyLeft {
  /** Two side by side, by origin: 24 bits of the hash, 8 of the age. */
  #cells = new Int32Array(2)
  #placesPerHash = 0
  #leavingsPerStep = 1
  #stepsInMargin = LEAST_MARGIN
  /** By origin: which step it is, and how many have left in it. */
  readonly #steps = [0, 0]
  readonly #leftInStep = [0, 0]

  /** Forgets all. */
  grow(entries: number): void {
    const margin = Math.max(LEAST_MARGIN, Math.ceil(entries * MARGIN))
    const places = margin * PLACES_PER_MARGIN
    this.#cells = new Int32Array(2 * places)
    this.#placesPerHash = places / TWO_TO_32
    this.#leavingsPerStep = Math.ceil(margin / STEPS_IN_MARGIN)
    this.#stepsInMargin = Math.ceil(margin / this.#leavingsPerStep)
    this.#leftInStep.fill(0)
  }

  note(hash: number, origin: Origin): void {
    const step = this.#stepOf(origin)
    this.#cells[this.#placeOf(hash) + origin] = (hash & ~STEP_MASK) | step
  }

  /** From where the key has left, if it was of late; says so once. */
  take(hash: number): Origin | undefined {
    const place = this.#placeOf(hash)
    const isOfWindow = this.#takeFrom(place, hash, FROM_WINDOW)
    const isOfMain = this.#takeFrom(place, hash, FROM_MAIN)
    return isOfWindow ? FROM_WINDOW : isOfMain ? FROM_MAIN : undefined
  }

  #takeFrom(place: number, hash: number, origin: Origin): boolean {
    const cell = this.#cells[place + origin]!
    if ((cell ^ hash) >>> 8 !== 0 || cell === 0) return false
    this.#cells[place + origin] = 0
    return ((this.#steps[origin]! - cell) & STEP_MASK) < this.#stepsInMargin
  }

  /** Of one that leaves now. */
  #stepOf(origin: Origin): number {
    const left = this.#leftInStep[origin]! + 1
    const isNext = left > this.#leavingsPerStep
    this.#leftInStep[origin] = isNext ? 1 : left
    if (isNext) this.#steps[origin] = (this.#steps[origin]! + 1) & STEP_MASK
    return this.#steps[origin]!
  }

  #placeOf(hash: number): number {
    const mixed = Math.imul(hash, MIX)
    return 2 * ((((mixed ^ (mixed >>> 13)) >>> 0) * this.#placesPerHash) | 0)
  }
}
