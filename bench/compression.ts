/**
 * What compression leaves of real values and what it takes, by algorithm and size, and whether
 * `auto` finds the best of them on values that it has not seen.
 *
 * Its objective is measured as it is defined: bytes saved per microsecond of compressing and
 * decompressing once, its own trying included; with a `performanceTarget` the bytes saved, and the
 * mean time against the target.
 */
import type { Bench, Round, Row } from './harness/bench.js'
import { compressionSubject } from './harness/compression-subject.js'
import { autoCompressor, fixedCompressor, LEVEL_NAMES } from './harness/compressor.js'
import { agree, atLeast, atMost, type Lab } from './harness/lab.js'
import { type SetName, sourcesOf } from './harness/real-values.js'
import { median, medianFigures, spread } from './harness/stats.js'

const SETS: readonly SetName[] = [
  ...(['cities', 'countries', 'outlines', 'facts'] as const),
  ...(['emoji', 'media', 'packages', 'locks'] as const),
]
/** Of JSON, about. */
const CLASSES: Readonly<Record<string, number>> = {
  '0.25 KB': 250,
  '1 KB': 1_000,
  '2 KB': 2_000,
  '8 KB': 8_000,
  '32 KB': 32_000,
  '128 KB': 128_000,
}
/** By how many milliseconds, the classes where that leaves a choice. */
const TARGETS: readonly { readonly ms: number; readonly classes: readonly string[] }[] = [
  { ms: 0.1, classes: ['1 KB', '2 KB', '8 KB'] },
  { ms: 1, classes: ['8 KB', '32 KB', '128 KB'] },
]
const NEAR_BEST = 0.95

const FIXED = [...LEVEL_NAMES, 'lz-string']
const withinName = (ms: number) => `auto, ${ms} ms`

export const subjects = Object.fromEntries([
  ...FIXED.map((name) => [name, compressionSubject(SETS, () => fixedCompressor(name), false)]),
  ['auto', compressionSubject(SETS, () => autoCompressor(undefined), true)],
  ...TARGETS.map(({ ms }) => [
    withinName(ms),
    compressionSubject(SETS, () => autoCompressor(ms), true),
  ]),
])

type Rounds = ReadonlyMap<string, readonly Round[]>

async function runClass(lab: Lab, name: string): Promise<Row[]> {
  const targets = TARGETS.filter(({ classes }) => classes.includes(name)).map(({ ms }) => ms)
  const names = [...FIXED, 'auto', ...targets.map(withinName)]
  const rounds = await lab.takeTurns(names, { bytes: CLASSES[name]! }, 1)
  const rows = [
    ...judgeRate(name, rounds),
    ...targets.flatMap((ms) => judgeWithin(name, ms, rounds)),
  ]
  return rows.map((row) => lab.report(row))
}

/** All against the one that saves most per microsecond. */
function judgeRate(name: string, rounds: Rounds): Row[] {
  const [best] = ranked(rounds, (round) => figure(round, 'saved bytes per µs'))
  return [...FIXED, 'auto'].map((subject) => ({
    ...rowOf(`${name}, bytes saved per µs`, subject, best!, rounds),
    unit: '×',
    ...spread(ratios(rounds, subject, best!, 'saved bytes per µs')),
    ...(subject === 'auto' ? { target: atLeast(NEAR_BEST) } : {}),
  }))
}

/** Against what saves most within the time; where nothing is within it, against the quickest. */
function judgeWithin(name: string, ms: number, rounds: Rounds): Row[] {
  const subject = withinName(ms)
  const quickest = ranked(rounds, (round) => -microseconds(round)).at(0)!
  const isWithin = (each: string) =>
    median(rounds.get(each)!.map(microseconds)) <= ms * 1_000 || each === quickest
  const best = ranked(rounds, savedShare).find(isWithin)!
  const base = rowOf(`${name}, bytes saved within ${ms} ms`, subject, best, rounds)
  const own = rounds.get(subject)!
  const saved = own.map((round, at) => savedShare(round) / savedShare(rounds.get(best)![at]!))
  const took = own.map((round) => microseconds(round) / (ms * 1_000))
  return [
    { ...base, unit: '×', ...spread(saved), target: atLeast(NEAR_BEST) },
    {
      ...base,
      case: `${name}, time within ${ms} ms`,
      against: '',
      ...{ unit: 'of the target', ...spread(took), target: atMost(1) },
    },
  ]
}

/** The fixed ones, the best first. */
function ranked(rounds: Rounds, scoreOf: (round: Round) => number): string[] {
  const scored = FIXED.map((name) => ({ name, score: median(rounds.get(name)!.map(scoreOf)) }))
  return scored.sort((a, b) => b.score - a.score).map(({ name }) => name)
}

function rowOf(name: string, subject: string, against: string, rounds: Rounds) {
  const own = rounds.get(subject)!
  return {
    case: name,
    subject,
    against,
    figures: medianFigures(own),
    answers: own[0]!.answers,
    isRight: agree([...rounds.values()]),
  }
}

function ratios(rounds: Rounds, subject: string, best: string, name: string): number[] {
  const bare = rounds.get(best)!
  return rounds.get(subject)!.map((round, at) => figure(round, name) / figure(bare[at]!, name))
}

function figure(round: Round, name: string): number {
  return round.figures![name]!
}

function microseconds(round: Round): number {
  return figure(round, 'compress, µs') + figure(round, 'decompress, µs')
}

function savedShare(round: Round): number {
  return 100 - figure(round, '% of payload')
}

export const bench: Bench = {
  name: 'compression',
  says:
    'Compressing payloads of real values and getting them back, by algorithm and level, against ' +
    'the one that is best by the objective. `auto` has learned for two seconds from one half of ' +
    'each set; all are measured on the other half, trying included. "encode" and "decode" are ' +
    'whole entries by the codec of a namespace, serializing included; "stored" has their ' +
    `envelope. Beyond 32 KiB the work is done in another thread and waited for. ${sourcesOf(SETS)}`,
  columns: [
    ...['stored, % of JSON', '% of payload', 'compress, µs', 'decompress, µs'],
    ...['encode, µs', 'decode, µs', 'saved bytes per µs'],
  ],
  async run(lab) {
    const rows = []
    for (const name of lab.tiny ? ['1 KB'] : Object.keys(CLASSES)) {
      rows.push(...(await runClass(lab, name)))
    }
    return rows
  },
}
