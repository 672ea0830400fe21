/**
 * Which key is asked for next: phases of Zipf, loops smaller and larger than the tier, uniform and
 * recency, drawn from a seed. A phase is long enough to fill the tier, and some are too short.
 */
type Phase = () => number

export class KeyLoad {
  readonly #random: () => number
  readonly #keys: number
  readonly #capacity: number
  readonly #cumulated: number[]
  #phase: Phase
  #left = 0

  constructor(capacity: number, random: () => number) {
    this.#random = random
    this.#capacity = capacity
    this.#keys = Math.ceil(capacity * (2 + 18 * random()))
    const keys = this.#keys
    const exponent = 0.7 + 0.6 * random()
    let sum = 0
    this.#cumulated = Array.from({ length: keys }, (_, rank) => (sum += (rank + 1) ** -exponent))
    this.#phase = this.#zipf()
  }

  next(): number {
    if (this.#left-- <= 0) {
      this.#left = this.#below(8 * this.#capacity)
      const phases = [this.#zipf, this.#zipf, this.#loop, this.#stay, this.#uniform, this.#recency]
      this.#phase = phases[this.#below(phases.length)]!.call(this)
    }
    return this.#phase()
  }

  /** A few are asked for often; who they are changes from phase to phase. */
  #zipf(): Phase {
    const turned = this.#below(this.#keys)
    return () => {
      const drawn = this.#random() * this.#cumulated.at(-1)!
      const rank = this.#cumulated.findIndex((sum) => drawn < sum)
      return (rank + turned) % this.#keys
    }
  }

  #loop(): Phase {
    const first = this.#below(this.#keys)
    const length = 1 + this.#below(this.#keys)
    let at = 0
    return () => (first + (at++ % length)) % this.#keys
  }

  /** Round and round in what fits, until all of it has been read. */
  #stay(): Phase {
    const first = this.#below(this.#keys)
    const length = Math.ceil(0.9 * this.#capacity)
    this.#left = 24 * length
    let at = 0
    return () => (first + (at++ % length)) % this.#keys
  }

  #uniform(): Phase {
    return () => this.#below(this.#keys)
  }

  /** One that was asked for a moment ago, in a set that wanders on. */
  #recency(): Phase {
    let at = this.#below(this.#keys)
    const width = 1 + this.#below(this.#capacity)
    return () => {
      if (this.#random() < 0.3) at++
      return (at + this.#below(width)) % this.#keys
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}
