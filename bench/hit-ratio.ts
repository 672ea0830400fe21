/**
 * How often each policy has what it is asked for: public traces and synthetic loads, played to
 * plain simulations of what papers propose, to lru-cache, and to our tier.
 *
 * Nothing is timed, so a busy machine changes nothing. The traces lie in a folder that `--traces`
 * or CACHE_TRACES names (harness/public-traces.ts); without one the synthetic loads are played.
 */
import type { Bench, Round, Row, Subjects } from './harness/bench.js'
import { hitRatioChart } from './harness/hit-ratio-chart.js'
import { agree, atLeast, type Lab } from './harness/lab.js'
import { hasTrace, PUBLIC_TRACES } from './harness/public-traces.js'
import { lruCache, type Play, simulated, tier } from './harness/replay.js'
import { Arc } from './harness/simulated/arc.js'
import { Optimum } from './harness/simulated/optimum.js'
import { S3Fifo } from './harness/simulated/s3-fifo.js'
import { Sieve } from './harness/simulated/sieve.js'
import { WTinyLfu } from './harness/simulated/w-tiny-lfu.js'
import { median, spread } from './harness/stats.js'
import { SYNTHETIC_LOADS } from './harness/synthetic-loads.js'
import { digest } from './harness/timed.js'

const OURS = 'our adaptive'
/** No row may be more than so many points behind the best of these. */
const RIVALS = ['LRU', 'S3-FIFO', 'adaptive W-TinyLFU']
const MOST_POINTS_BEHIND = 2
const LEAST_MEAN = 57.5
/** Parts of all distinct bytes. */
const BYTES_RATIOS = [0.003, 0.03, 0.2]
const SIZED_TRACE = 'cdn'
/** Ours draws lots: it plays with so many seeds, the others once. */
const SEEDS = 7
const TINY_PART = 50

export const subjects: Subjects = {
  OPT: simulated((capacity, load) => new Optimum(capacity, load)),
  LRU: lruCache,
  SIEVE: simulated((capacity, load) => new Sieve(capacity, load)),
  'S3-FIFO': simulated((capacity, load) => new S3Fifo(capacity, load)),
  ARC: simulated((capacity, load) => new Arc(capacity, load)),
  'W-TinyLFU': simulated((capacity, load) => new WTinyLfu(capacity, load, false)),
  'adaptive W-TinyLFU': simulated((capacity, load) => new WTinyLfu(capacity, load, true)),
  [OURS]: tier('adaptive'),
  'our lru': tier('lru'),
  'our lfu': tier('lfu'),
  'our fifo': tier('fifo'),
}
const ALL = Object.keys(subjects)
const BY_BYTES = ['LRU', ...ALL.filter((name) => name.startsWith('our '))]

/** The rounds of each subject. */
type Played = ReadonlyMap<string, readonly Round[]>

interface Plan {
  readonly name: string
  readonly play: Play
  readonly subjects: readonly string[]
}

function planOf(load: string, capacities: readonly number[], isTiny: boolean): Plan[] {
  return capacities.map((capacity) => {
    const entries = isTiny ? Math.ceil(capacity / TINY_PART) : capacity
    return {
      name: `${load} @ ${grouped(entries)}`,
      play: { load, room: { entries } },
      subjects: ALL,
    }
  })
}

/** In threes, as 10 000. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}

function plans(lab: Lab): { traces: Plan[]; bytes: Plan[]; synthetic: Plan[] } {
  const { traces: folder, tiny } = lab
  const names = Object.keys(PUBLIC_TRACES).filter(
    (name) => folder !== undefined && hasTrace(folder, name),
  )
  const ratios = names.includes(SIZED_TRACE) ? BYTES_RATIOS : []
  return {
    traces: names.flatMap((name) => planOf(name, PUBLIC_TRACES[name]!, tiny)),
    bytes: ratios.map((bytesRatio) => ({
      name: `${SIZED_TRACE} @ ${bytesRatio * 100} % of bytes`,
      play: { load: SIZED_TRACE, room: { bytesRatio } },
      subjects: BY_BYTES,
    })),
    synthetic: Object.entries(SYNTHETIC_LOADS).flatMap(([name, { capacities }]) =>
      planOf(name, capacities, tiny),
    ),
  }
}

/** By plan and subject: a process for each subject, which plays one plan after another. */
async function playAll(lab: Lab, all: readonly Plan[]): Promise<Map<Plan, Played>> {
  const played = new Map(all.map((plan) => [plan, new Map<string, Round[]>()]))
  for (const subject of ALL) {
    const host = await lab.host(subject, { traces: lab.traces ?? '' })
    for (const plan of all.filter(({ subjects }) => subjects.includes(subject))) {
      const rounds: Round[] = []
      for (let round = 0; round < (subject === OURS && !lab.tiny ? SEEDS : 1); round++) {
        rounds.push(await host.run(round, JSON.stringify(plan.play)))
      }
      played.get(plan)!.set(subject, rounds)
    }
    await host.end()
  }
  return played
}

const OBJECTS = '% of objects'
type What = typeof OBJECTS | '% of bytes'

function ratiosOf(played: Played, subject: string, what: What): number[] {
  return played.get(subject)!.map(({ figures }) => figures![what]!)
}

/** Ours against the best of `rivals`, the others beside it. */
function rowOf(name: string, played: Played, rivals: readonly string[], what: What): Row {
  const names = [...played.keys()]
  const ratios = new Map(names.map((each) => [each, median(ratiosOf(played, each, what))]))
  const [best] = [...rivals].sort((a, b) => ratios.get(b)! - ratios.get(a)!)
  const own = spread(ratiosOf(played, OURS, what))
  const others = names.filter((each) => each !== OURS)
  return {
    case: name,
    subject: OURS,
    against: best!,
    unit: '%',
    ...own,
    figures: {
      ...Object.fromEntries(others.map((each) => [each, ratios.get(each)!])),
      'points ahead': own.value - ratios.get(best!)!,
    },
    answers: played.get(OURS)![0]!.answers,
    isRight: agree([...played.values()].map((rounds) => rounds.slice(0, 1))),
  }
}

/** The row, to be judged by how far it may be behind. */
function limited(row: Row, mostPointsBehind: number): Row {
  return { ...row, target: atLeast(row.figures[row.against]! - mostPointsBehind) }
}

/** The mean of each policy; ours is judged where the rows are those of all public traces. */
function meanRow(what: string, rows: readonly Row[], isComplete: boolean): Row {
  const mean = (of: (row: Row) => number) =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  const names = Object.keys(rows[0]!.figures)
  const figures = names.map((name) => [name, mean(({ figures }) => figures[name]!)])
  const own = { value: mean(({ value }) => value), low: mean(({ low }) => low) }
  return {
    case: `mean of ${rows.length} ${what}`,
    subject: OURS,
    against: '',
    unit: '%',
    ...{ ...own, high: mean(({ high }) => high), samples: rows[0]!.samples },
    ...(isComplete ? { target: atLeast(LEAST_MEAN) } : {}),
    figures: Object.fromEntries(figures),
    answers: digest(rows.map(({ answers }) => answers)),
    isRight: rows.every(({ isRight }) => isRight),
  }
}

function judge(lab: Lab, planned: ReturnType<typeof plans>, played: Map<Plan, Played>): Row[] {
  const byEntries = (plan: Plan) => rowOf(plan.name, played.get(plan)!, RIVALS, OBJECTS)
  const traces = planned.traces.map((plan) => limited(byEntries(plan), MOST_POINTS_BEHIND))
  const synthetic = planned.synthetic.map(byEntries)
  const bytes = planned.bytes.flatMap((plan) => {
    const row = (name: string, what: What) =>
      limited(rowOf(`${plan.name}, ${name}`, played.get(plan)!, ['LRU'], what), 0)
    return [row('objects', OBJECTS), row('bytes', '% of bytes')]
  })
  const isComplete = !lab.tiny && traces.length === Object.values(PUBLIC_TRACES).flat().length
  return [
    ...traces,
    ...(traces.length > 0 ? [meanRow('rows of public traces', traces, isComplete)] : []),
    ...bytes,
    ...synthetic,
    meanRow('rows of synthetic loads', synthetic, false),
  ]
}

export const bench: Bench = {
  name: 'hit-ratio',
  says:
    'Hits in % of requests: get, and on a miss set, from an empty cache; "name @ room" says what ' +
    'is played in how much room. LRU is lru-cache, OPT the optimum that knows the future; SIEVE, ' +
    'S3-FIFO, ARC and W-TinyLFU (window of 1 %, and one that moves by hit density) are plain ' +
    'simulations after their papers; "our" are those of the tier. Ours is held against the best ' +
    'of LRU, S3-FIFO and adaptive W-TinyLFU, with seven seeds. By bytes, sizes count as weights, ' +
    'and it is held against lru-cache with maxSize.',
  columns: [...ALL.filter((name) => name !== OURS), 'points ahead'],
  draw: hitRatioChart,
  async run(lab) {
    const planned = plans(lab)
    if (planned.traces.length === 0) console.log('  no public traces: synthetic loads alone')
    const all = [...planned.traces, ...planned.bytes, ...planned.synthetic]
    const rows = judge(lab, planned, await playAll(lab, all))
    return rows.map((row) => lab.report(row))
  },
}
