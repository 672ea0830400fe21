/**
 * A graph as a flat table: every object once, pointing to others by place.
 *
 * The table is made of arrays, numbers, strings and bytes alone, so that it passes any serializer
 * unharmed: `[root, node, node, …]`, a node being `[kind, parts]` and a part either a primitive as
 * it is or `[place]`. A node is made before its parts are read, hence cycles and shared references
 * close by themselves. The table may come from strangers: whatever is wrong in it throws, names
 * cannot reach a prototype, and depth and claimed room are bounded.
 */
import type { MsgpackCodec } from '../core/class-registry.js'
import {
  GRAPH_KINDS,
  INSTANCE_CODE,
  NAMES_CODE,
  type TableContext,
  type TableParts,
} from './graph-kinds.js'
import { PatternBudget } from './pattern-budget.js'

/** As deep as core/value.ts admits, and walked in the same order. */
const MAX_DEPTH = 1_000
/** Sparse arrays of a graph together; core/value.ts allows as many to each. */
const MAX_ARRAY_SLOTS = 2 ** 24

export function tableOf(value: unknown, classes?: MsgpackCodec): unknown[] {
  return new TableWriter(classes).tableOf(value)
}

class TableWriter implements TableContext {
  readonly #table: unknown[] = [undefined]
  /** -0 lies under 0; nobody looks for 0, since it is its own slot. */
  readonly #places = new Map<unknown, number>()
  readonly #lists = new Map<string, number>()
  readonly #classes: MsgpackCodec | undefined

  constructor(classes: MsgpackCodec | undefined) {
    this.#classes = classes
  }

  tableOf(value: unknown): unknown[] {
    this.#table[0] = this.slot(value)
    return this.#table
  }

  readonly slot = (part: unknown): unknown => {
    if (!needsNode(part)) return part
    const known = this.#places.get(part)
    if (known !== undefined) return [known]
    const rules = typeof part === 'object' ? this.#classes?.of(part as object) : undefined
    const isInstance = rules !== undefined
    const code = isInstance ? INSTANCE_CODE : GRAPH_KINDS.findIndex((kind) => kind.holds(part))
    const node: unknown[] = [code]
    const place = this.#table.push(node) - 1
    this.#places.set(part, place)
    const parts = isInstance
      ? [rules.name, this.slot(rules.toPlain(part as object))]
      : GRAPH_KINDS[code]!.write(part, this)
    node.push(parts)
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
export function valueOfTable(table: unknown, classes?: MsgpackCodec): unknown {
  if (!Array.isArray(table)) throw new TypeError('a graph table is an array')
  return new TableReader(table, classes).value(table[0])
}

class TableReader implements TableParts {
  readonly #table: readonly unknown[]
  readonly #classes: MsgpackCodec | undefined
  readonly #made = new Map<unknown, unknown>()
  readonly #names = new Map<number, readonly string[]>()
  readonly #patterns = new PatternBudget()
  #depth = 0
  #room = MAX_ARRAY_SLOTS

  constructor(table: readonly unknown[], classes: MsgpackCodec | undefined) {
    this.#table = table
    this.#classes = classes
  }

  value(slot: unknown): unknown {
    if (typeof slot !== 'object' || slot === null) return slot
    const place = placeOf(slot)
    if (this.#made.has(place)) return this.#made.get(place)
    const [code, parts] = this.#nodeAt(place)
    return code === INSTANCE_CODE ? this.#instance(place, parts) : this.#node(place, code, parts)
  }

  names(slot: unknown): readonly string[] {
    const place = placeOf(slot)
    const known = this.#names.get(place)
    if (known !== undefined) return known
    const [code, parts] = this.#nodeAt(place)
    if (code !== NAMES_CODE) throw new TypeError('not a list of names')
    const names = GRAPH_KINDS[code]!.make(parts, this.#patterns) as readonly string[]
    this.#names.set(place, names)
    return names
  }

  #nodeAt(place: number): readonly [number, readonly unknown[]] {
    const [code, parts] = this.#table[place] as [number, unknown[]]
    if (!Array.isArray(parts)) throw new TypeError('not a node')
    return [code, parts]
  }

  #node(place: number, code: number, parts: readonly unknown[]): unknown {
    const kind = GRAPH_KINDS[code]
    if (kind === undefined || code === NAMES_CODE) throw new TypeError('not a node')
    const value = kind.make(parts, this.#patterns)
    // A few bytes can claim millions of holes, which each reader's copy walks through.
    if (Array.isArray(value)) this.#room -= value.length
    if (this.#room < 0) {
      throw new RangeError(`more than ${MAX_ARRAY_SLOTS} slots in sparse arrays`)
    }
    this.#made.set(place, value)
    if (typeof value !== 'object') return value
    this.#descend()
    kind.fill?.(value, parts, this)
    this.#depth--
    return value
  }

  /** Made of what it holds, which therefore cannot hold it. */
  #instance(place: number, [name, slot]: readonly unknown[]): unknown {
    const rules = typeof name === 'string' ? this.#classes?.named(name) : undefined
    if (rules === undefined) throw new TypeError('no class of that name')
    this.#descend()
    const value = rules.fromPlain(this.value(slot))
    // Readers get copies: what cannot be made plain again would fail them.
    rules.toPlain(value)
    this.#depth--
    this.#made.set(place, value)
    return value
  }

  #descend(): void {
    if (++this.#depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`)
  }
}

function placeOf(slot: unknown): number {
  if (!Array.isArray(slot) || typeof slot[0] !== 'number') throw new TypeError('not a slot')
  return slot[0]
}

/** Whether UTF-8 changes a text, or its start is taken for a byte order mark. */
export function isOddText(text: string): boolean {
  return !text.isWellFormed() || text.charCodeAt(0) === 0xfeff
}

function needsNode(part: unknown): boolean {
  if (typeof part === 'string') return isOddText(part)
  return Object.is(part, -0) || (typeof part === 'object' && part !== null)
}
