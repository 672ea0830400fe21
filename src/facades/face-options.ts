/** Options of faces, checked under the names that their documents give them. */
import { OptionCheck } from '../core/option-check.js'

const TEN_YEARS_MS = 315_360_000_000
const MOST_ENTRIES = 2 ** 24

export class FaceOptionCheck extends OptionCheck {
  /** Seconds, or with a unit; `Infinity` for ever. */
  ttl<I>(name: string, input: I): I {
    this.endless(name, input, 1, TEN_YEARS_MS)
    return input
  }

  entries<I extends number | undefined>(name: string, input: I): I {
    return this.whole(name, input, 1, MOST_ENTRIES)
  }
}
