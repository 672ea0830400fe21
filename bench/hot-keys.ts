/**
 * A memory hit while look-ups are sampled for `hotKeys`, against the same cache with it off.
 *
 * What is asked is a difference of one or two in a hundred. From process to process the optimizer
 * and the machine make more than that, so the caches live in one process and take turns every few
 * milliseconds; a round tells the ratio of the medians of their slices. `off, again` shows what of
 * a ratio is chance.
 */
import { type Cache, type CacheOptions, createCache } from '../src/index.js'
import type { Bench, Round, Row, StartSubject } from './harness/bench.js'
import { zipf } from './harness/demand.js'
import { MAX_ENTRIES } from './harness/hit-loops.js'
import { agree, atLeast } from './harness/lab.js'
import { makeRow, type Row as Value } from './harness/rows.js'
import { median, medianFigures, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const KEYS = 10_000
const CALLS = 50_000
const SLICES = 60
const WARM_UP_SLICES = 10

const SETTINGS = {
  off: false,
  'off, again': false,
  on: true,
  'on, each look-up': { sampleEvery: 1 },
} as const satisfies Record<string, CacheOptions['hotKeys']>

type Name = keyof typeof SETTINGS
const NAMES = Object.keys(SETTINGS) as Name[]

async function filled(hotKeys: CacheOptions['hotKeys'], keys: readonly string[]) {
  const cache = createCache({ memory: { maxEntries: MAX_ENTRIES }, hotKeys }) as Cache<Value>
  for (const [id, key] of keys.entries()) await cache.set(key, makeRow('100 B', id))
  return cache
}

async function hits(cache: Cache<Value>, keys: readonly string[]): Promise<number> {
  let sum = 0
  for (const key of keys) sum += (await cache.get(key))!.id
  return sum
}

const sideBySide: StartSubject = async ({ tiny, params }) => {
  const keys = Array.from({ length: tiny ? 100 : KEYS }, (_, id) => `user:${id}`)
  const caches: Cache<Value>[] = []
  for (const name of NAMES) caches.push(await filled(SETTINGS[name], keys))
  const calls = tiny ? 1_000 : CALLS
  const asked =
    params.demand === 'hot'
      ? new Array<string>(calls).fill(keys[7]!)
      : zipf(keys.length, calls).map((at) => keys[at]!)
  const run = async (): Promise<Round> => {
    const times = NAMES.map((): number[] => [])
    const sums = new Set<number>()
    const beganMs = performance.now()
    for (let slice = tiny ? 0 : -WARM_UP_SLICES; slice < (tiny ? 1 : SLICES); slice++) {
      for (let turn = 0; turn < NAMES.length; turn++) {
        // Another one begins each time: nobody always follows the same one.
        const at = (turn + Math.abs(slice)) % NAMES.length
        const startMs = performance.now()
        sums.add(await hits(caches[at]!, asked))
        if (slice >= 0) times[at]!.push(((performance.now() - startMs) * 1e6) / calls)
      }
    }
    if (sums.size !== 1) throw new Error(`the caches read unlike values: ${[...sums].join()}`)
    const figures = Object.fromEntries(NAMES.map((name, at) => [`${name}, ns`, median(times[at]!)]))
    const elapsedMs = performance.now() - beganMs
    return { operations: calls, elapsedMs, cpuMs: 0, answers: digest([...sums]), figures }
  }
  const stop = async () => {
    for (const cache of caches) await cache.close()
  }
  return { run, stop }
}

export const subjects = { 'side by side': sideBySide }

function rowOf(name: Name, demand: string, rounds: readonly Round[]): Row {
  const nanos = (round: Round, of: Name) => round.figures![`${of}, ns`]!
  return {
    case: `a memory hit, ${demand}`,
    subject: name,
    against: 'off',
    unit: '×',
    ...spread(rounds.map((round) => nanos(round, 'off') / nanos(round, name))),
    ...(name === 'on' ? { target: atLeast(0.98) } : {}),
    figures: { ns: medianFigures(rounds)[`${name}, ns`]! },
    answers: rounds[0]!.answers,
    isRight: agree([rounds, rounds.map(() => rounds[0]!)]),
  }
}

export const bench: Bench = {
  name: 'hot-keys',
  says:
    '`await cache.get(key)` from memory with `hotKeys` on, against the same with it off, taking ' +
    'turns in one process; one hot key, and Zipf over 10 000. The first row of each is off ' +
    'against off.',
  columns: ['ns'],
  async run(lab) {
    const rows: Row[] = []
    for (const demand of ['hot', 'zipf']) {
      const rounds = (await lab.takeTurns(['side by side'], { demand })).get('side by side')!
      for (const name of NAMES.slice(1)) rows.push(lab.report(rowOf(name, demand, rounds)))
    }
    return rows
  },
}
