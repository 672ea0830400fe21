/**
 * Which entry is dead, found without a timer for each and without looking at all of them.
 *
 * Over the array of deadlines lies a pyramid: the earliest of each 64, the earliest of each 64 of
 * those, up to one number. A write lowers what is later on its way up and stops at the first that
 * is not; an entry that leaves changes nothing, so a number may be too early, never too late. The
 * search goes down where there may be something dead, and mends on its way what was too early. A
 * write makes at most one number a level too early, so the searches cost each write 64 compares a
 * level at the most, spread over all. An eighth of a byte an entry.
 */
const FAN_OUT = 64

export class Deadlines {
  /** Above the slots: the earliest of each 64 of the level below. Its last level is one number. */
  #levels: Float64Array[] = [new Float64Array([Number.POSITIVE_INFINITY])]
  /** The last level: one number. */
  #earliest = this.#levels[0]!
  /** By slot; `Infinity` for one that is free or never dies. Owned by the slots. */
  #deadAtMs = new Float64Array(0)

  /** Takes the array of deadlines, grown; what it held before stays in its place. */
  grow(deadAtMs: Float64Array<ArrayBuffer>): void {
    this.#deadAtMs = deadAtMs
    this.#levels = []
    let below = deadAtMs
    do {
      const level = new Float64Array(Math.max(1, Math.ceil(below.length / FAN_OUT)))
      for (let i = 0; i < level.length; i++) level[i] = earliestOf(below, i)
      this.#levels.push(level)
      below = level
    } while (below.length > 1)
    this.#earliest = below
  }

  /** No entry dies before. */
  get earliestMs(): number {
    return this.#earliest[0]!
  }

  /** A deadline was set. */
  lowered(slot: number, deadAtMs: number): void {
    let at = slot
    for (const level of this.#levels) {
      at = Math.floor(at / FAN_OUT)
      if (level[at]! <= deadAtMs) return
      level[at] = deadAtMs
    }
  }

  /** A slot that is dead at `nowMs`, or -1. */
  find(nowMs: number): number {
    while (this.earliestMs <= nowMs) {
      const slot = this.#descend(nowMs)
      if (slot >= 0) return slot
    }
    return -1
  }

  /** What a checker walks. */
  inspect(): { readonly levels: readonly Float64Array[]; readonly fanOut: number } {
    return { levels: this.#levels, fanOut: FAN_OUT }
  }

  /** Goes down where something may be due; -1 where a number was too early, which it mends. */
  #descend(nowMs: number): number {
    let at = 0
    for (let height = this.#levels.length - 1; height >= 0; height--) {
      const below = height === 0 ? this.#deadAtMs : this.#levels[height - 1]!
      const due = firstDue(below, at, nowMs)
      if (due < 0) {
        this.#levels[height]![at] = earliestOf(below, at)
        return -1
      }
      at = due
    }
    return at
  }
}

/** The first of the block's numbers that is due, or -1. */
function firstDue(numbers: Float64Array, block: number, nowMs: number): number {
  const end = Math.min(numbers.length, (block + 1) * FAN_OUT)
  for (let at = block * FAN_OUT; at < end; at++) if (numbers[at]! <= nowMs) return at
  return -1
}

function earliestOf(numbers: Float64Array, block: number): number {
  const end = Math.min(numbers.length, (block + 1) * FAN_OUT)
  let earliest = Number.POSITIVE_INFINITY
  for (let at = block * FAN_OUT; at < end; at++) {
    if (numbers[at]! < earliest) earliest = numbers[at]!
  }
  return earliest
}
