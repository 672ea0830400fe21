/**
 * A look at packed bytes before msgpackr unpacks them: whether they are such as our writers make.
 *
 * msgpackr takes bytes at their word. A few kilobytes could tell it to make gigabytes (records in
 * records that claim more parts than there are bytes; sets and lists of names that point to one
 * long list) or to work for minutes (references in references, shown in full by its message about
 * bytes that are left over), and would bring classes into what is read as plain. So each token is
 * held against what a payload of its kind may hold, depth is bounded as it is in a value, and what
 * is claimed but not yet there never exceeds the bytes that are left: unpacking then takes room and
 * time in proportion to the bytes.
 *
 * Both must agree on where a token ends: what is not known here for sure is refused. Nothing is
 * copied, and no text is looked into but patterns. Cost: 0.4 ns a byte and 0.1 µs, an eighth of the
 * time of decoding at most (bench/codec).
 */
import {
  EXT_ID,
  EXT_PATTERN,
  EXT_POINTER,
  EXT_RECORD,
  EXT_SET,
  EXT_SIZES,
  MAX_TREE_DEPTH,
  PACKED_GRAPH,
  PACKED_TABLE,
  PACKED_TREE,
  type PackedKind,
} from './packed-kinds.js'
import { PatternBudget } from './pattern-budget.js'

/** Throws on bytes that are from `start` on no packed plain data. */
export function checkTree(bytes: Buffer, start = 0): void {
  new PackedCheck(bytes, PACKED_TREE).run(start)
}

/** Throws on bytes that are no packed graph. */
export function checkGraph(bytes: Buffer): void {
  new PackedCheck(bytes, PACKED_GRAPH).run(0)
}

/** Throws on bytes that are no packed table of a graph. */
export function checkTable(bytes: Buffer): void {
  new PackedCheck(bytes, PACKED_TABLE).run(0)
}

/** In place of a number of parts: none, since it is no list. */
const LEAF = -1
/** Nothing by itself: what it belongs to comes next. */
const PREFIX = -2

const UNDEFINED = -3
/** Parts of the records by id, and parts to come by level. There is one check at a time. */
const widths = new Int32Array(64)
const leftAbove = new Int32Array(MAX_TREE_DEPTH)

class PackedCheck {
  readonly #bytes: Buffer
  readonly #kind: PackedKind
  #at = 0
  /** Lists of names that others may point to. */
  #namesById: Map<number, number> | undefined
  #patterns: PatternBudget | undefined

  constructor(bytes: Buffer, kind: PackedKind) {
    this.#bytes = bytes
    this.#kind = kind
    widths.fill(UNDEFINED)
  }

  run(start: number): void {
    const bytes = this.#bytes
    const { sizes, maxDepth } = this.#kind
    let at = start
    let depth = 0
    // What is still to come on this level, and on those above.
    let left = 1
    let above = 0
    for (;;) {
      while (left > 0) {
        const token = bytes[at++]!
        left--
        const size = sizes[token]!
        if (size >= 0) {
          at += size
          continue
        }
        // Rows are records for the most part: past the call they take half the time.
        let width = token < 0x80 ? widths[token & 63]! : UNDEFINED
        if (width === UNDEFINED) {
          this.#at = at
          width = this.#open(token)
          at = this.#at
          if (width === LEAF) continue
          if (width === PREFIX) {
            left++
            continue
          }
        }
        if (depth === maxDepth) throw new RangeError(`deeper than ${maxDepth} levels`)
        leftAbove[depth++] = left
        above += left
        left = width
        // Each part takes a byte at least.
        if (above + left > bytes.length - at) throw new RangeError('more is claimed than there is')
      }
      if (depth === 0) break
      left = leftAbove[--depth]!
      above -= left
    }
    if (at !== bytes.length) throw new RangeError('not as long as it says')
  }

  /** Goes past what belongs to the token. How many parts it has, LEAF or PREFIX. */
  #open(token: number | undefined): number {
    // No such token: the bytes are at their end.
    if (token === undefined) throw new RangeError('cut short')
    if (token < 0x80) throw new TypeError('a record that is not defined')
    const width = this.#arrayWidth(token)
    if (width !== undefined) return width
    if (this.#skipsText(token)) return LEAF
    if (token >= 0xd4 && token <= 0xd8) return this.#extension(1 << (token - 0xd4))
    if (token >= 0xc7 && token <= 0xc9) return this.#extension(this.#uint(1 << (token - 0xc7)))
    if (this.#kind.hasBytes && token >= 0xc4 && token <= 0xc6) {
      this.#skip(this.#uint(1 << (token - 0xc4)))
      return LEAF
    }
    return this.#mapWidth(token)
  }

  #arrayWidth(token: number): number | undefined {
    if ((token & 0xf0) === 0x90) return token & 15
    if (token === 0xdc) return this.#uint(2)
    return token === 0xdd ? this.#uint(4) : undefined
  }

  #mapWidth(token: number): number {
    if (this.#kind.hasMaps) {
      if ((token & 0xf0) === 0x80) return 2 * (token & 15)
      if (token === 0xde) return 2 * this.#uint(2)
      if (token === 0xdf) return 2 * this.#uint(4)
    }
    throw new TypeError(`the token ${token} is not one of our writers`)
  }

  #extension(size: number): number {
    const kind = this.#uint(1)
    if (!this.#kind.extensions.includes(kind)) throw new TypeError(`the extension ${kind}`)
    if (kind === EXT_RECORD && size === 1) return this.#define()
    if (size !== (EXT_SIZES.get(kind) ?? size)) throw new TypeError(`${kind} in ${size} bytes`)
    this.#skip(size)
    if (kind === EXT_ID) this.#refuseReference()
    else if (kind === EXT_SET) this.#needList()
    else if (kind === EXT_PATTERN) this.#pattern()
    return kind === EXT_ID || kind === EXT_SET ? PREFIX : LEAF
  }

  /** Names, and then the parts of a first record that has them. */
  #define(): number {
    const bytes = this.#bytes
    const id = this.#uint(1) & 63
    const token = bytes[this.#at]!
    let width = token & 15
    if ((token & 0xf0) === 0x90) {
      this.#at++
      this.#skipNames(width)
    } else width = this.#names()
    widths[id] = width
    return width
  }

  /** A list of names, or where many shapes take turns, a pointer to one that was there before. */
  #names(): number {
    const reference = this.#reference()
    if (reference?.kind === EXT_POINTER) {
      const known = this.#namesById?.get(reference.id)
      if (known === undefined) throw new TypeError('a pointer to no list of names')
      return known
    }
    const width = this.#arrayWidth(this.#uint(1))
    if (width === undefined) throw new TypeError('no list of names')
    this.#skipNames(width)
    if (reference !== undefined) {
      this.#namesById ??= new Map()
      this.#namesById.set(reference.id, width)
    }
    return width
  }

  #skipNames(count: number): void {
    const bytes = this.#bytes
    let at = this.#at
    for (let i = 0; i < count; i++) {
      const token = bytes[at]!
      if (token >= 0xa0 && token < 0xc0) at += 1 + (token & 31)
      else {
        this.#at = at
        this.#text()
        at = this.#at
      }
    }
    this.#at = at
  }

  #reference(): { kind: number; id: number } | undefined {
    if (!this.#isReferenceNext()) return undefined
    const kind = this.#bytes[this.#at + 1]!
    if (!this.#kind.extensions.includes(kind)) throw new TypeError('a reference in a tree')
    this.#skip(2)
    return { kind, id: this.#uint(4) }
  }

  #isReferenceNext(): boolean {
    const kind = this.#bytes[this.#at + 1]
    return this.#bytes[this.#at] === 0xd6 && (kind === EXT_ID || kind === EXT_POINTER)
  }

  /** Each id is filled with all that the object holds: one for many would multiply it. */
  #refuseReference(): void {
    if (this.#isReferenceNext()) throw new TypeError('a reference to a reference')
  }

  /** By a pointer, one list would become many sets. */
  #needList(): void {
    const token = this.#bytes[this.#at]!
    const isList = (token & 0xf0) === 0x90 || token === 0xdc || token === 0xdd
    if (!isList) throw new TypeError('a set of no list')
  }

  #pattern(): void {
    if (this.#uint(1) !== 0x92) throw new TypeError('no pattern')
    const start = this.#at
    this.#text()
    const end = this.#at
    this.#text()
    this.#patterns ??= new PatternBudget()
    const flags = this.#bytes.toString('latin1', end, this.#at)
    this.#patterns.spend(this.#bytes.toString('latin1', start, end), flags)
  }

  #text(): void {
    const token = this.#uint(1)
    if (token >= 0xa0 && token < 0xc0) this.#skip(token & 31)
    else if (!this.#skipsText(token)) throw new TypeError('no text')
  }

  #skipsText(token: number): boolean {
    if (token < 0xd9 || token > 0xdb) return false
    this.#skip(this.#uint(1 << (token - 0xd9)))
    return true
  }

  #uint(size: number): number {
    const at = this.#at
    this.#skip(size)
    return size === 1 ? this.#bytes[at]! : this.#bytes.readUIntBE(at, size)
  }

  #skip(size: number): void {
    this.#at += size
    if (this.#at > this.#bytes.length) throw new RangeError('cut short')
  }
}
