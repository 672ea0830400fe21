/** The compression optimizer of the document: its names, its shapes, its errors. */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import * as algorithms from '../../src/codecs/compression/algorithms/algorithms.js'
import {
  CompressionOptimizer,
  compressionOptimizer,
  type OptimizeOptions,
  type OptimizerConfiguration,
} from '../../src/facades/distributed/compression-optimizer.js'
import { isSame } from './odd-values.js'

const NAMES = ['auto', 'gzip', 'brotli', 'zstd', 'lz-string', 'lz4', 'snappy'] as const
const course = (lessons: number) => ({
  title: 'Algebra',
  since: new Date(5),
  lessons: Array.from({ length: lessons }, (_, id) => ({ id, title: `Lesson ${id}`, done: false })),
})

describe('compressionOptimizer', () => {
  it('does what the document shows', async () => {
    const largeData = course(60_000)
    const result = await compressionOptimizer.compress(largeData, {
      algorithm: 'auto',
      enableChunking: true,
      enableAdaptive: true,
    })
    const { compressed, metadata, compressionRatio } = result
    expect(Buffer.isBuffer(compressed)).toBe(true)
    expect(metadata).toMatchObject({ chunked: true, compressedSize: compressed.length })
    expect(compressionRatio).toBe(metadata.originalSize / compressed.length)
    expect(compressionRatio).toBeGreaterThan(2)
    const kept = JSON.parse(JSON.stringify(metadata))
    expect(isSame(await compressionOptimizer.decompress(compressed, kept), largeData)).toBe(true)
    compressionOptimizer.configure({ threshold: 512, enableAdaptive: true, performanceTarget: 10 })
    expect((await compressionOptimizer.compress('x'.repeat(600))).metadata.algorithm).not.toBe(
      'none',
    )
    expect(compressionOptimizer.getAlgorithmRecommendations()).toHaveLength(7)
    expect(compressionOptimizer.getStats().totalCompressions).toBe(2)
  })
})

describe('compress', () => {
  const optimizer = new CompressionOptimizer()

  it.each(NAMES)('brings back what it is given, by %s', async (algorithm) => {
    for (const data of [course(100), 'text '.repeat(1_000), Buffer.alloc(5_000, 'bytes')]) {
      const { compressed, metadata } = await optimizer.compress(data, { algorithm })
      expect(metadata.algorithm).toBe(algorithm === 'auto' ? metadata.algorithm : algorithm)
      expect(isSame(await optimizer.decompress(compressed, metadata), data)).toBe(true)
    }
  })

  it('makes one piece where it is not to chunk', async () => {
    const data = Buffer.alloc(2 ** 20 + 1)
    const chunked = async (enableChunking?: boolean) =>
      (await optimizer.compress(data, { algorithm: 'gzip', enableChunking })).metadata.chunked
    expect([await chunked(), await chunked(true), await chunked(false)]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('leaves what does not shrink, at a ratio of 1', async () => {
    for (const data of [randomBytes(5_000), 'short', '']) {
      const { compressionRatio, metadata } = await optimizer.compress(data)
      expect([metadata.algorithm, compressionRatio]).toEqual(['none', 1])
    }
  })

  it('names the package of an algorithm that is not installed', async () => {
    const installed = algorithms.algorithmNamed
    const spy = vi.spyOn(algorithms, 'algorithmNamed')
    spy.mockImplementation((name) => (name === 'snappy' ? undefined : installed(name)))
    onTestFinished(() => spy.mockRestore())
    const message = /'algorithm' is 'snappy'; the range is what is installed here; .* takes snappy/
    const rejected = optimizer.compress('', { algorithm: 'snappy' })
    await expect(rejected).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(rejected).rejects.toThrow(message)
    const { compressed, metadata } = await optimizer.compress('x'.repeat(2_000), {
      algorithm: 'gzip',
    })
    compressed[0] = 6
    const checksum = crc32(compressed)
    const read = optimizer.decompress(compressed, { ...metadata, algorithm: 'snappy', checksum })
    await expect(read).rejects.toMatchObject({ code: 'VALUE_UNREADABLE' })
    await expect(read).rejects.toThrow(/'snappy' is not installed here; it takes snappy/)
  })
})

describe('configure', () => {
  const algorithmOf = async (optimizer: CompressionOptimizer, data: unknown) =>
    (await optimizer.compress(data)).metadata.algorithm

  it('is for calls from then on, each option by itself', async () => {
    const optimizer = new CompressionOptimizer({ algorithm: 'gzip' })
    expect(await algorithmOf(optimizer, 'x'.repeat(600))).toBe('none')
    optimizer.configure({ threshold: 512 })
    expect(await algorithmOf(optimizer, 'x'.repeat(600))).toBe('gzip')
    optimizer.configure({ algorithm: 'brotli', enableChunking: false })
    expect(await algorithmOf(optimizer, 'x'.repeat(600))).toBe('brotli')
    const { metadata } = await optimizer.compress(Buffer.alloc(2 ** 20 + 1))
    expect(metadata).toMatchObject({ algorithm: 'brotli', chunked: false })
  })

  it('turns learning off, and gives it a time', async () => {
    const optimizer = new CompressionOptimizer({ enableAdaptive: false })
    const text = 'a line of some text\n'.repeat(1_000)
    expect(await algorithmOf(optimizer, text)).toBe('gzip')
    const measured = () => optimizer.getAlgorithmRecommendations().map(({ samples }) => samples)
    expect(measured()).toEqual([0, 0, 0, 0, 0, 0, 0])
    optimizer.configure({ enableAdaptive: true, performanceTarget: 0.001 })
    await algorithmOf(optimizer, text)
    expect(measured()[4]).toBeGreaterThan(0)
    expect(await algorithmOf(optimizer, text)).toBe('none')
  })

  it.each<[string, object]>([
    ['algorithm', { algorithm: 'rar' }],
    ['threshold', { threshold: 10 }],
    ['performanceTarget', { performanceTarget: 20_000 }],
    ['enableChunking', { enableChunking: 'yes' }],
    ['enableAdaptive', { enableAdaptive: 1 }],
  ])('refuses a wrong %s by name, value and range', async (name, options) => {
    const wrong = options as OptimizerConfiguration
    const message = new RegExp(`option '${name}' is .*; the range is `)
    const optimizer = new CompressionOptimizer()
    expect(() => optimizer.configure(wrong)).toThrowError(message)
    expect(() => new CompressionOptimizer(wrong)).toThrowError(message)
  })

  it('refuses names that there are not, of calls as well', async () => {
    const optimizer = new CompressionOptimizer()
    for (const name of ['level', 'chunked', 'adaptive']) {
      const options = { [name]: true } as object
      const message = new RegExp(`unknown option '${name}'; known here: algorithm, threshold`)
      expect(() => optimizer.configure(options)).toThrowError(message)
      await expect(optimizer.compress('', options)).rejects.toThrow(message)
    }
    const perCall = { performanceTarget: 1 } as OptimizeOptions
    await expect(optimizer.compress('', perCall)).rejects.toThrow(/unknown option 'performanceTa/)
  })
})

describe('what it tells', () => {
  it('has something to say before it has learned', () => {
    const advice = new CompressionOptimizer({ threshold: '4kb' }).getAlgorithmRecommendations()
    expect(advice.map(({ fromBytes }) => fromBytes)).toEqual([
      0, 256, 1_024, 4_096, 16_384, 65_536, 262_144,
    ])
    expect(advice[2]).toEqual({
      fromBytes: 1_024,
      algorithm: 'none',
      expectedRatio: 1,
      samples: 0,
      reason: 'smaller than the threshold of 4096 bytes',
    })
    expect(advice[3]).toMatchObject({ algorithm: 'gzip', expectedRatio: 1, samples: 0 })
    expect(advice[3]!.reason).toMatch(/nothing was measured yet/)
  })

  it('recommends by what it has learned of each size', async () => {
    const optimizer = new CompressionOptimizer()
    for (let i = 0; i < 20; i++) {
      await optimizer.compress(randomBytes(2_000))
      await optimizer.compress('a line of some text\n'.repeat(300))
    }
    const [noise, text] = optimizer.getAlgorithmRecommendations().slice(2, 4)
    expect(noise).toMatchObject({ algorithm: 'none', expectedRatio: 1 })
    expect(noise!.reason).toMatch(/nothing saves a sixteenth/)
    expect(text!.algorithm).not.toBe('none')
    expect(text!.expectedRatio).toBeGreaterThan(5)
  })

  it('counts', async () => {
    const optimizer = new CompressionOptimizer({ algorithm: 'gzip' })
    expect(optimizer.getStats()).toMatchObject({ totalCompressions: 0, averageRatio: 1 })
    const { compressed, metadata } = await optimizer.compress('x'.repeat(3_000))
    await optimizer.compress(randomBytes(1_000))
    await optimizer.decompress(compressed, metadata)
    await optimizer.decompress(compressed.subarray(1), metadata).catch(() => 'refused')
    const stats = optimizer.getStats()
    expect(stats).toMatchObject({
      totalCompressions: 2,
      totalDecompressions: 1,
      failedDecompressions: 1,
      originalBytes: 4_000,
      compressedBytes: compressed.length + 1_000,
      averageRatio: 4_000 / (compressed.length + 1_000),
    })
    expect(Object.keys(stats.algorithms)).toEqual(['gzip', 'none'])
    expect(stats.averageCompressionTime).toBeGreaterThanOrEqual(0)
  })
})
