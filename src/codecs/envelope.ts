/**
 * The envelope: what stands in front of every value in a store, version 1.
 *
 *   byte  size
 *      0     1  state: 'F' fresh, 'S' soft-invalidated (a script may rewrite it, nothing else does)
 *      1     1  head: version (2 bits) · serializer (2) · compressed · encrypted · tagged
 *      2     6  fresh until, ms since the epoch on the store's clock; all ones = for ever
 *      8     5  grace, ms
 *     13     6  born: the writer's place in the invalidation log when the load began
 *     19     2  how long the load took, ms, at most 16 383
 *     21        tags where tagged: count (1), then each as length (2) and UTF-8; then the payload,
 *               which is compressed (compression/compressed-payload.ts), then sealed
 *               (encryption/sealed-payload.ts), where the head says so
 *
 * Numbers are big-endian in digits of seven bits, so that an envelope is ASCII: an entry whose
 * payload is text travels as a string, and the clients write all commands of a tick as one (64 SETs
 * of 100 bytes: half the CPU of as many Buffers). Fixed places, so that a server script can read
 * and patch them. test/golden holds the bytes; a reader takes an unknown version for a miss.
 */
import type { DecodedEntry, DecodeFault, EntryMeta } from '../core/codec.js'

const ENVELOPE_VERSION = 1
export const FIXED_BYTES = 21
export const LIFE_OFFSET = 2
export const BORN_OFFSET = 13
/** The first part of a life: until when the entry is fresh. */
export const MOMENT_BYTES = 6

/** msgpack that knows built-in classes, cycles and shared references. */
export const SERIALIZER_GRAPH = 0
export const SERIALIZER_JSON = 1
/** msgpack of a plain tree. */
export const SERIALIZER_TREE = 2
/** A user's own codec, whose name comes first. */
export const SERIALIZER_OWN = 3
const STATE_FRESH = 0x46
const STATE_SOFT = 0x53
const FLAG_TAGGED = 1
export const FLAG_ENCRYPTED = 2
export const FLAG_COMPRESSED = 4
/** 42 bits of milliseconds last until the year 2109. */
const NEVER = 2 ** 42 - 1
const MAX_GRACE_MS = 2 ** 35 - 1
const MAX_LOAD_MS = 2 ** 14 - 1
const DIGITS_28 = 2 ** 28

/** The envelope of an entry, tags included, as ASCII but for what the tags hold. */
export function envelopeText(meta: EntryMeta, serializer: number, flags = 0): string {
  const { tags } = meta
  const tagged = tags.length > 0 ? FLAG_TAGGED : 0
  const head = (ENVELOPE_VERSION << 5) | (serializer << 3) | flags | tagged
  const loadMs = Math.min(MAX_LOAD_MS, Math.round(meta.loadMs))
  const fixed =
    String.fromCharCode(STATE_FRESH, head) +
    lifeText(meta.freshUntilWallMs, meta.graceMs) +
    digits42(meta.born) +
    String.fromCharCode(loadMs >> 7, loadMs & 127)
  return tags.length === 0 ? fixed : fixed + tagsText(tags)
}

/** The moment and the grace: what a patch of the life time replaces. */
export function lifeText(freshUntilWallMs: number, graceMs: number): string {
  const until = freshUntilWallMs >= NEVER ? NEVER : Math.max(0, Math.floor(freshUntilWallMs))
  const grace = Math.min(MAX_GRACE_MS, Math.round(graceMs))
  const low = grace % DIGITS_28
  return (
    digits42(until) +
    String.fromCharCode(
      Math.floor(grace / DIGITS_28),
      low >> 21,
      (low >> 14) & 127,
      (low >> 7) & 127,
      low & 127,
    )
  )
}

/** Says why these bytes have no envelope that we know, `undefined` if they have one. */
export function envelopeFault(bytes: Buffer): DecodeFault | undefined {
  const isOurs = bytes[0] === STATE_FRESH || bytes[0] === STATE_SOFT
  if (!isOurs) return 'foreign'
  if (bytes.length <= FIXED_BYTES) return 'truncated'
  return bytes[1]! >> 5 === ENVELOPE_VERSION ? undefined : 'version'
}

/** Whether it is compressed and encrypted. */
export function flagsOf(bytes: Buffer): number {
  return bytes[1]! & (FLAG_COMPRESSED | FLAG_ENCRYPTED)
}

export function serializerOf(bytes: Buffer): number {
  return (bytes[1]! >> 3) & 3
}

/** The entry of an envelope without fault, around the value that its payload was. */
export function readEntry(
  bytes: Buffer,
  value: unknown,
  plain: boolean,
  valueBytes: number,
  tags: readonly string[],
): DecodedEntry {
  const until = read42(bytes, 2)
  return {
    value,
    plain,
    valueBytes,
    freshUntilWallMs: until === NEVER ? Number.POSITIVE_INFINITY : until,
    graceMs: bytes[8]! * DIGITS_28 + read28(bytes, 9),
    born: read42(bytes, 13),
    loadMs: (bytes[19]! << 7) | bytes[20]!,
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
    const length = (bytes[at]! << 7) | bytes[at + 1]!
    at += 2
    if (at + length > bytes.length) return undefined
    names.push(bytes.toString('utf8', at, at + length))
    at += length
  }
  return { names, end: at }
}

function tagsText(tags: readonly string[]): string {
  let text = String.fromCharCode(tags.length)
  for (const tag of tags) {
    const length = Buffer.byteLength(tag)
    text += String.fromCharCode(length >> 7, length & 127) + tag
  }
  return text
}

/** As it stands in an envelope: of two numbers the greater one is above, byte by byte. */
export function bornText(born: number): string {
  return digits42(born)
}

function digits42(value: number): string {
  const low = value % DIGITS_28
  const high = Math.floor(value / DIGITS_28)
  return String.fromCharCode(
    high >> 7,
    high & 127,
    low >> 21,
    (low >> 14) & 127,
    (low >> 7) & 127,
    low & 127,
  )
}

function read42(bytes: Buffer, at: number): number {
  const high = (bytes[at]! << 7) | bytes[at + 1]!
  return high * DIGITS_28 + read28(bytes, at + 2)
}

function read28(bytes: Buffer, at: number): number {
  return (bytes[at]! << 21) | (bytes[at + 1]! << 14) | (bytes[at + 2]! << 7) | bytes[at + 3]!
}
