/**
 * Notices that the data have changed, by how well the chosen candidate shrinks them in earnest.
 *
 * Two windows, as in ADWIN (Bifet and Gavaldà, Learning from time-changing data with adaptive
 * windowing, 2007) but with one cut: the latest 64 values against all since the last change. Sizes
 * have no timing noise, so a difference of 15 % that is also four standard errors is one of the
 * data, and values of several kinds in one class do not ring the bell by their order alone.
 */
const WINDOW = 64
const MOVED_RATIO = 0.15
const STANDARD_ERRORS = 4

export class DriftWatch {
  #past = emptyMoments()
  #window = emptyMoments()

  /** Takes stored bytes per raw byte of one value; `true`, once, if the data have changed. */
  isMovedBy(ratio: number): boolean {
    const window = this.#window
    window.count++
    window.sum += ratio
    window.squares += ratio * ratio
    return window.count >= WINDOW && this.#closeWindow()
  }

  restart(): void {
    this.#past = emptyMoments()
    this.#window = emptyMoments()
  }

  #closeWindow(): boolean {
    const past = this.#past
    const window = this.#window
    this.#window = emptyMoments()
    if (past.count > 0 && isApart(past, window)) {
      this.#past = window
      return true
    }
    past.count += window.count
    past.sum += window.sum
    past.squares += window.squares
    return false
  }
}

interface Moments {
  count: number
  sum: number
  squares: number
}

function emptyMoments(): Moments {
  return { count: 0, sum: 0, squares: 0 }
}

function isApart(past: Moments, window: Moments): boolean {
  const was = past.sum / past.count
  const moved = Math.abs(window.sum / window.count - was)
  const error = Math.sqrt(errorSquare(past) + errorSquare(window))
  return moved > MOVED_RATIO * was && moved > STANDARD_ERRORS * error
}

function errorSquare({ count, sum, squares }: Moments): number {
  return Math.max(0, squares / count - (sum / count) ** 2) / count
}
