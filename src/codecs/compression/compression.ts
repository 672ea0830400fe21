/**
 * What a namespace compresses, by what, and when it does not: below the threshold, where nothing
 * shrinks, where too much is under way already.
 */
import type { DecodeFault, LearnedSizeClass } from '../../core/codec.js'
import type { Clock } from '../../core/contracts.js'
import type { Shelf } from '../../core/shelf.js'
import type { CompressionSettings } from '../../core/stored-format.js'
import { algorithmNamed } from './algorithms/algorithms.js'
import { LearnedAlgorithm } from './auto/learned-algorithm.js'
import { BY_DICTIONARY, decompress, faultOf } from './compressed-payload.js'
import { Dictionaries } from './dictionaries/dictionaries.js'
import { type Dictionary, idIn } from './dictionaries/dictionary.js'
import { runAlgorithm, runLearned, type Smaller } from './run-algorithm.js'
import type { Turns } from './turns.js'

export interface CompressionOptions {
  readonly namespace: string
  readonly maxDecompressedBytes: number
  /** Of the cache: large values are decompressed one after another. */
  readonly turns: Turns
  readonly clock: Clock
  readonly random: () => number
  readonly shelf: Shelf | undefined
}

export class Compression {
  readonly #options: CompressionOptions
  /** Where there is a store to share them; made when one is first written or read. */
  #dictionaries: Dictionaries | undefined
  #learned: LearnedAlgorithm | undefined

  constructor(options: CompressionOptions) {
    this.#options = options
  }

  /** `undefined` where the payload is to stay as it is. Never throws and never rejects. */
  compress(payload: Buffer | string, settings: CompressionSettings): Smaller {
    // No more than three bytes a unit: what is surely short need not be counted.
    const { usesDictionary, thresholdBytes } = settings
    if (!usesDictionary && payload.length * 3 < thresholdBytes) return undefined
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    const small = usesDictionary ? this.#compressSmall(bytes) : undefined
    if (small !== undefined) return small
    if (bytes.length < thresholdBytes) return undefined
    if (settings.algorithm !== 'auto') {
      const algorithm = algorithmNamed(settings.algorithm)
      return algorithm && runAlgorithm(algorithm, bytes)
    }
    this.#learned ??= new LearnedAlgorithm(settings, this.#options.random)
    return runLearned(this.#learned, bytes)
  }

  /** Never throws and never rejects. */
  decompress(bytes: Buffer): Buffer | DecodeFault | Promise<Buffer | DecodeFault> {
    const { maxDecompressedBytes, turns } = this.#options
    const isByDictionary = (bytes[0]! & BY_DICTIONARY) !== 0
    if (!isByDictionary) return decompress(bytes, maxDecompressedBytes, turns)
    const id = idIn(bytes)
    if (id === undefined) return 'payload'
    const found = this.#shelved()?.find(id)
    const read = (by: Dictionary | undefined) => decompressSmall(by, bytes, maxDecompressedBytes)
    return found instanceof Promise ? found.then(read) : read(found)
  }

  #compressSmall(bytes: Buffer): Buffer | undefined {
    try {
      return this.#shelved()?.compress(bytes)
    } catch {
      return undefined
    }
  }

  #shelved(): Dictionaries | undefined {
    const { namespace, shelf, clock } = this.#options
    if (shelf !== undefined) this.#dictionaries ??= new Dictionaries({ namespace, shelf, clock })
    return this.#dictionaries
  }

  /** What `auto` has learned. */
  learned(): readonly LearnedSizeClass[] {
    return this.#learned?.figures() ?? []
  }
}

function decompressSmall(
  dictionary: Dictionary | undefined,
  bytes: Buffer,
  maxBytes: number,
): Buffer | DecodeFault {
  if (dictionary === undefined) return 'dictionary'
  try {
    return dictionary.decompress(bytes, maxBytes)
  } catch (error) {
    return faultOf(error)
  }
}
