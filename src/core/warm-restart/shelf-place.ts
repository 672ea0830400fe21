/**
 * A snapshot in the store, beside the entries: pieces that a read has time for, and a head, written
 * last, that names them. All processes of a cache have one in common.
 *
 * Each snapshot has pieces under names of its own, so two that are written at once do not mix: the
 * head that was written last counts. Who replaces a head removes the pieces of the one before; what
 * a process has left that ended in the middle goes by its ttl.
 */
import { randomBytes } from 'node:crypto'
import type { Codecs } from '../contracts.js'
import type { Shelf } from '../shelf.js'
import type { SnapshotPlace, WriteTerms } from './snapshot-place.js'

export interface ShelfPlaceOptions {
  readonly shelf: Shelf
  readonly codecs: Pick<Codecs, 'bornBefore'>
  /** By a clock that all processes have in common, where there is one. */
  readonly wallMs: () => number
  readonly everyMs: number
}

const HEAD = 'warm-restart'
const PIECE_BYTES = 2 ** 17
const MIN_TTL_MS = 3_600_000
const ID_BYTES = 9
const ID = /^[\w-]{12}$/
const REMOVED_AT_ONCE = 256
const MAX_PIECES = 2 ** 13
/** As many times as somebody else may have replaced it while it was read. */
const READS = 3

interface Head {
  readonly id: string
  readonly pieces: number
  readonly bytes: number
  readonly wallMs: number
}

export class ShelfPlace implements SnapshotPlace {
  readonly #shelf: Shelf
  readonly #wallMs: () => number
  readonly #ttlMs: number
  /** To a sweep of what was cleared, newer than any record of the log. */
  readonly #front: Buffer

  constructor({ shelf, codecs, wallMs, everyMs }: ShelfPlaceOptions) {
    this.#shelf = shelf
    this.#wallMs = wallMs
    this.#ttlMs = Math.max(MIN_TTL_MS, 2 * everyMs)
    const { offset, now } = codecs.bornBefore(1)
    this.#front = Buffer.alloc(offset + now.length, 0x7f)
  }

  async read(maxBytes: number): Promise<Uint8Array | 'too-large' | undefined> {
    for (let reads = 0; reads < READS; reads++) {
      const head = await this.#head()
      if (head === undefined) return undefined
      if (head.bytes > maxBytes) return 'too-large'
      const bytes = await this.#pieces(head)
      if (bytes !== undefined) return bytes
    }
    throw new Error('a piece of the snapshot is not there, or the store does not answer')
  }

  async write(parts: AsyncIterable<Uint8Array>, terms: WriteTerms): Promise<boolean> {
    const last = await this.#head()
    const nowMs = this.#wallMs()
    if (last !== undefined && Math.abs(nowMs - last.wallMs) < terms.notWithinMs) return false
    const id = randomBytes(ID_BYTES).toString('base64url')
    const head = { id, pieces: 0, bytes: 0, wallMs: nowMs }
    let former: Head | undefined
    try {
      for await (const piece of inPieces(parts)) {
        await this.#put(pieceName(id, head.pieces), piece)
        head.pieces++
        head.bytes += piece.length
      }
      former = await this.#head()
      if (head.pieces === 0 || !terms.mayReplace()) {
        await this.#remove(head)
        return false
      }
      await this.#put(HEAD, Buffer.from(JSON.stringify(head)))
    } catch (error) {
      await this.#remove(head)
      throw error
    }
    if (former !== undefined) await this.#remove(former)
    return true
  }

  async #put(name: string, bytes: Uint8Array): Promise<void> {
    const isThere = await this.#shelf.put(name, Buffer.concat([this.#front, bytes]), this.#ttlMs)
    if (!isThere) throw new Error('the store has not taken a piece of the snapshot')
  }

  async #get(name: string): Promise<Buffer | undefined> {
    const bytes = await this.#shelf.get(name)
    if (bytes === undefined || bytes.length < this.#front.length) return undefined
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(
      this.#front.length,
    )
  }

  async #head(): Promise<Head | undefined> {
    const bytes = await this.#get(HEAD)
    try {
      const head = JSON.parse(String(bytes)) as Head
      return isHead(head) ? head : undefined
    } catch {
      return undefined
    }
  }

  /** One round trip each, one after the other: all at once would hold up the reads of others. */
  async #pieces({ id, pieces, bytes }: Head): Promise<Buffer | undefined> {
    const whole = Buffer.allocUnsafe(bytes)
    let at = 0
    for (let i = 0; i < pieces; i++) {
      const piece = await this.#get(pieceName(id, i))
      if (piece === undefined || at + piece.length > bytes) return undefined
      at += piece.copy(whole, at)
    }
    return at === bytes ? whole : undefined
  }

  async #remove({ id, pieces }: Head): Promise<void> {
    const names = Array.from({ length: pieces }, (_, i) => pieceName(id, i))
    for (let from = 0; from < names.length; from += REMOVED_AT_ONCE) {
      await this.#shelf.remove(names.slice(from, from + REMOVED_AT_ONCE))
    }
  }
}

function pieceName(id: string, index: number): string {
  return `${HEAD}:${id}:${index}`
}

function isHead(head: unknown): head is Head {
  if (typeof head !== 'object' || head === null) return false
  const { id, pieces, bytes, wallMs } = head as Record<string, unknown>
  const isCount = (count: unknown, max: number) =>
    Number.isInteger(count) && (count as number) > 0 && (count as number) <= max
  const isSized = isCount(pieces, MAX_PIECES) && isCount(bytes, MAX_PIECES * PIECE_BYTES)
  return isSized && typeof id === 'string' && ID.test(id) && Number.isFinite(wallMs)
}

/** The same bytes in pieces of one size, the last of what is left. */
async function* inPieces(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  for await (const part of parts) {
    gathered.push(part)
    bytes += part.length
    while (bytes >= PIECE_BYTES) {
      const whole = Buffer.concat(gathered)
      yield whole.subarray(0, PIECE_BYTES)
      gathered = [whole.subarray(PIECE_BYTES)]
      bytes -= PIECE_BYTES
    }
  }
  if (bytes > 0) yield Buffer.concat(gathered)
}
