/**
 * The envelope: what stands in front of every value in a store, version 1.
 *
 *   byte  size
 *      0     1  state: 'F' fresh, 'S' soft-invalidated (a script may rewrite it, nothing else does)
 *      1     1  head: version (3 bits) · serializer (2) · compressed · encrypted · tagged
 *      2     6  fresh until, ms since the epoch on the store's clock; all ones = for ever
 *      8     4  grace, ms
 *     12     6  born: the writer's place in the invalidation log when the load began
 *     18     2  how long the load took, ms, at most 65 535
 *     20        tags where tagged: count (1), then each as length (2) and UTF-8; then the payload
 *
 * All numbers big-endian. Fixed places, so that a server script can read and patch them.
 * test/golden holds the bytes of every version; a reader takes an unknown version for a miss.
 */
import type { DecodedEntry, DecodeFault, EntryMeta } from '../core/contracts.js'

export const ENVELOPE_VERSION = 1
export const FIXED_BYTES = 20
export const LIFE_OFFSET = 2
export const LIFE_BYTES = 10
/** The first of them: until when it is fresh. */
export const MOMENT_BYTES = 6

/** msgpack that knows built-in classes, cycles and shared references. */
export const SERIALIZER_GRAPH = 0
export const SERIALIZER_JSON = 1
/** msgpack of a plain tree. */
export const SERIALIZER_TREE = 2
const STATE_FRESH = 0x46
const STATE_SOFT = 0x53
const FLAG_TAGGED = 1
const FLAG_ENCRYPTED = 2
const FLAG_COMPRESSED = 4
const NEVER = 2 ** 48 - 1
const MAX_LOAD_MS = 65_535
const MAX_GRACE_MS = 2 ** 32 - 1

/** How many bytes the envelope of these tags takes. */
export function envelopeBytes(tags: readonly string[]): number {
  let bytes = FIXED_BYTES
  if (tags.length > 0) bytes += 1
  for (const tag of tags) bytes += 2 + Buffer.byteLength(tag)
  return bytes
}

/** Writes the envelope at the beginning of `target`, which is long enough. */
export function writeEnvelope(target: Buffer, meta: EntryMeta, serializer: number): void {
  target[0] = STATE_FRESH
  target[1] = (ENVELOPE_VERSION << 5) | (serializer << 3) | (meta.tags.length > 0 ? FLAG_TAGGED : 0)
  writeLife(target, LIFE_OFFSET, meta.freshUntilWallMs, meta.graceMs)
  target.writeUIntBE(meta.born, 12, 6)
  target.writeUInt16BE(Math.min(MAX_LOAD_MS, Math.round(meta.loadMs)), 18)
  if (meta.tags.length > 0) writeTags(target, meta.tags)
}

/** Writes the moment and the grace at `offset`: what a patch of the life time replaces. */
export function writeLife(
  target: Buffer,
  offset: number,
  freshUntilWallMs: number,
  graceMs: number,
): void {
  const until = freshUntilWallMs >= NEVER ? NEVER : Math.max(0, Math.floor(freshUntilWallMs))
  target.writeUIntBE(until, offset, 6)
  target.writeUInt32BE(Math.min(MAX_GRACE_MS, Math.round(graceMs)), offset + 6)
}

/** Says why these bytes have no envelope that we know, `undefined` if they have one. */
export function envelopeFault(bytes: Buffer): DecodeFault | undefined {
  const isOurs = bytes[0] === STATE_FRESH || bytes[0] === STATE_SOFT
  if (!isOurs) return 'foreign'
  if (bytes.length <= FIXED_BYTES) return 'truncated'
  const head = bytes[1]!
  if (head >> 5 !== ENVELOPE_VERSION) return 'version'
  return (head & (FLAG_ENCRYPTED | FLAG_COMPRESSED)) === 0 ? undefined : 'version'
}

export function serializerOf(bytes: Buffer): number {
  return (bytes[1]! >> 3) & 3
}

/** The entry of an envelope without fault, around the value that its payload was. */
export function readEntry(
  bytes: Buffer,
  value: unknown,
  plain: boolean,
  tags: readonly string[],
): DecodedEntry {
  const until = readUint48(bytes, 2)
  return {
    value,
    plain,
    freshUntilWallMs: until === NEVER ? Number.POSITIVE_INFINITY : until,
    graceMs: bytes.readUInt32BE(8),
    born: readUint48(bytes, 12),
    loadMs: bytes.readUInt16BE(18),
    tags,
  }
}

export interface ReadTags {
  readonly names: readonly string[]
  /** Where the payload begins. */
  readonly end: number
}

const NO_TAGS: ReadTags = { names: Object.freeze([]) as readonly string[], end: FIXED_BYTES }

/** The tags of an envelope without fault; `undefined` if it ends within them. */
export function readTags(bytes: Buffer): ReadTags | undefined {
  if ((bytes[1]! & FLAG_TAGGED) === 0) return NO_TAGS
  let at = FIXED_BYTES
  const count = bytes[at++]!
  const names: string[] = []
  for (let i = 0; i < count; i++) {
    if (at + 2 > bytes.length) return undefined
    const length = bytes.readUInt16BE(at)
    at += 2
    if (at + length > bytes.length) return undefined
    names.push(bytes.toString('utf8', at, at + length))
    at += length
  }
  return { names, end: at }
}

/** As `readUIntBE(at, 6)`, without its checks: this is on the way of every store hit. */
function readUint48(bytes: Buffer, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!
  return high * 2 ** 32 + bytes.readUInt32BE(at + 2)
}

function writeTags(target: Buffer, tags: readonly string[]): void {
  let at = FIXED_BYTES
  target[at++] = tags.length
  for (const tag of tags) {
    const length = target.write(tag, at + 2)
    target.writeUInt16BE(length, at)
    at += 2 + length
  }
}
