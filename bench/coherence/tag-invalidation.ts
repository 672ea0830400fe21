/**
 * Invalidating a tag that is on few entries or on many: does it take longer, and what does the
 * server do for it?
 *
 * Each size has a server of its own, so that the many are not beside the few. Calls of one process
 * to all of them take turns, one by one, and a ratio is taken within a round.
 */
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.js'
import type { Round, Row, Setting, StartSubject } from '../harness/bench.js'
import { adminClient, cacheOn, entryCount } from '../harness/clients.js'
import { commandsOf, sumOf } from '../harness/command-counts.js'
import { atMost, type Lab } from '../harness/lab.js'
import { median, spread } from '../harness/stats.js'

const SIZES = [1_000, 100_000, 1_000_000]
const SIZE_NAMES = ['1 000', '100 000', '1 000 000']
const TINY_SIZES = [10, 20, 40]
const TAG = 'team:7'
const CALLS = 500
const COUNTED_CALLS = 100
const WARM_UP_CALLS = 200
const ROUNDS = 9
const SEED_KEYS = 5_000
const SAMPLE = 100
const MAX_RATIO = 2

/** One server with entries under the tag, and a cache on it. */
class Tagged {
  readonly size: number
  #cache!: Awaited<ReturnType<typeof cacheOn>>['cache']
  #admin!: Awaited<ReturnType<typeof adminClient>>

  constructor(size: number) {
    this.size = size
  }

  async start(setting: Setting): Promise<void> {
    this.#admin = await adminClient(setting)
    const options = { memory: false, ttl: '1h', writeDeadline: '20s' } as const
    this.#cache = (await cacheOn('node-redis', setting, options)).cache
    for (let from = 0; from < this.size; from += SEED_KEYS) {
      const count = Math.min(SEED_KEYS, this.size - from)
      const entries = Array.from({ length: count }, (_, at) => this.#entry(from + at))
      await this.#cache.setMany(entries, { tags: [TAG] })
    }
  }

  #entry(id: number): readonly [string, unknown] {
    return [`user:${id}`, { id, name: 'Ann Bell', city: 'Bern' }]
  }

  /** How many of a sample are found; throws if the entries are not on the server. */
  async found(): Promise<number> {
    const count = await entryCount(this.#admin)
    if (count !== this.size) throw new Error(`${count} entries on the server, not ${this.size}`)
    const step = Math.max(1, Math.floor(this.size / SAMPLE))
    let found = 0
    for (let id = 0; id < this.size; id += step)
      if ((await this.#cache.get(`user:${id}`)) !== undefined) found++
    return found
  }

  async invalidate(tag = TAG): Promise<number> {
    const startMs = performance.now()
    const token = await this.#cache.invalidateTags([tag])
    if (token === false) throw new Error('the invalidation was not confirmed')
    return performance.now() - startMs
  }

  async commands(calls: number): Promise<Record<string, number>> {
    const counts = await commandsOf(this.#admin, async () => {
      for (let call = 0; call < calls; call++) await this.invalidate()
    })
    const each = [...counts].map(([name, count]) => [`${name}, each`, count / calls] as const)
    const scripts = (counts.get('evalsha') ?? 0) + (counts.get('eval') ?? 0)
    const all = { scripts: scripts / calls, 'commands, each': sumOf(counts) / calls }
    return { ...all, ...Object.fromEntries(each) }
  }

  async stop(): Promise<void> {
    await this.#cache.close()
    this.#admin.destroy()
  }
}

const start: StartSubject = async (setting) => {
  const ports = String(setting.params.ports).split(',').map(Number)
  const tagged = (setting.tiny ? TINY_SIZES : SIZES).map((size) => new Tagged(size))
  for (const [at, each] of tagged.entries()) await each.start({ ...setting, redisPort: ports[at]! })
  const foundBefore = await eachInTurn(tagged, (each) => each.found())
  for (let call = 0; call < (setting.tiny ? 1 : WARM_UP_CALLS); call++)
    await eachInTurn(tagged, (each) => each.invalidate('another'))
  const firstMs = await eachInTurn(tagged, (each) => each.invalidate())

  const run = async (round: number): Promise<Round> => {
    const medianMs = await medians(tagged, round, setting.tiny ? 5 : CALLS)
    const commands = await tagged.at(-1)!.commands(setting.tiny ? 5 : COUNTED_CALLS)
    const foundAfter = await eachInTurn(tagged, (each) => each.found())
    const isRight = foundBefore.every((count) => count > 0) && foundAfter.every((n) => n === 0)
    return {
      ...{ operations: CALLS, elapsedMs: 0, cpuMs: 0, answers: isRight ? 'right' : 'wrong' },
      figures: {
        ...Object.fromEntries(medianMs.map((ms, at) => [`median at ${at}, ms`, ms])),
        ...Object.fromEntries(firstMs.map((ms, at) => [`first at ${at}, ms`, ms])),
        ...commands,
      },
    }
  }
  const stop = async () => {
    await eachInTurn(tagged, (each) => each.stop())
  }
  return { run, stop }
}

async function eachInTurn<T>(
  tagged: readonly Tagged[],
  work: (each: Tagged) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  for (const each of tagged) results.push(await work(each))
  return results
}

/** The median time at each size; the calls take turns, and another size begins each time. */
async function medians(tagged: readonly Tagged[], round: number, calls: number) {
  const timesMs: number[][] = tagged.map(() => [])
  for (let call = 0; call < calls; call++) {
    for (let turn = 0; turn < tagged.length; turn++) {
      const at = (turn + call + round) % tagged.length
      timesMs[at]!.push(await tagged[at]!.invalidate())
    }
  }
  return timesMs.map(median)
}

export const tagInvalidationSubjects = { 'invalidate a tag': start }

export async function tagInvalidationRows(lab: Lab): Promise<Row[]> {
  const servers: RedisServer[] = []
  const rounds: Round[] = []
  try {
    for (const _ of SIZES) servers.push(await startRedisServer())
    const ports = servers.map(({ port }) => port).join(',')
    const host = await lab.host('invalidate a tag', { ports })
    for (let round = 0; round < (lab.tiny ? 1 : ROUNDS); round++) rounds.push(await host.run(round))
    await host.end()
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  return rowsOf(rounds).map((row) => lab.report(row))
}

function rowsOf(rounds: readonly Round[]): Row[] {
  const figures = rounds.map((round) => round.figures!)
  const of = (name: string) => figures.map((each) => each[name]!)
  const isRight = rounds.every(({ answers }) => answers === 'right')
  const common = {
    ...{ subject: 'invalidateTags', against: '', figures: {} },
    ...{ answers: rounds[0]!.answers, isRight },
  }
  const times = SIZE_NAMES.map((size, at) => ({
    ...common,
    ...{ case: `invalidate a tag of ${size} keys`, unit: 'ms' },
    ...spread(of(`median at ${at}, ms`)),
    figures: { 'the first time, ms': of(`first at ${at}, ms`)[0]! },
  }))
  const ratios = figures.map((each) => each['median at 2, ms']! / each['median at 0, ms']!)
  return [
    ...times,
    {
      ...common,
      ...{ case: 'a tag of 1 000 000 keys against one of 1 000', unit: 'times as long' },
      ...spread(ratios),
      target: atMost(MAX_RATIO),
    },
    {
      ...common,
      ...{ case: 'script calls of an invalidation, 1 000 000 keys', unit: 'scripts' },
      ...spread(of('scripts')),
      target: atMost(1),
      figures: Object.fromEntries(
        Object.keys(figures[0]!)
          .filter((name) => name.endsWith(', each'))
          .map((name) => [name, median(of(name).map((value) => value ?? 0))]),
      ),
    },
  ]
}
