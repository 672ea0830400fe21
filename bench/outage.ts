/**
 * Redis away in six ways, callers at work, default options: how much of their time does the cache
 * take?
 *
 * Sixteen callers ask `getOrSet` for ever new keys; the loader takes 5 ms by a timer, so they
 * yield to the event loop as callers do. A call's time beyond its loader's own is blocked time.
 * The traffic runs from before the fault until after it: its onset is part of what is measured.
 * The share while all is well is shown beside it; it holds the round trip that a healthy store
 * costs.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type FaultProxy, startFaultProxy } from '../test/support/fault-proxy.js'
import type { RedisServer } from '../test/support/redis-server.js'
import type { Bench, Round, Row } from './harness/bench.js'
import { atMost, type Lab } from './harness/lab.js'

export { subjects } from './harness/callers.js'

const HEALTHY_MS = 2_000
const FAULT_MS = 8_000
const MAX_SHARE_PERCENT = 5
const READ_DEADLINE_MS = 100
const MAX_RECOVERY_MS = 1_000

interface Place {
  readonly server: RedisServer
  readonly proxy: FaultProxy
}

interface Fault {
  readonly name: string
  /** Callers come in over the proxy. */
  readonly isProxied?: boolean
  /** The store was never there. */
  readonly isAwayAtStart?: boolean
  begin(place: Place): void | Promise<void>
  end(place: Place): void | Promise<void>
}

const pass = ({ proxy }: Place) => proxy.set({ kind: 'pass' })
const restart = ({ server }: Place) => server.restart()

const FAULTS: readonly Fault[] = [
  {
    name: 'frozen',
    begin: ({ server }) => server.freeze(),
    end: ({ server }) => server.thaw(),
  },
  { name: 'refused from the start', isAwayAtStart: true, begin: () => {}, end: restart },
  { name: 'killed', begin: ({ server }) => server.kill(), end: restart },
  {
    name: 'slow, 300 ms more',
    isProxied: true,
    begin: ({ proxy }) => proxy.set({ kind: 'delay', delayMs: 300 }),
    end: pass,
  },
  {
    name: 'replies dropped',
    isProxied: true,
    begin: ({ proxy }) => proxy.set({ kind: 'silence' }),
    end: pass,
  },
  {
    name: 'every connection reset',
    isProxied: true,
    begin: ({ proxy }) => {
      proxy.set({ kind: 'refuse' })
      proxy.reset()
    },
    end: pass,
  },
]

/** What the callers met in each phase of one fault. */
interface Course {
  readonly healthy: Round | undefined
  readonly fault: Round
  readonly after: Round
}

async function play(lab: Lab, fault: Fault, driver: string): Promise<Course> {
  const server = await lab.redis()
  const proxy = await startFaultProxy(server.port)
  const place = { server, proxy }
  const scale = lab.tiny ? 0.1 : 1
  if (fault.isAwayAtStart === true) await server.kill()
  try {
    const cachePort = fault.isProxied === true ? proxy.port : server.port
    const host = await lab.host(driver, { cachePort, isAwayAtStart: fault.isAwayAtStart === true })
    if (fault.isAwayAtStart !== true) await pause(HEALTHY_MS * scale)
    const healthy = fault.isAwayAtStart === true ? undefined : await host.run(0)
    await fault.begin(place)
    await pause(FAULT_MS * scale)
    const during = await host.run(1)
    await fault.end(place)
    const after = await host.run(2)
    await host.end()
    return { healthy, fault: during, after }
  } finally {
    await proxy.close()
    server.thaw()
  }
}

function rowsOf(fault: Fault, driver: string, course: Course): Row[] {
  const during = course.fault.figures!
  const isRight = [course.healthy, course.fault, course.after].every(
    (round) => round === undefined || round.answers === 'right',
  )
  const row = (what: string, unit: string, value: number, limit: number, figures = {}): Row => ({
    case: `${fault.name}: ${what}`,
    subject: driver,
    against: '',
    unit,
    ...{ value, low: value, high: value, samples: 1 },
    target: atMost(limit),
    figures,
    answers: course.fault.answers,
    isRight,
  })
  const before = course.healthy?.figures
  const late = during['event loop late, ms']!
  return [
    row('callers blocked', '%', during['blocked, %']!, MAX_SHARE_PERCENT, {
      ...during,
      ...(before === undefined ? {} : { 'while healthy, %': before['blocked, %']! }),
    }),
    // What the event loop was late is nobody's answer to give: the limit makes room for it.
    row(
      'worst call beyond its load',
      'ms',
      during['worst, ms']!,
      READ_DEADLINE_MS + Math.ceil(late),
      {
        'event loop late, ms': late,
      },
    ),
    row('until hits again', 'ms', course.after.figures!['recovery, ms']!, MAX_RECOVERY_MS),
  ]
}

export const bench: Bench = {
  name: 'outage',
  says:
    'Sixteen callers in a loop of `getOrSet` over new keys with a loader of 5 ms, default ' +
    'options, while Redis is away for 8 s: the share of their time beyond the loader, the worst ' +
    "call, and the time from the store's return to its first hit.",
  async run(lab) {
    const rows = []
    for (const fault of FAULTS) {
      for (const driver of lab.tiny ? ['node-redis'] : ['node-redis', 'ioredis']) {
        const course = await play(lab, fault, driver)
        rows.push(...rowsOf(fault, driver, course).map((row) => lab.report(row)))
      }
    }
    return rows
  },
}
