/**
 * What a packed payload may hold, by kind; packed-check.ts holds payloads against it.
 *
 * Of the tokens and extensions of msgpackr these are the ones that our writers make. An extension
 * that an application registers with msgpackr is none of them.
 */

/**
 * How deep a graph may be packed. What is deeper goes into a table, which is flat: msgpackr takes
 * so much stack for each level, of sets above all, that it may not reach the end of the thousand
 * that core/value.ts admits.
 */
export const MAX_PACKED_DEPTH = 200
/** As deep as core/value.ts admits. */
export const MAX_TREE_DEPTH = 1_000
/** The table, a node, its parts, a list of slots, a slot; and some. */
const MAX_TABLE_DEPTH = 8

const EXT_UNDEFINED = 0
const EXT_BIGINT = 0x42
export const EXT_ID = 0x69
export const EXT_POINTER = 0x70
export const EXT_RECORD = 0x72
export const EXT_SET = 0x73
const EXT_VIEW = 0x74
export const EXT_PATTERN = 0x78
const EXT_DATE = 0xff

/** Of those that are always as long. */
export const EXT_SIZES: ReadonlyMap<number, number> = new Map([
  [EXT_RECORD, 1],
  [EXT_UNDEFINED, 1],
  [EXT_SET, 1],
  [EXT_PATTERN, 1],
  [EXT_ID, 4],
  [EXT_POINTER, 4],
])

/** What a payload may hold beside leaves of a fixed size, texts and lists. */
export interface PackedKind {
  /** By token, the bytes that belong to it; OTHER where that is not all to know. */
  readonly sizes: Int8Array
  readonly maxDepth: number
  readonly hasMaps: boolean
  readonly hasBytes: boolean
  readonly extensions: readonly number[]
}

const OTHER = -1

function sizesOf(integersEnd: number): Int8Array {
  const sizes = new Int8Array(256).fill(OTHER)
  sizes.fill(0, 0, integersEnd)
  sizes.fill(0, 0xe0)
  for (let length = 0; length < 32; length++) sizes[0xa0 + length] = length
  for (const token of [0xc0, 0xc2, 0xc3]) sizes[token] = 0
  sizes.set([4, 8, 1, 2, 4, 8, 1, 2, 4, 8], 0xca)
  return sizes
}

/** From 0x40 on, integers stand for records that were defined. */
const SIZES = sizesOf(0x40)
export const PACKED_TREE: PackedKind = {
  sizes: SIZES,
  maxDepth: MAX_TREE_DEPTH,
  hasMaps: false,
  hasBytes: false,
  extensions: [EXT_RECORD],
}
export const PACKED_GRAPH: PackedKind = {
  sizes: SIZES,
  maxDepth: MAX_PACKED_DEPTH,
  hasMaps: true,
  hasBytes: true,
  extensions: [
    ...[EXT_RECORD, EXT_ID, EXT_POINTER, EXT_UNDEFINED],
    ...[EXT_DATE, EXT_SET, EXT_VIEW, EXT_BIGINT, EXT_PATTERN],
  ],
}
export const PACKED_TABLE: PackedKind = {
  sizes: sizesOf(0x80),
  maxDepth: MAX_TABLE_DEPTH,
  hasMaps: false,
  hasBytes: true,
  extensions: [EXT_UNDEFINED, EXT_BIGINT],
}
