/**
 * Bytes that somebody has damaged, by chance and with intent: few changes, each of a kind that has
 * broken readers before. The same random numbers give the same bytes.
 */
export type Random = () => number

/** What a mutation is drawn from. */
export interface MutationSource {
  readonly bytes: Buffer
  /** Where numbers lie that others depend on: heads, lengths, counts. */
  readonly places: readonly number[]
}

const MAX_EDITS = 6
const MAX_INSERTED_BYTES = 16
const MAX_COPIED_BYTES = 256
/** What copies cannot grow beyond. */
const MAX_GROWN_BYTES = 2 ** 17

/** Of the edits. More, and little is left whose head makes sense. */
const PLACES_SHARE = 0.15

const NUMBERS = [
  ...[0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x10001, 0xfffff],
  ...[2 ** 20, 2 ** 20 + 1, 2 ** 24, 2 ** 26, 2 ** 26 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
]
/** Heads of msgpack, and what JSON and the envelope are made of. */
const TOKENS = [
  ...[0x00, 0x40, 0x41, 0x5f, 0x7f, 0x80, 0x8f, 0x90, 0x91, 0x92, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1],
  ...[0xc4, 0xc6, 0xc7, 0xc9, 0xcb, 0xcf, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd],
  ...[0xde, 0xdf, 0xff, 0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x46, 0x53, 0x20, 0x30, 0x2d],
]
const PHRASES = [
  ...['__proto__', 'constructor', 'prototype', 'toJSON', 'then', '\\ud800', '1e999', '-0', '[[[['],
  ...['\xd4\x72\x40', '\xd4\x73\x00', '\xd4\x78\x00\x92', '\xd6\x69\0\0\0\x01', '\xd4\0\0'],
  ...['\xd6\x70\0\0\0\x01', '\xc7\x01\x74\x08', '\xd6\x62\0\0\0\x05', '\xc7\x01\x42\xff'],
].map((text) => Buffer.from(text, 'latin1'))

/** From 0 up to `end`, which it is not. */
export function upTo(random: Random, end: number): number {
  return Math.floor(random() * end)
}

export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[upTo(random, list.length)]!
}

export function randomBuffer(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => upTo(random, 256)))
}

/** Changed in one to six places; `other` lends parts. */
export function mutated(random: Random, source: MutationSource, other: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(source.bytes)
  const edits = 1 + Math.floor(random() ** 4 * MAX_EDITS)
  for (let edit = 0; edit < edits; edit++) {
    const place = placeIn(random, bytes, source.places)
    const changed = oneOf(random, EDITS)(bytes, place, random, other)
    if (changed.length <= Math.max(MAX_GROWN_BYTES, bytes.length)) bytes = changed
  }
  return bytes
}

function placeIn(random: Random, bytes: Buffer, places: readonly number[]): number {
  const isChosen = places.length > 0 && random() < PLACES_SHARE
  return Math.min(bytes.length, isChosen ? oneOf(random, places) : upTo(random, bytes.length + 1))
}

type Edit = (bytes: Buffer, at: number, random: Random, other: Buffer) => Buffer

function replaced(bytes: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])
}

function partOf(random: Random, bytes: Buffer): Buffer {
  const start = upTo(random, bytes.length)
  return bytes.subarray(start, start + 1 + upTo(random, MAX_COPIED_BYTES))
}

/** By what number a length, a count or a size becomes a lie. */
function numberBytes(random: Random): Buffer {
  const size = oneOf(random, [1, 2, 4, 4])
  const number = oneOf(random, NUMBERS) % 2 ** (8 * size)
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(number, 0, size)
  return random() < 0.8 ? bytes : bytes.reverse()
}

const EDITS: readonly Edit[] = [
  (bytes, at, random) => {
    if (at < bytes.length) bytes[at]! ^= 1 << upTo(random, 8)
    return bytes
  },
  (bytes, at, random) => {
    if (at < bytes.length) bytes[at] = upTo(random, 256)
    return bytes
  },
  (bytes, at, random) => {
    if (at < bytes.length) bytes[at] = oneOf(random, TOKENS)
    return bytes
  },
  (bytes, at, random) => {
    if (at < bytes.length) bytes[at] = (bytes[at]! + oneOf(random, [1, 255, 2, 254])) & 255
    return bytes
  },
  (bytes, at, random) => {
    const number = numberBytes(random)
    return replaced(bytes, at, number.length, number)
  },
  (bytes, at, random) =>
    replaced(bytes, at, 0, randomBuffer(random, 1 + upTo(random, MAX_INSERTED_BYTES))),
  (bytes, at, random) => replaced(bytes, at, 0, oneOf(random, PHRASES)),
  (bytes, at, random) => {
    const phrase = oneOf(random, PHRASES)
    return replaced(bytes, at, phrase.length, phrase)
  },
  (bytes, at, random) => replaced(bytes, at, 1 + upTo(random, MAX_INSERTED_BYTES), Buffer.alloc(0)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => replaced(bytes, at, 0, partOf(random, bytes)),
  (bytes, at, random, other) => {
    const part = partOf(random, other)
    return replaced(bytes, at, random() < 0.5 ? part.length : 0, part)
  },
  (bytes, at, random) => {
    const part = partOf(random, bytes).subarray(0, MAX_INSERTED_BYTES)
    const times = 1 + upTo(random, 64)
    return replaced(bytes, at, 0, Buffer.concat(Array.from({ length: times }, () => part)))
  },
]
