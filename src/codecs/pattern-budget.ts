/**
 * What the patterns of one payload may cost to make.
 *
 * V8 reads a pattern in a hundredth of a microsecond a character, unless its flag `u` or `v` makes
 * it look up sets of characters: 12 to 200 µs for each `\\p{…}`, 15 ms for one of emoji sequences,
 * 7 µs for a range, and more for long classes, each time anew. Such patterns are counted, equal
 * ones once, since the engine keeps what it has made of them. All of the room takes 15 to 40 ms.
 */
const ROOM = 4_096
const PROPERTY_COST = 20
const SEQUENCES_COST = 1_500

const PROPERTY = /\\p\{?/gi
/** Properties of strings: the flag `v` alone has them. */
const SEQUENCES = /\\p\{(?:RGI_|Basic_|Emoji_K)/g

export class PatternBudget {
  #left = ROOM
  #seen: Set<string> | undefined

  /** Throws where these are too many or too long. Before the pattern is made. */
  spend(source: string, flags: string): void {
    const hasV = flags.includes('v')
    if (!hasV && !flags.includes('u')) return
    const pattern = `${flags}/${source}`
    this.#seen ??= new Set()
    if (this.#seen.has(pattern)) return
    this.#seen.add(pattern)
    this.#left -= source.length
    // What is too long by itself is not looked through.
    if (this.#left >= 0) this.#left -= costOfSets(source, hasV)
    if (this.#left < 0) throw new RangeError('patterns that take too long to make')
  }
}

function costOfSets(source: string, hasV: boolean): number {
  const sequences = hasV ? count(source, SEQUENCES) : 0
  return PROPERTY_COST * count(source, PROPERTY) + SEQUENCES_COST * sequences
}

function count(source: string, part: RegExp): number {
  return source.match(part)?.length ?? 0
}
