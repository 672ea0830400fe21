/**
 * A graph as a flat table: every object once, pointing to others by place.
 *
 * The table is made of arrays, numbers, strings and bytes alone, so that it passes any serializer
 * unharmed: `[root, node, node, …]`, a node being `[kind, parts]` and a part either a primitive as
 * it is or `[place]`. A node is made before its parts are read, hence cycles and shared references
 * close by themselves. The table may come from strangers: whatever is wrong in it throws, names
 * cannot reach a prototype, and depth and claimed room are bounded.
 */
import { GRAPH_KINDS, NAMES_CODE, type TableContext } from './graph-kinds.js'

/** As deep as core/value.ts admits, and walked in the same order. */
const MAX_DEPTH = 1_000
/** Sparse arrays of a graph together; core/value.ts allows as many to each. */
const MAX_ARRAY_SLOTS = 2 ** 24

export function tableOf(value: unknown): unknown[] {
  return new TableWriter().tableOf(value)
}

class TableWriter implements TableContext {
  readonly #table: unknown[] = [undefined]
  /** -0 lies under 0; nobody looks for 0, since it is its own slot. */
  readonly #places = new Map<unknown, number>()
  readonly #lists = new Map<string, number>()

  tableOf(value: unknown): unknown[] {
    this.#table[0] = this.slot(value)
    return this.#table
  }

  readonly slot = (part: unknown): unknown => {
    if (!needsNode(part)) return part
    const known = this.#places.get(part)
    if (known !== undefined) return [known]
    const code = GRAPH_KINDS.findIndex((kind) => kind.holds(part))
    const node: unknown[] = [code]
    const place = this.#table.push(node) - 1
    this.#places.set(part, place)
    node.push(GRAPH_KINDS[code]!.write(part, this))
    return [place]
  }

  names(names: readonly string[]): unknown {
    const parts = GRAPH_KINDS[NAMES_CODE]!.write(names, this) as [string]
    const known = this.#lists.get(parts[0])
    if (known !== undefined) return [known]
    const place = this.#table.push([NAMES_CODE, parts]) - 1
    this.#lists.set(parts[0], place)
    return [place]
  }
}

/** Throws on anything that `tableOf` does not make. */
export function valueOfTable(table: unknown): unknown {
  if (!Array.isArray(table)) throw new TypeError('a graph table is an array')
  const made = new Map<unknown, unknown>()
  let depth = 0
  let room = MAX_ARRAY_SLOTS
  const valueAt = (slot: unknown): unknown => {
    if (typeof slot !== 'object' || slot === null) return slot
    if (!Array.isArray(slot) || typeof slot[0] !== 'number') throw new TypeError('not a slot')
    const place: number = slot[0]
    if (made.has(place)) return made.get(place)
    const [code, parts] = table[place] as [number, unknown[]]
    const kind = GRAPH_KINDS[code]
    if (kind === undefined || !Array.isArray(parts)) throw new TypeError('not a node')
    const value = kind.make(parts)
    // A few bytes can claim millions of holes, which each reader's copy walks through.
    if (Array.isArray(value)) room -= value.length
    if (room < 0) throw new RangeError(`more than ${MAX_ARRAY_SLOTS} slots in sparse arrays`)
    made.set(place, value)
    if (kind.fill === undefined) return value
    if (++depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`)
    kind.fill(value, parts, valueAt)
    depth--
    return value
  }
  return valueAt(table[0])
}

/** Whether UTF-8 changes a text, or its start is taken for a byte order mark. */
export function isOddText(text: string): boolean {
  return !text.isWellFormed() || text.charCodeAt(0) === 0xfeff
}

function needsNode(part: unknown): boolean {
  if (typeof part === 'string') return isOddText(part)
  return Object.is(part, -0) || (typeof part === 'object' && part !== null)
}
