/**
 * One candidate within one size class: what is known of it, and when it is to be measured again.
 *
 * The further it is behind the best, the more seldom: its share of the rounds falls with the square
 * of the gap, the rate that Lai and Robbins (Asymptotically efficient adaptive allocation rules,
 * 1985) show to be enough. But few measurements allow few skipped rounds, and none allow more than
 * 32, so that one that has become the best is found out.
 *
 * A candidate that throws, or does not give back as many bytes as it got, saves nothing here: no
 * write may fail because something was tried on its value.
 */
import type { Candidate } from './candidate.js'
import { CostEstimate } from './cost-estimate.js'
import { ExpectedTime } from './expected-time.js'
import { type Objective, promiseOf, READS_PER_WRITE } from './objective.js'

/**
 * Before each measurement a candidate is called on so much: one that is called once in a while
 * finds its code and its tables out of the processor's caches, and looks two to five times as slow
 * on small values as it is once it is in use (measured: lz4 on 400 bytes 20 µs for 4).
 */
const WARM_UP_BYTES = 1024
/** One that is so far behind, as a logarithm, sits out every second round. */
const NEAR_GAP = 0.2
const MAX_SPACING = 32
/** Each measurement allows so many times the spacing. */
const SPACING_GROWTH = 2
/** On other data a candidate may be so many times quicker. */
const HOPED_SPEEDUP = 2
const KNOWN_BY_COUNT = 2

/** One value on which several candidates are measured, one after another. */
export interface Trial {
  /** The value, or a part that stands for it. */
  readonly slice: Uint8Array
  readonly rawBytes: number
  readonly round: number
  readonly nowMicroseconds: () => number
  /** What the yardstick, which comes first, saves of each byte of this value. */
  yardstickRatio: number
  tookMicroseconds: number
  /** Of that, all but what is taken for pauses of the process. */
  chargedMicroseconds: number
}

export class Arm {
  readonly candidate: Candidate
  readonly estimate: CostEstimate
  readonly #time = new ExpectedTime()
  #lastRound = 0
  #spacing = 0

  constructor(candidate: Candidate, yardstick: CostEstimate | undefined) {
    this.candidate = candidate
    this.estimate = new CostEstimate(yardstick)
  }

  isDue(round: number): boolean {
    return round >= this.#lastRound + this.#spacing
  }

  get isMeasured(): boolean {
    return this.#time.count > 0
  }

  /** Whether it was measured often enough for a pause not to be taken for what it costs. */
  get isKnown(): boolean {
    return this.#time.count >= KNOWN_BY_COUNT
  }

  measure(trial: Trial): void {
    const { candidate, estimate } = this
    const { slice, nowMicroseconds } = trial
    const start = nowMicroseconds()
    warmUp(candidate, slice.subarray(0, WARM_UP_BYTES))
    const begin = nowMicroseconds()
    const packed = there(candidate, slice)
    const middle = nowMicroseconds()
    const isWhole = packed !== undefined && isBack(candidate, packed, slice.length)
    const end = nowMicroseconds()
    const cost = middle - begin + READS_PER_WRITE * (end - middle)
    const savedRatio = isWhole ? Math.max(0, 1 - packed.length / slice.length) : 0
    estimate.add(trial.rawBytes, savedRatio - trial.yardstickRatio, cost / slice.length)
    if (estimate.isYardstick) trial.yardstickRatio = savedRatio
    this.#lastRound = trial.round
    trial.chargedMicroseconds += this.#time.charge(end - start)
    trial.tookMicroseconds += end - start
  }

  /** The data are not what they were. */
  forget(round: number): void {
    this.estimate.forget()
    this.#lastRound = round
  }

  /** What one more measurement will take; 0: it is worth any time. */
  get expectedMicroseconds(): number {
    return this.isKnown ? this.#time.microseconds : 0
  }

  /** How good it is by what was seen, times so far taken for noisy. */
  promise(objective: Objective): number {
    const { savedRatio, lowMicrosecondsPerByte, meanBytes } = this.estimate
    return promiseOf(objective, savedRatio, lowMicrosecondsPerByte, meanBytes)
  }

  /** How good it could be on data not yet seen: if it saved each byte of them. */
  hope(objective: Objective): number {
    const { lowMicrosecondsPerByte, meanBytes } = this.estimate
    return promiseOf(objective, 1, lowMicrosecondsPerByte / HOPED_SPEEDUP, meanBytes)
  }

  /** Plans the next measurement: `own`, a promise or a hope, against the best. */
  plan(own: number, best: number): void {
    const { samples } = this.estimate
    const gap = Math.log(best / own)
    const allowed = samples === 0 ? MAX_SPACING : Math.min(SPACING_GROWTH ** samples, MAX_SPACING)
    const isHopeful = samples === 0 && gap <= 0
    this.#spacing = isHopeful ? 0 : Math.min(1 + (Math.max(0, gap) / NEAR_GAP) ** 2, allowed)
  }
}

function warmUp(candidate: Candidate, bytes: Uint8Array): void {
  const packed = there(candidate, bytes)
  if (packed !== undefined) isBack(candidate, packed, bytes.length)
}

function there(candidate: Candidate, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return candidate.compress(bytes)
  } catch {
    return undefined
  }
}

function isBack(candidate: Candidate, packed: Uint8Array, rawBytes: number): boolean {
  try {
    return candidate.decompress(packed, rawBytes).length === rawBytes
  } catch {
    return false
  }
}
