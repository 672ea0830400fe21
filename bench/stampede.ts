/**
 * A thousand callers ask for one cold key at once: how many loads?
 */
import { createCache } from '../src/index.js'
import type { Bench, Runner, Setting, StartSubject } from './harness/bench.js'
import { type CacheUnderTest, cacheOn } from './harness/clients.js'
import { atMost } from './harness/lab.js'
import { makeRow } from './harness/rows.js'
import { spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const CALLERS = 1_000
const LOAD_MS = 20
const ROUNDS = 7

function subject(make: (setting: Setting) => Promise<CacheUnderTest['cache']>): StartSubject {
  return async (setting) => {
    const cache = await make(setting)
    const run: Runner['run'] = async (round) => {
      let loads = 0
      const load = async () => {
        loads++
        await new Promise((resolve) => setTimeout(resolve, LOAD_MS))
        return makeRow('2 KB', round)
      }
      const startMs = performance.now()
      const calls = Array.from({ length: CALLERS }, () => cache.getOrSet(`cold:${round}`, load))
      const answers = digest([...new Set(await Promise.all(calls))])
      const elapsedMs = performance.now() - startMs
      return { operations: CALLERS, elapsedMs, cpuMs: 0, answers, figures: { loads } }
    }
    return { run, stop: () => cache.close() }
  }
}

export const subjects = {
  'memory alone': subject(async () => createCache({ memory: {} })),
  'memory and Redis': subject(async (setting) => (await cacheOn('node-redis', setting)).cache),
}

export const bench: Bench = {
  name: 'stampede',
  says: 'Loads when 1 000 callers in one process ask `getOrSet` for the same cold key at once.',
  async run(lab) {
    await lab.redis()
    const rows = []
    for (const name of Object.keys(subjects)) {
      const host = await lab.host(name)
      const rounds = []
      for (let round = 0; round < (lab.tiny ? 1 : ROUNDS); round++)
        rounds.push(await host.run(round))
      await host.end()
      const row = {
        case: '1 000 callers, one cold key',
        subject: name,
        against: '',
        unit: 'loads',
        ...spread(rounds.map(({ figures }) => figures!.loads!)),
        target: atMost(1),
        figures: { 'milliseconds until all have it': rounds.at(-1)!.elapsedMs },
        answers: rounds[0]!.answers,
        isRight: rounds.every(({ answers }, at) => answers === digest([makeRow('2 KB', at)])),
      }
      rows.push(lab.report(row))
    }
    return rows
  },
}
