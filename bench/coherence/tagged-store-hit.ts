/**
 * A store hit of an entry with tags: what more does the server do than for one without?
 *
 * The entries are set by one cache and read by another that joined later, without memory. It has
 * heard of none of the tags, so it asks once for each; after that it must ask no more.
 */
import type { Round, Row, StartSubject } from '../harness/bench.js'
import { adminClient, cacheOn } from '../harness/clients.js'
import { commandsOf, sumOf } from '../harness/command-counts.js'
import { atMost, type Lab } from '../harness/lab.js'
import { makeRow } from '../harness/rows.js'
import { median, spread } from '../harness/stats.js'
import { digest } from '../harness/timed.js'

const HITS = 1_000
const TAGS = 100
const ROUNDS = 15
const PREFIX = 'tagged-hits'

const start: StartSubject = async (setting) => {
  const hits = setting.tiny ? 50 : HITS
  const options = { memory: false, prefix: PREFIX, ttl: '1h' } as const
  const admin = await adminClient(setting)
  const writer = await cacheOn('node-redis', setting, options)
  for (let id = 0; id < hits; id++) {
    const tags = [`team:${id % TAGS}`, `city:${id % TAGS}`]
    await writer.cache.set(`tagged:${id}`, makeRow('100 B', id), { tags })
    await writer.cache.set(`plain:${id}`, makeRow('100 B', id))
  }
  const { cache } = await cacheOn('node-redis', setting, options)

  /** Reads all of a kind one after another; how many commands that made, and how long it took. */
  const read = async (kind: 'tagged' | 'plain') => {
    const values: unknown[] = []
    const startMs = performance.now()
    const counts = await commandsOf(admin, async () => {
      for (let id = 0; id < hits; id++) values.push(await cache.get(`${kind}:${id}`))
    })
    const elapsedMs = performance.now() - startMs
    return { commands: sumOf(counts), elapsedMs, answers: digest(values) }
  }

  const run = async (round: number): Promise<Round> => {
    const kinds = round % 2 === 0 ? (['plain', 'tagged'] as const) : (['tagged', 'plain'] as const)
    const [first, second] = [await read(kinds[0]), await read(kinds[1])]
    const [plain, tagged] = kinds[0] === 'plain' ? [first, second] : [second, first]
    const expected = digest(Array.from({ length: hits }, (_, id) => makeRow('100 B', id)))
    const isRight = plain.answers === expected && tagged.answers === expected
    return {
      ...{ operations: hits, elapsedMs: tagged.elapsedMs, cpuMs: 0 },
      answers: isRight ? expected : 'wrong',
      figures: {
        'extra commands, each': (tagged.commands - plain.commands) / hits,
        'commands without tags, each': plain.commands / hits,
        'times as long': tagged.elapsedMs / plain.elapsedMs,
      },
    }
  }
  const stop = async () => {
    await cache.close()
    await writer.cache.close()
    admin.destroy()
  }
  return { run, stop }
}

export const taggedStoreHitSubjects = { 'tagged store hits': start }

export async function taggedStoreHitRows(lab: Lab): Promise<Row[]> {
  const host = await lab.host('tagged store hits')
  const first = await host.run(0)
  const rounds: Round[] = []
  for (let round = 1; round <= (lab.tiny ? 1 : ROUNDS); round++) rounds.push(await host.run(round))
  await host.end()
  const of = (name: string) => rounds.map(({ figures }) => figures![name]!)
  const row: Row = {
    case: 'a tagged store hit, its tags mirrored, beyond one without tags',
    ...{ subject: 'no memory, node-redis', against: '', unit: 'commands' },
    ...spread(of('extra commands, each')),
    target: atMost(0),
    figures: {
      'commands without tags, each': median(of('commands without tags, each')),
      'extra commands while tags were unknown, each': first.figures!['extra commands, each']!,
      'times as long': median(of('times as long')),
    },
    answers: first.answers,
    isRight:
      [first, ...rounds].every(({ answers }) => answers === first.answers) &&
      first.answers !== 'wrong',
  }
  return [lab.report(row)]
}
