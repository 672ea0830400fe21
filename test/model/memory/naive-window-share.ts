/** What has left of late and how it moves the window, with one object for each key that left. */
const STEPS_KEPT = 256
const TWO_TO_32 = 2 ** 32

export type Side = 'window' | 'main'

interface Left {
  readonly tag: number
  readonly step: number
}

export class NaiveWindowShare {
  share = 0.05
  moves = { up: 0, down: 0 }
  readonly found = { window: 0, main: 0 }
  readonly #lacking = { window: 4, main: 4 }
  #counts = { window: 0, main: 0 }
  #left: Record<Side, (Left | undefined)[]> = { window: [], main: [] }
  #entries = 0
  #margin = 8
  #misses = 0

  grow(entries: number): void {
    this.#entries = entries
    this.#margin = Math.max(8, Math.ceil(entries * 0.05))
    this.#left = { window: [], main: [] }
    this.#counts = { window: 0, main: 0 }
  }

  hasLeft(hash: number, side: Side): void {
    this.#counts[side]++
    this.#left[side][this.#placeOf(hash)] = { tag: hash >>> 8, step: this.#stepOf(side) }
  }

  missed(hash: number): void {
    const isOfWindow = this.#take(hash, 'window')
    const isOfMain = this.#take(hash, 'main')
    if (isOfWindow || isOfMain) this.#lacking[isOfWindow ? 'window' : 'main']++
    if (isOfWindow || isOfMain) this.found[isOfWindow ? 'window' : 'main']++
    this.#misses++
    if (this.#misses >= Math.max(128, this.#entries / 2)) this.#judge()
  }

  #take(hash: number, side: Side): boolean {
    const place = this.#placeOf(hash)
    const left = this.#left[side][place]
    if (left === undefined || left.tag !== hash >>> 8) return false
    this.#left[side][place] = undefined
    const age = (this.#stepOf(side) - left.step) % STEPS_KEPT
    return age < Math.ceil(this.#margin / this.#stepLength)
  }

  #stepOf(side: Side): number {
    return Math.ceil(this.#counts[side] / this.#stepLength)
  }

  get #stepLength(): number {
    return Math.ceil(this.#margin / 32)
  }

  #placeOf(hash: number): number {
    const product = Math.imul(hash, 0x85ebca6b)
    return Math.floor((((product ^ (product >>> 13)) >>> 0) * (2 * this.#margin)) / TWO_TO_32)
  }

  #judge(): void {
    const lean = Math.log(this.#lacking.window / this.#lacking.main)
    const before = this.share
    this.share = clamp(before + 0.02 * clamp(lean, -3, 3), 0.01, 0.9)
    if (this.share > before) this.moves.up++
    if (this.share < before) this.moves.down++
    this.#misses = 0
    this.#lacking.window = 4
    this.#lacking.main = 4
  }
}

function clamp(number: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, number))
}
