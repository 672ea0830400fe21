/** One damaged entry, as a seed and a number decide it. */
import { envelopeText } from '../../src/codecs/envelope.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import {
  byDictionary,
  type CorpusEntry,
  FUZZ_ALGORITHMS,
  forge,
  inPieces,
  whole,
} from './entry-corpus.js'
import { mutated, oneOf, type Random, randomBuffer, upTo } from './mutated-bytes.js'

export interface FuzzedInput {
  readonly bytes: Buffer
  /** What it was made of. */
  readonly origin: string
  /** For what else is to be drawn for it. */
  readonly random: Random
}

/** What heads of payloads begin with, behind an envelope of ours. */
const STARTS = ['', '\xc1', '\x90', '"', '[', '{', '\x01\0\0\0\x40', '\x14\0\0\x08\0\0\0\x02\0']

/** Numbers next to each other must not draw next to each other. */
const STRIDE = 0x9e3779b1

export function fuzzedInput(
  corpus: readonly CorpusEntry[],
  seed: number,
  index: number,
): FuzzedInput {
  const random = seededRandom(Math.imul(seed, 0x85ebca6b) + Math.imul(index, STRIDE))
  const kind = random()
  if (kind < 0.02) return { ...anything(random), random }
  if (kind < 0.07) return { ...behindEnvelope(random), random }
  const entry = oneOf(random, corpus)
  const other = oneOf(random, corpus).bytes
  if (kind < 0.6 || entry.payload === undefined) {
    return { bytes: mutated(random, entry, other), origin: entry.name, random }
  }
  return { ...wrapped(random, entry, other), random }
}

type Drawn = Omit<FuzzedInput, 'random'>

function anything(random: Random): Drawn {
  return { bytes: randomBuffer(random, upTo(random, 200)), origin: 'anything' }
}

/** Any flags, any serializer, any content. */
function behindEnvelope(random: Random): Drawn {
  const tags = random() < 0.8 ? [] : ['t']
  const meta = { born: 1, freshUntilWallMs: 1e12, graceMs: 0, loadMs: 0, tags }
  const envelope = Buffer.from(envelopeText(meta, upTo(random, 4), oneOf(random, [0, 0, 2, 4, 6])))
  const start = Buffer.from(oneOf(random, STARTS), 'latin1')
  const rest = randomBuffer(random, upTo(random, 2 ** upTo(random, 10)))
  return { bytes: Buffer.concat([envelope, start, rest]), origin: 'behind an envelope' }
}

/** Damaged before it is compressed and sealed: its readers find everything in order but that. */
function wrapped(random: Random, entry: CorpusEntry, other: Buffer): Drawn {
  const source = { bytes: entry.payload!, places: [0, 1, 2, 3, 4, 5, 6, 7] }
  const payload = mutated(random, source, other)
  const isSealed = random() < 0.5
  const algorithm = oneOf(random, FUZZ_ALGORITHMS)
  const ways = [
    () => ({ way: algorithm, small: whole(payload, algorithm) }),
    () => ({ way: `${algorithm} in pieces`, small: inPieces(payload, algorithm) }),
    () => ({ way: 'dictionary', small: byDictionary(payload) }),
    () => ({ way: 'nothing', small: undefined }),
  ]
  const { way, small } = oneOf(random, ways)()
  const origin = `${entry.name}, damaged, by ${way}${isSealed ? ', sealed' : ''}`
  if (small === undefined) {
    return { bytes: forge(entry.serializer, payload, isSealed, false), origin }
  }
  // Half of them are damaged once more.
  const places = Array.from({ length: 20 }, (_, at) => at)
  const last = random() < 0.5 ? small : mutated(random, { bytes: small, places }, other)
  return { bytes: forge(entry.serializer, last, isSealed), origin }
}
