/**
 * What dictionaries leave of small values: trained on one half of a set, measured on the other,
 * beside the algorithms that need none.
 */
import { FIXED_BYTES } from '../src/codecs/envelope.js'
import type { Codec, DecodedEntry, EncodableEntry } from '../src/core/codec.js'
import type { FormatOptions } from '../src/core/stored-format.js'
import { MapShelf } from '../test/support/map-shelf.js'
import type { Bench, Round, Row, Setting, StartSubject } from './harness/bench.js'
import { agree, atMost, type Lab } from './harness/lab.js'
import { passes } from './harness/passes.js'
import { codecWith } from './harness/plain-codec.js'
import {
  type Halves,
  realSets,
  realValues,
  type SetName,
  sourcesOf,
} from './harness/real-values.js'
import { median, medianFigures, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const MAX_VALUES = 500
/** Of a set that is small: its values are written again, as a cache does. */
const MAX_WRITES = 4_096

function subject(compress: FormatOptions['compress']): StartSubject {
  return async (setting) => {
    const shelf = new MapShelf()
    const { codec, entryOf } = codecWith({ compress }, { shelf })
    const { learned, unseen } = valuesOf(setting)
    for (let write = 0; write < MAX_WRITES && shelf.names.length === 0 && !setting.tiny; write++) {
      await codec.encode('k', entryOf(learned[write % learned.length]))
      // Training waits for the store, and for the call that brought the last sample to end.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { run: () => measure(unseen, codec, entryOf, setting), stop: async () => {} }
  }
}

function valuesOf({ params, tiny }: Setting): Halves {
  return realValues(params.set as SetName, params.bytes as number, tiny ? 4 : MAX_VALUES)
}

async function measure(
  values: readonly unknown[],
  codec: Codec,
  entryOf: (value: unknown) => EncodableEntry,
  { tiny }: Setting,
): Promise<Round> {
  const entries = values.map(entryOf)
  const encode = await passes(entries, tiny, (entry) => codec.encode('k', entry))
  const stored = encode.outputs.map((each) => Buffer.from(each as Buffer))
  const decode = await passes(stored, tiny, (bytes) => codec.decode('k', bytes))
  const count = values.length
  const jsonBytes = total(values.map((value) => Buffer.from(JSON.stringify(value))))
  return {
    operations: count,
    elapsedMs: ((encode.microseconds + decode.microseconds) * count) / 1_000,
    cpuMs: 0,
    answers: digest(decode.outputs.map((entry) => (entry as DecodedEntry).value)),
    figures: {
      '% of JSON': (100 * (total(stored) - FIXED_BYTES * count)) / jsonBytes,
      'with its envelope, %': (100 * total(stored)) / jsonBytes,
      'bytes of JSON': jsonBytes / count,
      values: count,
      'encode, µs': encode.microseconds,
      'decode, µs': decode.microseconds,
    },
  }
}

function total(all: readonly Uint8Array[]): number {
  return all.reduce((sum, { length }) => sum + length, 0)
}

export const subjects = {
  none: subject(false),
  dictionary: subject({ dictionary: true }),
  zstd: subject({ algorithm: 'zstd', threshold: 64 }),
  brotli: subject({ algorithm: 'brotli', threshold: 64 }),
}

const NAMES = Object.keys(subjects)

interface Kind {
  readonly case: string
  /** Of JSON, about. */
  readonly bytes: number
  readonly sets: readonly SetName[]
  /** For the smallest of them. */
  readonly mostPercent: number
}

/** Sets with enough values of that size for two halves. */
const KINDS: readonly Kind[] = [
  {
    case: 'a row of 250 B',
    bytes: 250,
    sets: ['cities', 'emoji', 'facts', 'media', 'locks'],
    mostPercent: 40,
  },
  {
    case: '1 KB of JSON',
    bytes: 1_200,
    sets: ['cities', 'emoji', 'facts', 'media', 'packages', 'locks'],
    mostPercent: 25,
  },
  {
    case: '2 KB of JSON',
    bytes: 2_000,
    sets: ['cities', 'countries', 'emoji', 'facts', 'media', 'packages', 'locks'],
    mostPercent: 25,
  },
  {
    case: '4 KB of JSON',
    bytes: 4_000,
    sets: ['cities', 'countries', 'emoji', 'facts', 'packages'],
    mostPercent: 25,
  },
]

async function runSet(lab: Lab, kind: Kind, set: SetName): Promise<Row[]> {
  const rounds = await lab.takeTurns(NAMES, { set, bytes: kind.bytes }, 1)
  const isRight = agree([...rounds.values()])
  const percents = (name: string) => rounds.get(name)!.map(({ figures }) => figures!['% of JSON']!)
  const [smallest] = [...NAMES].sort((a, b) => median(percents(a)) - median(percents(b)))
  return NAMES.map((name) => {
    const own = rounds.get(name)!
    return lab.report({
      case: `${kind.case}, ${set}`,
      subject: name,
      against: '',
      unit: '% of JSON',
      ...spread(percents(name)),
      ...(name === smallest ? { target: atMost(kind.mostPercent) } : {}),
      figures: medianFigures(own),
      answers: own[0]!.answers,
      isRight,
    })
  })
}

export const bench: Bench = {
  name: 'dictionary',
  says:
    'What is left of small values of real data, one kind to a namespace, and what a whole entry ' +
    'takes to encode and to decode. The dictionary was trained on one half of each set; all are ' +
    'measured on the other half. "% of JSON" is the payload against the text of the value; the ' +
    `target is for the smallest. ${sourcesOf(Object.keys(realSets) as SetName[])}`,
  columns: ['with its envelope, %', 'bytes of JSON', 'values', 'encode, µs', 'decode, µs'],
  async run(lab) {
    const rows = []
    for (const kind of lab.tiny ? KINDS.slice(0, 1) : KINDS) {
      for (const set of kind.sets) rows.push(...(await runSet(lab, kind, set)))
    }
    return rows
  },
}
