/**
 * `compress: 'auto'`: which candidate is best for the values of one namespace, found out by trying.
 *
 * One choice for each class of size (size-class.ts), by an explicit objective (objective.ts),
 * revised as the data change. What it tries takes at most 2 % of the time that was reported to it,
 * and in each class, at the start, 20 ms and what two tries of each candidate take. It keeps
 * numbers only, 1 KiB for each candidate in each class that was seen; no value, no timer.
 */
import type { Candidate } from './candidate.js'
import { type ChoiceContext, ClassChoice, type ClassFigures } from './class-choice.js'
import { classStartBytes, SIZE_CLASSES, sizeClassOf } from './size-class.js'

export type AlgorithmChoiceOptions = ChoiceContext

export interface SizeClassFigures extends ClassFigures {
  /** The class begins at this size. */
  readonly fromBytes: number
}

export const MAX_CANDIDATES = 16

export class AlgorithmChoice {
  readonly #options: AlgorithmChoiceOptions
  readonly #classes: (ClassChoice | undefined)[] = new Array(SIZE_CLASSES).fill(undefined)

  constructor(options: AlgorithmChoiceOptions) {
    const { length } = options.candidates
    if (length === 0 || length > MAX_CANDIDATES) {
      throw new RangeError(`candidates: 1 to ${MAX_CANDIDATES} are compared, not ${length}`)
    }
    this.#options = options
  }

  /** The candidate for a value of that many bytes; `undefined`: leave it as it is. */
  choose(rawBytes: number): Candidate | undefined {
    return this.#classOf(rawBytes).choose(rawBytes)
  }

  /**
   * To be called with each value that is written, also one that is left as it is: if exploring is
   * due and affordable, candidates are tried on it, or on 32 KiB of a large one. Costs two
   * comparisons if not; else it holds up the caller for 2 ms and one candidate at most. No failure
   * of a candidate is thrown.
   */
  sample(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#classOf(bytes.length).sample(bytes)
  }

  /**
   * What a chosen candidate did in earnest: how many bytes it left of how many, and how long it
   * took. This is what exploring is paid from, and how a change of the data is noticed.
   */
  record(candidate: Candidate, rawBytes: number, storedBytes: number, microseconds: number): void {
    if (rawBytes > 0) {
      this.#classOf(rawBytes).record(candidate, rawBytes, storedBytes, microseconds)
    }
  }

  /** One row for each class that a value was seen of, the smallest values first. */
  snapshot(): SizeClassFigures[] {
    return this.#classes.flatMap((choice, sizeClass) =>
      choice === undefined ? [] : [{ fromBytes: classStartBytes(sizeClass), ...choice.snapshot() }],
    )
  }

  #classOf(rawBytes: number): ClassChoice {
    const sizeClass = sizeClassOf(rawBytes)
    const known = this.#classes[sizeClass]
    if (known !== undefined) return known
    const choice = new ClassChoice(this.#options)
    this.#classes[sizeClass] = choice
    return choice
  }
}
