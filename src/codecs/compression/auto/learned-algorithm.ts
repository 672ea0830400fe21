/** `auto` for one namespace: what is installed here, and the choice that learns among it. */
import type { LearnedSizeClass } from '../../../core/codec.js'
import type { CompressionSettings } from '../../../core/stored-format.js'
import type { Algorithm } from '../algorithms/algorithm.js'
import { levelsToLearn } from '../algorithms/algorithms.js'
import { AlgorithmChoice } from './algorithm-choice.js'
import type { Candidate } from './candidate.js'

export interface LearnedLevel extends Candidate {
  readonly algorithm: Algorithm
}

/** Not before it is asked for: packages are loaded by it. */
function candidates(): readonly LearnedLevel[] {
  return levelsToLearn().map(({ name, algorithm }) => ({
    name,
    algorithm,
    compress: (bytes) => algorithm.compressSync(bytes),
    decompress: (bytes, rawBytes) => algorithm.decompressSync(bytes, rawBytes),
  }))
}

/** Two looks at the clock take a tenth of the time of a row: of small values some are timed. */
const OFTEN_TIMED_BYTES = 4_096
const TIMED_ONE_IN = 8
const UNTIMED = -1

const nowMicroseconds = () => performance.now() * 1_000

export class LearnedAlgorithm {
  readonly #choice: AlgorithmChoice
  #smallValues = 0

  constructor(
    { performanceTargetMs }: Pick<CompressionSettings, 'performanceTargetMs'>,
    random: () => number,
  ) {
    const objective =
      performanceTargetMs === undefined
        ? ({ kind: 'rate' } as const)
        : ({ kind: 'budget', maxMicroseconds: performanceTargetMs * 1_000 } as const)
    this.#choice = new AlgorithmChoice({
      candidates: candidates(),
      objective,
      nowMicroseconds,
      random,
    })
  }

  /** For the payload; `undefined`: leave it as it is. May first try some on it. */
  choose(payload: Uint8Array): LearnedLevel | undefined {
    this.#choice.sample(payload)
    return this.#choice.choose(payload.length) as LearnedLevel | undefined
  }

  /** By what is known so far, of which nothing more is learned. */
  known(rawBytes: number): LearnedLevel | undefined {
    return this.#choice.choose(rawBytes) as LearnedLevel | undefined
  }

  /** To be called before a chosen one compresses, and what it answers given to `end`. */
  begin(rawBytes: number): number {
    if (rawBytes < OFTEN_TIMED_BYTES && this.#smallValues++ % TIMED_ONE_IN !== 0) return UNTIMED
    return nowMicroseconds()
  }

  end(level: LearnedLevel, rawBytes: number, storedBytes: number, begin: number): void {
    const took = begin === UNTIMED ? 0 : nowMicroseconds() - begin
    // One stands for those that were not timed.
    const microseconds = rawBytes < OFTEN_TIMED_BYTES ? took * TIMED_ONE_IN : took
    this.#choice.record(level, rawBytes, storedBytes, microseconds)
  }

  figures(): readonly LearnedSizeClass[] {
    return this.#choice.snapshot()
  }
}
