/** What a compressor has done, by algorithm. As many numbers as there are algorithms. */
import type { AlgorithmName } from '../algorithms/algorithms.js'

/** `none`: left as it is. */
export type UsedAlgorithm = AlgorithmName | 'none'

export interface AlgorithmCounts {
  readonly compressions: number
  readonly decompressions: number
  /** Of what was compressed: before. */
  readonly originalBytes: number
  /** Of what was compressed: after. */
  readonly compressedBytes: number
  /** Of calls, their waiting included. */
  readonly compressMs: number
  readonly decompressMs: number
}

export interface CompressorStats extends AlgorithmCounts {
  /** Calls of `decompress` that were refused: VALUE_UNREADABLE. */
  readonly unreadable: number
  /** Those that were used. */
  readonly algorithms: Readonly<Partial<Record<UsedAlgorithm, AlgorithmCounts>>>
}

type Sums = { -readonly [Name in keyof AlgorithmCounts]: number }

export class CompressorCounts {
  readonly #byAlgorithm = new Map<UsedAlgorithm, Sums>()
  #unreadable = 0

  compressed(by: UsedAlgorithm, originalBytes: number, compressedBytes: number, ms: number): void {
    const sums = this.#sumsOf(by)
    sums.compressions++
    sums.originalBytes += originalBytes
    sums.compressedBytes += compressedBytes
    sums.compressMs += ms
  }

  decompressed(by: UsedAlgorithm, ms: number): void {
    const sums = this.#sumsOf(by)
    sums.decompressions++
    sums.decompressMs += ms
  }

  refused(): void {
    this.#unreadable++
  }

  snapshot(): CompressorStats {
    const total = noSums()
    for (const sums of this.#byAlgorithm.values()) {
      for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += sums[name]
    }
    const each = [...this.#byAlgorithm].map(([name, sums]) => [name, { ...sums }])
    return { ...total, unreadable: this.#unreadable, algorithms: Object.fromEntries(each) }
  }

  #sumsOf(by: UsedAlgorithm): Sums {
    const known = this.#byAlgorithm.get(by)
    if (known !== undefined) return known
    const sums = noSums()
    this.#byAlgorithm.set(by, sums)
    return sums
  }
}

function noSums(): Sums {
  return {
    compressions: 0,
    decompressions: 0,
    originalBytes: 0,
    compressedBytes: 0,
    compressMs: 0,
    decompressMs: 0,
  }
}
