/**
 * How much of the room the window gets, learned from what comes back too late.
 *
 * A key that comes back soon after it left the window would have been a hit in a larger window; one
 * that left main, in a larger main. Both are looked for over the same margin (recently-left.ts), so
 * their numbers tell on which side a little more room gains more (Megiddo and Modha, "ARC", 2003,
 * compare the like). Nothing is counted on a hit.
 */
import { FROM_WINDOW, type Origin } from './recently-left.js'

/** Of all room. */
const FIRST_SHARE = 0.05
const LEAST_SHARE = 0.01
const MOST_SHARE = 0.9
/** Judged after misses for half of the entries, but not on fewer than 128. */
const MISSES_PER_ENTRY = 0.5
const LEAST_MISSES = 128
/** The share moves by this for each factor of e between the two numbers, three times at most. */
const STEP = 0.02
const MOST_STEPS = 3
/** Added to both numbers: four keys against none are no proof. */
const DOUBT = 4

export class WindowShare {
  #share = FIRST_SHARE
  #missesToJudge = LEAST_MISSES
  #misses = 0
  #lackingInWindow = DOUBT
  #lackingInMain = DOUBT

  /** 0.01 to 0.9 of the room. */
  get share(): number {
    return this.#share
  }

  grow(entries: number): void {
    this.#missesToJudge = Math.max(LEAST_MISSES, MISSES_PER_ENTRY * entries)
  }

  /** A key was not there; `origin` says from where it had left of late, if it had. */
  missed(origin: Origin | undefined): void {
    if (origin !== undefined) {
      if (origin === FROM_WINDOW) this.#lackingInWindow++
      else this.#lackingInMain++
    }
    if (++this.#misses >= this.#missesToJudge) this.#judge()
  }

  #judge(): void {
    const lean = Math.log(this.#lackingInWindow / this.#lackingInMain)
    const steps = Math.max(-MOST_STEPS, Math.min(MOST_STEPS, lean))
    this.#share = Math.max(LEAST_SHARE, Math.min(MOST_SHARE, this.#share + STEP * steps))
    this.#misses = 0
    this.#lackingInWindow = DOUBT
    this.#lackingInMain = DOUBT
  }
}
