/**
 * The bytes of a snapshot, version 1. Numbers are big-endian.
 *
 *   'CWSNAP' · version (1) · what (1: 0 values, 1 names) · length of the head (2) · head, JSON
 *   then each entry, the hottest first:
 *     length of namespace (1) · of key (2) · weight in memory (4) · length of the value (4)
 *     namespace · key · value: what its namespace's codec has made; empty for names
 *   SHA-256 of all before it (32)
 *
 * Nothing of it is believed before the sum is right: what was damaged or cut short is no snapshot.
 * The sum is no seal: who can write the file can write what it says.
 */
import { createHash } from 'node:crypto'
import { turn } from './turn.js'

const MAGIC = Buffer.from('CWSNAP')
const VERSION = 1
const FIXED_BYTES = MAGIC.length + 4
const MAX_HEAD_BYTES = 1_024
const ENTRY_BYTES = 11
export const DIGEST_BYTES = 32
/** What is hashed, or walked, in one turn of the loop. */
const HASHED_BYTES = 2 ** 20
const WALKED_ENTRIES = 4_096
const MAX_WEIGHT = 2 ** 32 - 1

export type SnapshotKind = 'values' | 'names'

export interface SnapshotHead {
  readonly prefix: string
  /** The place in the log when it was begun; '' where there is no log. */
  readonly token: string
  /** When it was begun, by the clock by which entries live. */
  readonly wallMs: number
}

export interface SnapshotEntry {
  readonly namespace: string
  readonly key: string
  /** Estimated bytes in memory. */
  readonly weightBytes: number
  /** A view. */
  readonly value: Buffer
}

/** Why bytes are no snapshot of this cache. `foreign` includes another prefix and another kind. */
export type SnapshotFault = 'damaged' | 'foreign' | 'version'

export interface Snapshot extends SnapshotHead {
  readonly count: number
  entryAt(index: number): SnapshotEntry
}

/** What stands in front of the entries. */
export function headBytes(kind: SnapshotKind, head: SnapshotHead): Buffer {
  const { prefix, token, wallMs } = head
  const text = Buffer.from(JSON.stringify({ prefix, token, wallMs }))
  const fixed = Buffer.alloc(FIXED_BYTES)
  MAGIC.copy(fixed)
  fixed.writeUInt8(VERSION, MAGIC.length)
  fixed.writeUInt8(kind === 'values' ? 0 : 1, MAGIC.length + 1)
  fixed.writeUInt16BE(text.length, MAGIC.length + 2)
  return Buffer.concat([fixed, text])
}

/** One entry. The namespace takes at most 255 bytes, the key 65 535. */
export function entryBytes(
  namespace: string,
  key: string,
  weightBytes: number,
  value: Uint8Array,
): Buffer {
  const names = Buffer.from(namespace + key)
  const namespaceBytes = Buffer.byteLength(namespace)
  const fixed = Buffer.allocUnsafe(ENTRY_BYTES)
  fixed.writeUInt8(namespaceBytes, 0)
  fixed.writeUInt16BE(names.length - namespaceBytes, 1)
  fixed.writeUInt32BE(Math.min(MAX_WEIGHT, Math.round(weightBytes)), 3)
  fixed.writeUInt32BE(value.length, 7)
  return Buffer.concat([fixed, names, value])
}

/** The snapshot in these bytes, or what is wrong with them. In slices; never rejects. */
export async function openSnapshot(
  bytes: Uint8Array,
  kind: SnapshotKind,
  prefix: string,
): Promise<Snapshot | SnapshotFault> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) return 'foreign'
  if (buffer.length < FIXED_BYTES + DIGEST_BYTES) return 'damaged'
  if (buffer.readUInt8(MAGIC.length) !== VERSION) return 'version'
  const end = buffer.length - DIGEST_BYTES
  if (!(await digestOf(buffer.subarray(0, end))).equals(buffer.subarray(end))) return 'damaged'
  const start = FIXED_BYTES + buffer.readUInt16BE(MAGIC.length + 2)
  const head = start > end ? undefined : readHead(buffer.subarray(FIXED_BYTES, start))
  if (head === undefined) return 'damaged'
  const kindByte = buffer.readUInt8(MAGIC.length + 1)
  if (head.prefix !== prefix || kindByte !== (kind === 'values' ? 0 : 1)) return 'foreign'
  const places = await placesIn(buffer, start, end)
  if (places === undefined) return 'damaged'
  return { ...head, count: places.length, entryAt: (index) => entryAt(buffer, places[index]!) }
}

async function digestOf(buffer: Buffer): Promise<Buffer> {
  const hash = createHash('sha256')
  for (let from = 0; from < buffer.length; from += HASHED_BYTES) {
    if (from > 0) await turn()
    hash.update(buffer.subarray(from, from + HASHED_BYTES))
  }
  return hash.digest()
}

function readHead(bytes: Buffer): SnapshotHead | undefined {
  if (bytes.length > MAX_HEAD_BYTES) return undefined
  try {
    const { prefix, token, wallMs } = JSON.parse(bytes.toString()) as Record<string, unknown>
    const isHead =
      typeof prefix === 'string' && typeof token === 'string' && Number.isFinite(wallMs)
    return isHead ? { prefix, token, wallMs: wallMs as number } : undefined
  } catch {
    return undefined
  }
}

/** Where each entry begins; `undefined` unless they end where the sum begins. */
async function placesIn(buffer: Buffer, start: number, end: number): Promise<number[] | undefined> {
  const places: number[] = []
  let at = start
  while (at < end) {
    if (places.length % WALKED_ENTRIES === WALKED_ENTRIES - 1) await turn()
    if (at + ENTRY_BYTES > end) return undefined
    places.push(at)
    at += ENTRY_BYTES + buffer.readUInt8(at) + buffer.readUInt16BE(at + 1)
    at += buffer.readUInt32BE(places.at(-1)! + 7)
  }
  return at === end ? places : undefined
}

function entryAt(buffer: Buffer, at: number): SnapshotEntry {
  const keyAt = at + ENTRY_BYTES + buffer.readUInt8(at)
  const valueAt = keyAt + buffer.readUInt16BE(at + 1)
  return {
    namespace: buffer.toString('utf8', at + ENTRY_BYTES, keyAt),
    key: buffer.toString('utf8', keyAt, valueAt),
    weightBytes: buffer.readUInt32BE(at + 3),
    value: buffer.subarray(valueAt, valueAt + buffer.readUInt32BE(at + 7)),
  }
}
