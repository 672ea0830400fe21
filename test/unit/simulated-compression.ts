/**
 * Candidates that cost what a table says, on a clock that only they move: with noise, and once in a
 * while with a pause of 10 ms. A value's bytes all say which kind of data it is.
 */
import { AlgorithmChoice } from '../../src/codecs/compression/auto/algorithm-choice.js'
import type { Candidate } from '../../src/codecs/compression/auto/candidate.js'
import type { Objective } from '../../src/codecs/compression/auto/objective.js'

export interface Sort {
  readonly name: string
  /** Microseconds to compress, in front and per byte; getting it back takes a third of it. */
  readonly perCall: number
  readonly perByte: number
  /** Stored bytes per raw byte, by kind of data. */
  readonly ratios: readonly number[]
}

export interface Totals {
  values: number
  savedBytes: number
  /** Without noise, so that what was chosen is judged and not its luck. */
  costMicroseconds: number
  /** By the clock. */
  earnestMicroseconds: number
  exploringMicroseconds: number
  left: number
  names: Map<string, number>
}

const DECOMPRESS_SHARE = 1 / 3
const NOISE = 0.3
const PAUSE_MICROSECONDS = 10_000
const POOL = new Uint8Array(512 * 1024)

export class SimulatedCompression {
  readonly random: () => number
  readonly choice: AlgorithmChoice
  nowMicroseconds = 0
  longestRoundMicroseconds = 0
  largestSampleBytes = 0
  readonly #pauseChance: number
  readonly #sorts: Map<string, Sort>
  readonly #values = new Map<string, Uint8Array>()
  #isSampling = false

  constructor(sorts: readonly Sort[], objective: Objective, seed: number, pauseChance = 1 / 3000) {
    this.random = seededRandom(seed)
    this.#pauseChance = pauseChance
    this.#sorts = new Map(sorts.map((sort) => [sort.name, sort]))
    this.choice = new AlgorithmChoice({
      candidates: sorts.map((sort) => this.candidate(sort)),
      objective,
      nowMicroseconds: () => this.nowMicroseconds,
      random: this.random,
    })
  }

  candidate(sort: Sort): Candidate {
    return {
      name: sort.name,
      compress: (bytes) => {
        if (this.#isSampling && bytes.length > this.largestSampleBytes) {
          this.largestSampleBytes = bytes.length
        }
        this.#pass(sort.perCall + sort.perByte * bytes.length)
        return POOL.subarray(0, Math.ceil(bytes.length * sort.ratios[bytes[0]!]!))
      },
      decompress: (_, rawBytes) => {
        this.#pass((sort.perCall + sort.perByte * rawBytes) * DECOMPRESS_SHARE)
        return POOL.subarray(0, rawBytes)
      },
    }
  }

  /** Writes that many values, of kinds in turn by chance, and reads each of them back once. */
  drive(
    values: number,
    kind: number | readonly number[],
    sizeOf: (random: () => number) => number,
  ): Totals {
    const totals = noTotals()
    const kinds = [kind].flat()
    for (let i = 0; i < values; i++) {
      const one = kinds[Math.floor(this.random() * kinds.length)]!
      this.#write(this.#value(one, Math.floor(sizeOf(this.random))), totals)
    }
    return totals
  }

  #write(bytes: Uint8Array, totals: Totals): void {
    const { choice } = this
    const begin = this.nowMicroseconds
    const candidate = choice.choose(bytes.length)
    totals.values++
    if (candidate === undefined) totals.left++
    else {
      const packed = candidate.compress(bytes)
      choice.record(candidate, bytes.length, packed.length, this.nowMicroseconds - begin)
      candidate.decompress(packed, bytes.length)
      totals.savedBytes += bytes.length - packed.length
      totals.costMicroseconds += costOf(this.#sorts.get(candidate.name)!, bytes.length)
      totals.names.set(candidate.name, (totals.names.get(candidate.name) ?? 0) + 1)
    }
    const middle = this.nowMicroseconds
    totals.earnestMicroseconds += middle - begin
    this.#isSampling = true
    choice.sample(bytes)
    this.#isSampling = false
    const took = this.nowMicroseconds - middle
    totals.exploringMicroseconds += took
    this.longestRoundMicroseconds = Math.max(this.longestRoundMicroseconds, took)
  }

  #pass(microseconds: number): void {
    this.nowMicroseconds += microseconds * (1 - NOISE / 2 + NOISE * this.random())
    if (this.random() < this.#pauseChance) this.nowMicroseconds += PAUSE_MICROSECONDS
  }

  #value(kind: number, size: number): Uint8Array {
    const key = `${kind}:${size}`
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const value = new Uint8Array(size).fill(kind)
    this.#values.set(key, value)
    return value
  }
}

/** What a write and a read of a value cost, without noise. */
export function costOf(sort: Sort, rawBytes: number): number {
  return (sort.perCall + sort.perByte * rawBytes) * (1 + DECOMPRESS_SHARE)
}

/** Sizes between the two, in sixteen steps. */
export function between(least: number, most: number): (random: () => number) => number {
  return (random) => least + (Math.floor(random() * 16) / 16) * (most - least)
}

function noTotals(): Totals {
  return {
    values: 0,
    savedBytes: 0,
    costMicroseconds: 0,
    earnestMicroseconds: 0,
    exploringMicroseconds: 0,
    left: 0,
    names: new Map(),
  }
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
