/**
 * `delete` with `until: 'applied'`: in round trips where the others answer, in milliseconds where
 * one of them is frozen.
 *
 * On loopback a round trip is a tenth of a millisecond, most of it processor time, and the scripts
 * and wake-ups of three processes weigh as much. So the same is measured over connections on which
 * every reply comes 5 ms later: there it shows how often somebody waits for the network.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startFaultProxy } from '../../test/support/fault-proxy.js'
import type { Row } from '../harness/bench.js'
import { atMost, type Host, type Lab } from '../harness/lab.js'
import { median, spread } from '../harness/stats.js'
import { areRight, deal } from './pair.js'

/** Odd, so that the last one is waited for: every record before it is then applied as well. */
const DELETES = 1_001
const DISTANT_DELETES = 201
const TINY_DELETES = 3
const ROUNDS = 9
const MAX_ROUND_TRIPS = 2
const FROZEN_ROUNDS = 8
const MAX_FROZEN_MS = 2_020
/** A log this young may not know all processes: it has everyone wait for a whole lease. */
const EPOCH_MS = 2_500

interface Stage {
  readonly deleter: Host
  readonly holders: readonly Host[]
  end(): Promise<void>
}

interface Plan {
  readonly others: number
  readonly deletes: number
  /** Milliseconds that each reply comes later. */
  readonly networkMs: number
}

const PLANS: readonly Plan[] = [
  { others: 1, deletes: DELETES, networkMs: 0 },
  { others: 3, deletes: DELETES, networkMs: 0 },
  { others: 1, deletes: DISTANT_DELETES, networkMs: 5 },
]
const FROZEN_PLAN: Plan = { others: 1, deletes: 1, networkMs: 0 }

async function stage(lab: Lab, { others, deletes, networkMs }: Plan): Promise<Stage> {
  const proxy = networkMs === 0 ? undefined : await startFaultProxy((await lab.redis()).port)
  proxy?.set({ kind: 'delay', delayMs: networkMs })
  const params = {
    prefix: `applied-${others}-${deletes}-${networkMs}`,
    keys: lab.tiny ? Math.min(deletes, TINY_DELETES) : deletes,
    ...(proxy === undefined ? {} : { port: proxy.port }),
  }
  const deleter = await lab.host('deleter', params, 'never')
  const holders: Host[] = []
  for (let at = 0; at < others; at++) holders.push(await lab.host('holder', params, 'never'))
  if (!lab.tiny) await pause(EPOCH_MS)
  const end = async () => {
    for (const host of [...holders, deleter]) await host.end()
    await proxy?.close()
  }
  return { deleter, holders, end }
}

async function healthyRow(lab: Lab, plan: Plan): Promise<Row> {
  const { deleter, holders, end } = await stage(lab, plan)
  const figures: Record<string, number>[] = []
  let isRight = true
  for (let round = 0; round < (lab.tiny ? 1 : ROUNDS); round++) {
    const rounds = await deal(deleter, holders, round)
    const deleted = await deleter.run(round, 'delete until applied')
    rounds.push(deleted)
    for (const each of holders) rounds.push(await each.run(round, 'look'))
    isRight &&= areRight(rounds)
    figures.push(deleted.figures!)
  }
  await end()
  const of = (name: string) => figures.map((each) => each[name]!)
  const others = plan.others === 1 ? 'one other process' : `${plan.others} others`
  const where = plan.networkMs === 0 ? 'loopback' : `replies ${plan.networkMs} ms late`
  return {
    case: `\`delete\` until applied, ${others}, ${where}`,
    ...{ subject: 'node-redis', against: 'PING', unit: 'round trips' },
    ...spread(figures.map((each) => each['applied p50, ms']! / each['PING p50, ms']!)),
    target: atMost(MAX_ROUND_TRIPS),
    figures: Object.fromEntries(Object.keys(figures[0]!).map((name) => [name, median(of(name))])),
    answers: isRight ? 'right' : 'wrong',
    isRight,
  }
}

async function frozenRow(lab: Lab): Promise<Row> {
  const { deleter, holders, end } = await stage(lab, FROZEN_PLAN)
  const [holder] = holders
  const tookMs: number[] = []
  let isRight = true
  for (let round = 0; round < (lab.tiny ? 1 : FROZEN_ROUNDS); round++) {
    const rounds = await deal(deleter, holders, round)
    // At another moment of its heartbeat each time.
    await pause((round * 137) % 500)
    holder!.freeze()
    try {
      const deleted = await deleter.run(round, 'delete until applied')
      rounds.push(deleted)
      tookMs.push(deleted.figures!['applied worst, ms']!)
    } finally {
      holder!.thaw()
    }
    rounds.push(await holder!.run(round, 'look'))
    rounds.push(await holder!.run(round, 'wait for the lease'))
    isRight &&= areRight(rounds)
  }
  await end()
  const worst = Math.max(...tookMs)
  return {
    case: `\`delete\` until applied, the other process frozen: worst of ${tookMs.length}`,
    ...{ subject: 'node-redis', against: '', unit: 'ms' },
    ...{ value: worst, low: worst, high: worst, samples: 1 },
    target: atMost(MAX_FROZEN_MS),
    figures: { 'p50, ms': median(tookMs), 'least, ms': Math.min(...tookMs) },
    answers: isRight ? 'right' : 'wrong',
    isRight,
  }
}

export async function appliedRows(lab: Lab): Promise<Row[]> {
  const rows: Row[] = []
  const plans = lab.tiny ? PLANS.slice(0, 1) : PLANS
  for (const plan of plans) rows.push(lab.report(await healthyRow(lab, plan)))
  rows.push(lab.report(await frozenRow(lab)))
  return rows
}
