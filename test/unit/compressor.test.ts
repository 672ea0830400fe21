/** Values made smaller outside of a cache and read again; lies about them; what is learned. */
import { randomBytes } from 'node:crypto'
import { crc32, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.js'
import {
  type CompressionMetadata,
  type Compressor,
  type CompressorOptions,
  createCompressor,
  isCacheError,
} from '../../src/index.js'
import { ALL_VALUES, isSame } from './odd-values.js'

const INSTALLED = ['auto', 'gzip', 'brotli', 'zstd', 'lz-string', 'lz4', 'snappy'] as const

const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: `name ${id * 7919}`, on: id % 3 === 0 }))
const text = (bytes: number) => 'every line is like the one before\n'.repeat(bytes / 34 + 1)

async function trip(compressor: Compressor, value: unknown): Promise<CompressionMetadata> {
  const { bytes, metadata } = await compressor.compress(value)
  expect(metadata.compressedSize).toBe(bytes.length)
  const kept = JSON.parse(JSON.stringify(metadata)) as CompressionMetadata
  expect(isSame(await compressor.decompress(bytes, kept), value)).toBe(true)
  return metadata
}

describe.each(INSTALLED)('%s', (algorithm) => {
  const compressor = createCompressor({ algorithm, threshold: 64 })

  it.each(Object.entries(ALL_VALUES))('brings back %s', async (_, value) => {
    await trip(compressor, value)
    await trip(compressor, { value, pad: 'pad '.repeat(100) })
  })

  it('brings back text that has no UTF-8, and a mark at its beginning', async () => {
    for (const part of ['lone \ud800 ', '\ufeffmarked ']) {
      await trip(compressor, part)
      await trip(compressor, part.repeat(100))
    }
  })

  it.each([2_000, 40_000])('makes %i bytes of each kind smaller', async (bytes) => {
    const bytesOfText = Buffer.from(text(bytes))
    for (const value of [text(bytes), bytesOfText, new Uint8Array(bytesOfText), rows(bytes / 50)]) {
      const { algorithm: used, originalSize, compressedSize } = await trip(compressor, value)
      expect(used).toBe(algorithm === 'auto' ? used : algorithm)
      expect(compressedSize).toBeLessThan(0.8 * originalSize)
    }
  })

  it('leaves what does not shrink as it is, and says so', async () => {
    for (const size of [500, 40_000]) {
      const noise = randomBytes(size)
      const same = { originalSize: size, compressedSize: size, chunked: false }
      expect(await trip(compressor, noise)).toMatchObject({ algorithm: 'none', ...same })
    }
  })
})

describe('what is compressed', () => {
  it('is what reaches the threshold, in bytes', async () => {
    const used = async (compressor: Compressor, value: unknown) =>
      (await trip(compressor, value)).algorithm
    const usual = createCompressor({ algorithm: 'gzip' })
    expect(await used(usual, 'x'.repeat(1_023))).toBe('none')
    expect(await used(usual, 'x'.repeat(1_024))).toBe('gzip')
    expect(await used(usual, 'é'.repeat(512))).toBe('gzip')
    const other = createCompressor({ algorithm: 'gzip', threshold: '4kb' })
    expect(await used(other, Buffer.alloc(4_095))).toBe('none')
    expect(await used(other, Buffer.alloc(4_096))).toBe('gzip')
    expect((await usual.compress('x'.repeat(70), { threshold: 64 })).metadata.algorithm).toBe(
      'gzip',
    )
  })

  it.each(INSTALLED)('comes in pieces from 1 MiB on, or in one (%s)', async (algorithm) => {
    const large = Buffer.alloc(2 ** 20 + 1, 'some text of a page, ')
    const inPieces = createCompressor({ algorithm })
    const isText = algorithm === 'lz-string'
    expect((await trip(inPieces, large.subarray(1))).chunked).toBe(isText)
    expect((await trip(inPieces, large)).chunked).toBe(true)
    expect((await trip(createCompressor({ algorithm, chunked: false }), large)).chunked).toBe(
      isText,
    )
  })

  it('is no more than could be read again', async () => {
    const compressor = createCompressor({ algorithm: 'gzip', maxDecompressedBytes: 10_000 })
    expect((await trip(compressor, Buffer.alloc(10_000))).algorithm).toBe('gzip')
    expect((await trip(compressor, Buffer.alloc(10_001))).algorithm).toBe('none')
  })

  it('is at most 64 large ones at a time', async () => {
    const compressor = createCompressor({ algorithm: 'snappy' })
    const large = Buffer.alloc(33_000)
    const all = await Promise.all(Array.from({ length: 66 }, () => compressor.compress(large)))
    expect(all.filter(({ metadata }) => metadata.algorithm === 'none')).toHaveLength(2)
    expect((await compressor.compress(large)).metadata.algorithm).toBe('snappy')
  })

  it('shares no memory with its caller', async () => {
    const compressor = createCompressor()
    const given = Buffer.from('short')
    const { bytes, metadata } = await compressor.compress(given)
    given.fill(0)
    const back = (await compressor.decompress(bytes, metadata)) as Buffer
    expect(back.toString()).toBe('short')
    back.fill(0)
    expect(await compressor.decompress(bytes, metadata)).toEqual(Buffer.from('short'))
  })

  it.each([undefined, () => 1, Symbol('s'), { a: [new WeakMap()] }])('is not %o', async (value) => {
    const rejected = createCompressor().compress(value)
    await expect(rejected).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
  })
})

describe('what lies', () => {
  const compressor = createCompressor({ algorithm: 'gzip', maxDecompressedBytes: 2 ** 20 })
  const refused = async (bytes: Uint8Array, metadata: unknown, message: RegExp) => {
    const rejected = compressor.decompress(bytes, metadata as CompressionMetadata)
    await expect(rejected).rejects.toMatchObject({ code: 'VALUE_UNREADABLE' })
    await expect(rejected).rejects.toThrow(message)
  }

  it.each<[keyof CompressionMetadata, unknown[]]>([
    ['algorithm', ['brotli', 'none', 'rar', '__proto__', undefined]],
    ['format', ['buffer ', 'toString', 7, undefined]],
    ['originalSize', [0, 4_999, 5_001, -1, Number.NaN, '5000', undefined]],
    ['compressedSize', [0, 5_000, null, undefined]],
    ['chunked', [true, 0, undefined]],
    ['checksum', [0, Number.NaN, '0', undefined]],
  ])('about its %s is refused', async (field, lies) => {
    const { bytes, metadata } = await compressor.compress(text(5_000).slice(0, 5_000))
    for (const told of lies) await refused(bytes, { ...metadata, [field]: told }, /^decompress: /)
  })

  it('about the kind of value is refused, or another reading of the same bytes', async () => {
    const { bytes, metadata } = await compressor.compress(randomBytes(3_000))
    for (const format of ['text', 'json', 'tree']) {
      await refused(bytes, { ...metadata, format }, new RegExp(`the bytes are no ${format}`))
    }
    await refused(bytes, undefined, /the metadata are no object/)
    const noBytes = compressor.decompress('text' as unknown as Uint8Array, metadata)
    await expect(noBytes).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each(INSTALLED)('by any byte that was changed, is refused (%s)', async (algorithm) => {
    const { bytes, metadata } = await compressor.compress(rows(200), { algorithm })
    const forged = { unreadable: 0, read: 0 }
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 60)) {
      const changed = Buffer.from(bytes)
      changed[at] = changed[at]! ^ (1 << (at & 7))
      await refused(changed, metadata, /damaged|do not begin|originalSize|chunked/)
      const summed = { ...metadata, checksum: crc32(changed) }
      await compressor.decompress(changed, summed).then(
        () => forged.read++,
        (error) => isCacheError(error, 'VALUE_UNREADABLE') && forged.unreadable++,
      )
    }
    expect(forged.read + forged.unreadable).toBeGreaterThan(50)
    await refused(bytes.subarray(0, -1), metadata, /compressedSize/)
    await refused(Buffer.alloc(0), metadata, /do not begin/)
  })

  it.each([
    ['more than the limit', 2 ** 20 + 1, 2 ** 20 + 1],
    ['less than it holds', 5_000, 2 ** 24],
    ['less than it holds, later', 50_000, 2 ** 24],
  ])('as a bomb, which claims %s, is refused', async (_, claimed, held) => {
    const head = Buffer.of(1, 0, 0, 0, 0)
    head.writeUInt32BE(claimed, 1)
    const bytes = Buffer.concat([head, gzipSync(Buffer.alloc(held))])
    const sizes = { originalSize: claimed, compressedSize: bytes.length, chunked: false }
    const metadata = { algorithm: 'gzip', format: 'buffer', ...sizes, checksum: crc32(bytes) }
    await refused(bytes, metadata, bytes.length > claimed ? /damaged/ : /maxDecompressedBytes/)
  })
})

describe('auto', () => {
  const feed = async (compressor: Compressor, make: () => unknown) => {
    for (let i = 0; i < 30; i++) await compressor.compress(make())
  }
  const adviceOn = (compressor: Compressor, fromBytes: number) =>
    compressor.advice().find((row) => row.fromBytes === fromBytes)!

  it('learns for each size whether, and by what', async () => {
    const compressor = createCompressor()
    expect(compressor.learned()).toEqual([])
    expect(compressor.advice().map(({ algorithm }) => algorithm)).toEqual([
      ...['none', 'none', 'gzip', 'gzip', 'gzip', 'gzip', 'gzip'],
    ])
    await feed(compressor, () => randomBytes(2_000))
    await feed(compressor, () => text(6_000))
    const [noise, lines] = compressor.learned()
    expect([noise!.fromBytes, noise!.chosen]).toEqual([1_024, undefined])
    expect(lines).toMatchObject({ fromBytes: 4_096, chosen: expect.stringMatching(/:\d$/) })
    expect(adviceOn(compressor, 1_024)).toMatchObject({ algorithm: 'none', ratio: 1 })
    const advised = adviceOn(compressor, 4_096)
    expect(advised.reason).toMatch(/leaves \d+ % of the bytes .* the most bytes saved per micro/)
    expect(advised.ratio).toBeLessThan(0.5)
    expect((await compressor.compress(text(6_000))).metadata.algorithm).toBe(advised.algorithm)
    expect((await compressor.compress(randomBytes(2_000))).metadata.algorithm).toBe('none')
  })

  it('does not learn where it is not to, and takes what it knows', async () => {
    const compressor = createCompressor({ adaptive: false })
    expect((await compressor.compress(text(6_000))).metadata.algorithm).toBe('gzip')
    const samples = () => compressor.learned()[0]!.candidates.map((each) => each.samples)
    expect(samples().every((count) => count === 0)).toBe(true)
    expect(adviceOn(compressor, 4_096).samples).toBe(0)
    await compressor.compress(text(6_000), { adaptive: true })
    const known = samples()
    expect(Math.max(...known)).toBeGreaterThan(0)
    const { metadata } = await compressor.compress(text(6_000))
    expect(metadata.algorithm).toBe(adviceOn(compressor, 4_096).algorithm)
    expect(samples()).toEqual(known)
  })

  it('takes no more time than it is given, and begins anew with another time', async () => {
    const compressor = createCompressor({ performanceTarget: 0.001 })
    await compressor.compress(text(30_000))
    expect((await compressor.compress(text(30_000))).metadata.algorithm).toBe('none')
    expect(adviceOn(compressor, 16_384).reason).toMatch(/within 0.001 ms/)
    compressor.configure({ performanceTarget: 10_000 })
    expect(compressor.learned()).toEqual([])
    await compressor.compress(text(30_000))
    expect((await compressor.compress(text(30_000))).metadata.algorithm).not.toBe('none')
    expect(adviceOn(compressor, 16_384).reason).toMatch(/the smallest within 10000 ms/)
    const known = compressor.learned()
    compressor.configure({ threshold: 64, performanceTarget: 10_000 })
    expect(compressor.learned()).toEqual(known)
  })
})

describe('options', () => {
  it.each<[string, object]>([
    ['algorithm', { algorithm: 'rar' }],
    ['threshold', { threshold: 63 }],
    ['performanceTarget', { performanceTarget: 0 }],
    ['chunked', { chunked: 1 }],
    ['adaptive', { adaptive: 'yes' }],
    ['maxDecompressedBytes', { maxDecompressedBytes: 1 }],
    ['clock', { clock: {} }],
    ['random', { random: 4 }],
  ])('of a wrong %s are refused', (name, options) => {
    const message = new RegExp(`^createCompressor: option '${name}' is .*; the range is `)
    expect(() => createCompressor(options as CompressorOptions)).toThrowError(message)
  })

  it('of another place are refused, and change nothing', async () => {
    const compressor = createCompressor({ algorithm: 'gzip', threshold: 64 })
    const perCall = { performanceTarget: 1 } as object
    await expect(compressor.compress('', perCall)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
    const wrong = { threshold: '1mb', chunked: 'no' } as object
    expect(() => compressor.configure(wrong)).toThrowError(/^configure: option 'chunked' is 'no'/)
    expect(() => compressor.configure({ dictionary: true } as object)).toThrowError(/'dictionary'/)
    expect((await compressor.compress('x'.repeat(70))).metadata.algorithm).toBe('gzip')
  })
})

it('counts calls, bytes and time, by algorithm', async () => {
  let nowMs = 0
  const clock = Object.assign(Object.create(systemClock), { monotonicMs: () => (nowMs += 5) })
  const compressor = createCompressor({ algorithm: 'gzip', clock })
  const { bytes, metadata } = await compressor.compress('x'.repeat(2_000))
  await compressor.compress('short')
  await compressor.decompress(bytes, metadata)
  await compressor.decompress(bytes, { ...metadata, chunked: true }).catch(() => 'refused')
  const done = { compressions: 1, compressMs: 5 }
  const gzip = { ...done, originalBytes: 2_000, compressedBytes: bytes.length, decompressMs: 5 }
  expect(compressor.stats()).toEqual({
    compressions: 2,
    decompressions: 1,
    unreadable: 1,
    originalBytes: 2_005,
    compressedBytes: bytes.length + 5,
    compressMs: 10,
    decompressMs: 5,
    algorithms: {
      gzip: { ...gzip, decompressions: 1 },
      none: { ...done, originalBytes: 5, compressedBytes: 5, decompressions: 0, decompressMs: 0 },
    },
  })
})
