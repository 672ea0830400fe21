/**
 * Write-behind over a real Redis, with a source that takes its time by a timer: how many sets a
 * second, how late the source hears of them, and how the queue bears a bad row, a source that is
 * away and one that is slower than the writers.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, Round, Row } from './harness/bench.js'
import { atLeast, atMost, type Lab } from './harness/lab.js'
import { median, quantile, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'
import { type Behind, behindSubject } from './write-behind/behind-subject.js'
import { SlowSource } from './write-behind/slow-source.js'

const KEYS = 50_000
const CALLERS = 64
const DELAY_MS = 500
const BATCH_MS = 5
const MAX_PENDING = 10_000
const DRAINED = { deadline: '5m' } as const

/** Sets with so many callers at once; afterwards all is written. */
async function setMany(under: Behind, count: number, keyOf: (at: number) => string): Promise<void> {
  let next = 0
  const caller = async () => {
    for (let at = next++; at < count; at = next++) await under.set(keyOf(at), at)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

/** A set each `everyMs`, whoever is still waited for; until the source has them all. */
async function setEvery(under: Behind, everyMs: number): Promise<void> {
  const forMs = under.tiny ? 300 : 10_000
  const calls: Promise<unknown>[] = []
  const startMs = performance.now()
  for (let nowMs = startMs; nowMs - startMs < forMs; nowMs = performance.now()) {
    while (calls.length * everyMs <= nowMs - startMs) {
      calls.push(under.set(`k${calls.length}`, calls.length))
    }
    await pause(1)
  }
  await Promise.all(calls)
  const { lagsMs } = under.source
  for (let tries = 0; lagsMs.length < calls.length && tries < 6_000; tries++) await pause(10)
}

async function rate(under: Behind): Promise<Record<string, number>> {
  const count = under.tiny ? 300 : 40_000
  const startMs = performance.now()
  const cpu = process.cpuUsage()
  await setMany(under, count, (at) => `k${(at * 7_919) % KEYS}`)
  const seconds = (performance.now() - startMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  await under.behind.drain(DRAINED)
  const perCpuSecond = count / ((user + system) / 1e6)
  return { 'sets/s': count / seconds, 'sets per second of CPU': perCpuSecond }
}

async function lag(under: Behind): Promise<Record<string, number>> {
  under.source.batchMs = BATCH_MS
  under.source.isOneAtATime = false
  await setEvery(under, 1)
  const { lagsMs } = under.source
  return { p50: quantile(lagsMs, 0.5), p99: quantile(lagsMs, 0.99) }
}

function neighbours(poison: boolean) {
  return async (under: Behind): Promise<Record<string, number>> => {
    under.source.batchMs = BATCH_MS
    if (poison) await under.set('bad', SlowSource.POISON)
    await setEvery(under, 2)
    const { lagsMs } = under.source
    const mean = lagsMs.reduce((sum, ms) => sum + ms, 0) / lagsMs.length
    return { mean, p99: quantile(lagsMs, 0.99) }
  }
}

async function away(under: Behind): Promise<Record<string, number>> {
  const awayMs = under.tiny ? 500 : 60_000
  under.source.isAway = true
  let refused = 0
  let pending = 0
  const set = (at: number) => under.set(`k${at}`, at).catch(() => refused++)
  const calls: Promise<unknown>[] = []
  const startMs = performance.now()
  for (let at = 0; performance.now() - startMs < awayMs; at++) {
    calls.push(set(at))
    if (at % 500 === 0) pending = Math.max(pending, (await under.behind.status()).pending)
    await pause(2)
  }
  await Promise.all(calls)
  pending = Math.max(pending, (await under.behind.status()).pending)
  under.source.isAway = false
  const backMs = performance.now()
  await under.behind.drain(DRAINED)
  const seconds = (performance.now() - backMs) / 1_000
  return { 'most pending': pending, refused, 'seconds until caught up': seconds }
}

/** A thousand sets a second into a source that takes two hundred. */
async function overload(under: Behind): Promise<Record<string, number>> {
  const scale = under.tiny ? 1_000 : 1
  const keys = Math.ceil(KEYS / scale)
  const forMs = 300_000 / scale
  under.source.writeMs = 5 / scale
  const pending: number[] = []
  const calls: Promise<unknown>[] = []
  const startMs = performance.now()
  let at = 0
  for (let nowMs = startMs; nowMs - startMs < forMs; nowMs = performance.now()) {
    for (; at <= nowMs - startMs; at++) {
      calls.push(under.set(`k${Math.floor(Math.random() * keys)}`, at))
    }
    if (calls.length >= 1_000) await Promise.all(calls.splice(0))
    pending.push((await under.behind.status()).pending)
    await pause(under.tiny ? 1 : 50)
  }
  await Promise.all(calls)
  const part = (from: number, to: number) =>
    median(pending.slice(pending.length * from, Math.max(1, pending.length * to)))
  const [half, end] = [part(0.6, 0.7), part(0.9, 1)]
  const { source } = under
  source.writeMs = 0
  await under.behind.drain(DRAINED)
  return {
    'growth from 65 % to 95 % of the time, % of keys': ((end - half) / keys) * 100,
    'pending at 65 %': half,
    'pending at 95 %': end,
    'written of all sets, %': (source.lagsMs.length / at) * 100,
  }
}

const SOON = { delay: '50ms', retryDelay: '50ms', partitions: 1 } as const

export const subjects = {
  rate: behindSubject({ delay: '1s', partitions: 64, batch: 500 }, rate),
  lag: behindSubject({ delay: `${DELAY_MS}ms` }, lag),
  'neighbours of good rows': behindSubject(SOON, neighbours(false)),
  'neighbours of a bad row': behindSubject(SOON, neighbours(true)),
  away: behindSubject({ delay: '100ms', maxPending: MAX_PENDING, whenFull: 'reject' }, away),
  overload: behindSubject({ delay: '1s', concurrency: 1 }, overload),
}

const NONE_MISSING = digest([0])

async function play(lab: Lab, subject: string, driver: string, rounds: number): Promise<Round[]> {
  const host = await lab.host(subject, { driver })
  const all: Round[] = []
  for (let round = 0; round < (lab.tiny ? 1 : rounds); round++) all.push(await host.run(round))
  await host.end()
  return all
}

interface Judged {
  readonly case: string
  readonly unit: string
  readonly target?: Row['target']
  readonly values: readonly number[]
}

function rowOf(subject: string, rounds: readonly Round[], judged: Judged): Row {
  const { values, target, ...named } = judged
  return {
    ...named,
    subject,
    against: '',
    ...spread(values),
    ...(target === undefined ? {} : { target }),
    figures: rounds.at(-1)!.figures!,
    answers: rounds[0]!.answers,
    isRight: rounds.every(({ answers }) => answers === NONE_MISSING),
  }
}

const figure = (rounds: readonly Round[], name: string) => {
  return rounds.map(({ figures }) => figures![name]!)
}

async function quick(lab: Lab, driver: string): Promise<Row[]> {
  const rates = await play(lab, 'rate', driver, 5)
  const lags = await play(lab, 'lag', driver, 3)
  const good = await play(lab, 'neighbours of good rows', driver, 3)
  const bad = await play(lab, 'neighbours of a bad row', driver, 3)
  const slower = figure(bad, 'mean').map((mean, at) => mean / figure(good, 'mean')[at]!)
  return [
    rowOf(driver, rates, {
      case: 'sets a second, 64 callers, one process with its worker',
      unit: '/s',
      target: atLeast(10_000),
      values: figure(rates, 'sets/s'),
    }),
    rowOf(driver, lags, {
      case: `lag, p99, beyond a delay of ${DELAY_MS} ms; a batch takes ${BATCH_MS} ms`,
      unit: 'ms',
      target: atMost(BATCH_MS),
      values: figure(lags, 'p99').map((p99) => p99 - DELAY_MS),
    }),
    rowOf(driver, bad, {
      case: 'mean lag of the neighbours of a bad row, times that of good rows',
      unit: 'times',
      target: atMost(2),
      values: slower,
    }),
  ]
}

async function long(lab: Lab): Promise<Row[]> {
  const driver = 'node-redis'
  const gone = await play(lab, 'away', driver, 1)
  const flooded = await play(lab, 'overload', driver, 1)
  const growth = 'growth from 65 % to 95 % of the time, % of keys'
  return [
    rowOf(driver, gone, {
      case: 'source away for 60 s, 500 new keys a second: pending at the most',
      unit: 'keys',
      // Parts are filled by hash: each has its share, rounded up.
      target: atMost(64 * Math.ceil(MAX_PENDING / 64)),
      values: figure(gone, 'most pending'),
    }),
    rowOf(driver, gone, {
      case: 'the same: until caught up',
      unit: 's',
      values: figure(gone, 'seconds until caught up'),
    }),
    rowOf(driver, flooded, {
      case: '1 000 sets/s on 50 000 keys, source takes 200/s: growth of the backlog at its plateau',
      unit: '% of keys',
      target: atMost(5),
      values: figure(flooded, growth),
    }),
  ]
}

export const bench: Bench = {
  name: 'write-behind',
  says:
    'Write-behind over a Redis without persistence, the source a timer: `set` resolves once the ' +
    'queue has the write. In every row all acknowledged writes must have reached the source.',
  async run(lab) {
    await lab.redis()
    const rows = []
    for (const driver of lab.tiny ? ['node-redis'] : ['node-redis', 'ioredis']) {
      for (const row of await quick(lab, driver)) rows.push(lab.report(row))
    }
    for (const row of await long(lab)) rows.push(lab.report(row))
    return rows
  },
}
