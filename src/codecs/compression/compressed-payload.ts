/**
 * A payload made smaller:
 *
 *   byte  size
 *      0     1  algorithm (4 bits) · in pieces (1) · against a dictionary (1)
 *      1     4  bytes before, big-endian
 *      5     4  in pieces: bytes of a piece before; then for each its length (4) and itself
 *               else: what the algorithm made
 *
 * Against a dictionary only the first byte is the same (dictionaries/dictionary.ts).
 *
 * Small ones are made and read at once, large ones in another thread, very large ones piece by
 * piece, so that one piece is all the room that is needed beside what goes in and comes out. What
 * the bytes claim is held against bounds before room is made for it. What does not shrink by a
 * sixteenth is not worth the time of its readers.
 */
import type { DecodeFault } from '../../core/codec.js'
import type { Algorithm } from './algorithms/algorithm.js'
import { PIECE_BYTES } from './algorithms/algorithm.js'
import { algorithmOfCode } from './algorithms/algorithms.js'
import { GrowingBytes } from './growing-bytes.js'
import type { Turns } from './turns.js'

/** Below that, the way to another thread and back takes longer than the work. */
export const AT_ONCE_BYTES = 2 ** 15

const CODE_MASK = 15
const IN_PIECES = 16
export const BY_DICTIONARY = 32
const KNOWN_BITS = CODE_MASK | IN_PIECES
const HEAD_BYTES = 5
const LENGTH_BYTES = 4

/** Of a payload of that many bytes, what is worth to be stored in its place. */
export function worthBytes(rawBytes: number): number {
  return rawBytes - Math.ceil(rawBytes / 16)
}

/** `undefined` where it does not shrink. Throws where the algorithm fails. */
export function compressAtOnce(algorithm: Algorithm, payload: Uint8Array): Buffer | undefined {
  const isWhole = payload.length <= algorithm.maxBytes
  const parts: Uint8Array[] = [headOf(algorithm, payload.length)]
  if (isWhole) parts.push(algorithm.compressSync(payload))
  else {
    for (const piece of piecesOf(algorithm, payload)) {
      const small = algorithm.compressSync(piece)
      parts.push(lengthOf(small.length), small)
    }
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length <= worthBytes(payload.length) ? Buffer.concat(parts, length) : undefined
}

/** As `compressAtOnce`, off the event loop. */
export async function compressLater(
  algorithm: Algorithm,
  payload: Uint8Array,
): Promise<Buffer | undefined> {
  const isWhole = payload.length <= algorithm.maxBytes
  const target = new GrowingBytes(worthBytes(payload.length))
  target.add(headOf(algorithm, payload.length))
  for (const [i, piece] of [...piecesOf(algorithm, payload)].entries()) {
    const small = await compressPiece(algorithm, piece)
    if (i === 0) target.expect((small.length * payload.length) / piece.length)
    if (!isWhole) target.add(lengthOf(small.length))
    if (!target.add(small)) return undefined
  }
  return target.bytes()
}

function compressPiece(algorithm: Algorithm, piece: Uint8Array): Promise<Uint8Array> {
  if (algorithm.compress !== undefined) return algorithm.compress(piece)
  return nextTurn(() => algorithm.compressSync(piece))
}

/** What the first bytes say. */
export interface PayloadHead {
  readonly code: number
  readonly isInPieces: boolean
  readonly rawBytes: number
}

/** `undefined` for what this does not write, and for what a dictionary is needed for. */
export function headIn(bytes: Buffer): PayloadHead | undefined {
  if (bytes.length <= HEAD_BYTES || (bytes[0]! & ~KNOWN_BITS) !== 0) return undefined
  const isInPieces = (bytes[0]! & IN_PIECES) !== 0
  return { code: bytes[0]! & CODE_MASK, isInPieces, rawBytes: bytes.readUInt32BE(1) }
}

/**
 * The payload as it was, or why not. Never throws. Those of dictionaries are read by them. More
 * than `maxWholeBytes` must have come in pieces: then room is made for one when there is something.
 */
export function decompress(
  bytes: Buffer,
  maxBytes: number,
  turns: Turns,
  maxWholeBytes = PIECE_BYTES,
): Buffer | DecodeFault | Promise<Buffer | DecodeFault> {
  const fault = headFault(bytes, maxBytes)
  if (fault !== undefined) return fault
  const algorithm = algorithmOfCode(bytes[0]! & CODE_MASK)
  if (algorithm === undefined) return 'algorithm'
  const rawBytes = bytes.readUInt32BE(1)
  const isWhole = (bytes[0]! & IN_PIECES) === 0
  const pieces = isWhole ? wholeOf(bytes, rawBytes, maxWholeBytes) : readPieces(bytes)
  if (pieces === undefined) return 'payload'
  if (rawBytes > AT_ONCE_BYTES)
    return inTurn(turns, rawBytes, () => joinLater(algorithm, pieces, rawBytes))
  try {
    const parts = pieces.map((piece) =>
      exactly(piece, algorithm.decompressSync(piece.bytes, piece.rawBytes)),
    )
    return parts.length === 1 ? asBuffer(parts[0]!) : Buffer.concat(parts)
  } catch (error) {
    return faultOf(error)
  }
}

/** What is wrong with the first bytes, as far as they alone tell. */
function headFault(bytes: Buffer, maxBytes: number): DecodeFault | undefined {
  if (bytes.length <= HEAD_BYTES) return 'truncated'
  if ((bytes[0]! & ~KNOWN_BITS) !== 0) return 'version'
  const rawBytes = bytes.readUInt32BE(1)
  if (rawBytes > maxBytes) return 'too-large'
  return bytes.length > rawBytes + HEAD_BYTES ? 'payload' : undefined
}

/** A lie about the length is told by the bound that it set. */
export function faultOf(error: unknown): DecodeFault {
  const isBound = (error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE'
  return isBound ? 'too-large' : 'payload'
}

interface Piece {
  readonly bytes: Buffer
  readonly rawBytes: number
}

function wholeOf(
  bytes: Buffer,
  rawBytes: number,
  maxWholeBytes: number,
): readonly Piece[] | undefined {
  return rawBytes <= maxWholeBytes ? [{ bytes: bytes.subarray(HEAD_BYTES), rawBytes }] : undefined
}

/** `undefined` unless they add up. */
function readPieces(bytes: Buffer): readonly Piece[] | undefined {
  let left = bytes.readUInt32BE(1)
  let at = HEAD_BYTES + LENGTH_BYTES
  if (bytes.length < at) return undefined
  const pieceBytes = bytes.readUInt32BE(HEAD_BYTES)
  if (pieceBytes === 0 || pieceBytes > PIECE_BYTES) return undefined
  const pieces: Piece[] = []
  while (left > 0 && at + LENGTH_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    at += LENGTH_BYTES
    const rawBytes = Math.min(pieceBytes, left)
    pieces.push({ bytes: bytes.subarray(at, at + length), rawBytes })
    at += length
    left -= rawBytes
  }
  return left === 0 && at === bytes.length ? pieces : undefined
}

async function inTurn(
  turns: Turns,
  rawBytes: number,
  run: () => Promise<Buffer | DecodeFault>,
): Promise<Buffer | DecodeFault> {
  if (!(await turns.take(rawBytes))) return 'slow'
  try {
    return await run()
  } finally {
    turns.end(rawBytes)
  }
}

async function joinLater(
  algorithm: Algorithm,
  pieces: readonly Piece[],
  rawBytes: number,
): Promise<Buffer | DecodeFault> {
  try {
    let target: Buffer | undefined
    let at = 0
    for (const piece of pieces) {
      const raw = exactly(piece, await decompressPiece(algorithm, piece))
      // Not before there is something: a head is quickly written.
      target ??= Buffer.allocUnsafeSlow(rawBytes)
      target.set(raw, at)
      at += piece.rawBytes
    }
    return target ?? 'payload'
  } catch (error) {
    return faultOf(error)
  }
}

function decompressPiece(algorithm: Algorithm, piece: Piece): Promise<Uint8Array> {
  if (algorithm.decompress !== undefined) return algorithm.decompress(piece.bytes, piece.rawBytes)
  return nextTurn(() => algorithm.decompressSync(piece.bytes, piece.rawBytes))
}

function exactly(piece: Piece, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== piece.rawBytes) throw new RangeError('another length')
  return bytes
}

/** Lets others run between two pieces. */
function nextTurn<T>(run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(run())
      } catch (error) {
        reject(error)
      }
    })
  })
}

function* piecesOf(algorithm: Algorithm, payload: Uint8Array): Generator<Uint8Array, void, void> {
  for (let from = 0; from < payload.length; from += algorithm.maxBytes) {
    yield payload.subarray(from, from + algorithm.maxBytes)
  }
}

function headOf(algorithm: Algorithm, rawBytes: number): Buffer {
  const isWhole = rawBytes <= algorithm.maxBytes
  const head = Buffer.allocUnsafe(HEAD_BYTES + (isWhole ? 0 : LENGTH_BYTES))
  head[0] = algorithm.code | (isWhole ? 0 : IN_PIECES)
  head.writeUInt32BE(rawBytes, 1)
  if (!isWhole) head.writeUInt32BE(algorithm.maxBytes, HEAD_BYTES)
  return head
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.allocUnsafe(LENGTH_BYTES)
  length.writeUInt32BE(bytes)
  return length
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
