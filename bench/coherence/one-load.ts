/**
 * Several processes and one key that none of them has: how often is it loaded in all?
 *
 * All are told to ask at the same time; each asks from many callers. In the second case the entry
 * lives for a second and the callers go on asking, so that it has to be loaded again and again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Row, StartSubject } from '../harness/bench.js'
import { cacheOn } from '../harness/clients.js'
import { atMost, type Host, type Lab } from '../harness/lab.js'
import { makeRow } from '../harness/rows.js'
import { median, spread } from '../harness/stats.js'
import { digest } from '../harness/timed.js'

const CALLERS = 100
const LOAD_MS = 50
const COLD_ROUNDS = 20
const STEADY_CALLERS = 25
const STEADY_LOAD_MS = 20
const STEADY_PAUSE_MS = 5
const STEADY_ROUNDS = 6
const STEADY_FOR_MS = 5_500
/** At 0, 1.02, 2.04, 3.06, 4.08 and 5.1 s. */
const STEADY_LOADS = 6

type Cache = Awaited<ReturnType<typeof cacheOn>>['cache']
type Get = () => Promise<unknown>

function subject(loadMs: number, ask: (get: Get, isTiny: boolean) => Promise<Set<string>>) {
  const start: StartSubject = async (setting) => {
    const prefix = setting.params.prefix as string
    const { cache } = await cacheOn('node-redis', setting, { prefix, ttl: 1 })
    const run = async (round: number) => {
      let loads = 0
      let calls = 0
      let worstMs = 0
      const load = async () => {
        loads++
        await pause(loadMs)
        return makeRow('2 KB', round)
      }
      const get = async () => {
        calls++
        const startMs = performance.now()
        const row = await (cache as Cache).getOrSet(`key:${round}`, load)
        worstMs = Math.max(worstMs, performance.now() - startMs)
        return row
      }
      const startMs = performance.now()
      const seen = await ask(get, setting.tiny)
      const elapsedMs = performance.now() - startMs
      const figures = { loads, 'longest call, ms': worstMs }
      return { operations: calls, elapsedMs, cpuMs: 0, answers: digest([...seen]), figures }
    }
    return { run, stop: () => cache.close() }
  }
  return start
}

async function askAtOnce(get: Get): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: CALLERS }, get))
  return new Set(answers.map((answer) => JSON.stringify(answer)))
}

async function askSteadily(get: Get, isTiny: boolean): Promise<Set<string>> {
  const endMs = performance.now() + (isTiny ? 100 : STEADY_FOR_MS)
  const seen = new Set<string>()
  const caller = async () => {
    let last: unknown
    while (performance.now() < endMs) {
      const answer = await get()
      // One object from memory is looked at once.
      if (answer !== last) seen.add(JSON.stringify(answer))
      last = answer
      await pause(STEADY_PAUSE_MS)
    }
  }
  await Promise.all(Array.from({ length: STEADY_CALLERS }, caller))
  return seen
}

export const oneLoadSubjects = {
  'one cold key': subject(LOAD_MS, askAtOnce),
  'one key, steadily': subject(STEADY_LOAD_MS, askSteadily),
}

interface Plan {
  readonly what: keyof typeof oneLoadSubjects
  readonly case: string
  readonly processes: number
  readonly rounds: number
  readonly limit: number
}

async function play(lab: Lab, plan: Plan): Promise<Row[]> {
  const hosts: Host[] = []
  const params = { prefix: `${plan.what.replaceAll(/[ ,]+/g, '-')}-${plan.processes}` }
  for (let at = 0; at < (lab.tiny ? 2 : plan.processes); at++)
    hosts.push(await lab.host(plan.what, params, 'never'))
  const loads: number[] = []
  const elapsedMs: number[] = []
  const longestMs: number[] = []
  let isRight = true
  for (let round = 0; round < (lab.tiny ? 1 : plan.rounds); round++) {
    const results = await Promise.all(hosts.map((host) => host.run(round)))
    loads.push(results.reduce((sum, { figures }) => sum + figures!.loads!, 0))
    elapsedMs.push(Math.max(...results.map((result) => result.elapsedMs)))
    longestMs.push(Math.max(...results.map(({ figures }) => figures!['longest call, ms']!)))
    const expected = digest([JSON.stringify(makeRow('2 KB', round))])
    isRight &&= results.every(({ answers }) => answers === expected)
  }
  await Promise.all(hosts.map((host) => host.end()))
  const row = {
    subject: 'memory and Redis',
    against: '',
    unit: 'loads',
    target: atMost(plan.limit),
    answers: isRight ? 'right' : 'wrong',
    isRight,
  }
  const most = Math.max(...loads)
  const figures = {
    'milliseconds until all have it': median(elapsedMs),
    'longest call, ms': Math.max(...longestMs),
  }
  return [
    { ...row, case: plan.case, ...spread(loads), figures },
    {
      ...row,
      case: `${plan.case}: the most of ${loads.length} rounds`,
      ...{ value: most, low: most, high: most, samples: 1, figures: {} },
    },
  ]
}

export async function oneLoadRows(lab: Lab): Promise<Row[]> {
  const rows: Row[] = []
  for (const processes of [4, 8]) {
    const cold = `${processes} processes × ${CALLERS} callers, one cold key`
    const plan = { what: 'one cold key', case: cold, processes, rounds: COLD_ROUNDS } as const
    rows.push(...(await play(lab, { ...plan, limit: 1 })))
  }
  const steady = {
    what: 'one key, steadily',
    case: `4 processes × ${STEADY_CALLERS} callers, ttl 1 s, for 5.5 s`,
    ...{ processes: 4, rounds: STEADY_ROUNDS, limit: STEADY_LOADS },
  } as const
  rows.push(...(await play(lab, steady)))
  return rows.map((row) => lab.report(row))
}
