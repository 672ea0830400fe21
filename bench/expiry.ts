/**
 * A million entries end at the same moment, and nobody asks for any of them: how long until memory
 * has given them back, and how long the process stands still meanwhile?
 *
 * A ticker tells when the event loop was late. It runs before the end as well, since a machine with
 * others at work is late by itself. Each round has a process of its own.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createCache } from '../src/index.js'
import type { Bench, Round, Row, StartSubject } from './harness/bench.js'
import { heldBytes } from './harness/held-bytes.js'
import { atMost, type Lab } from './harness/lab.js'
import { makePerson } from './harness/rows.js'
import { medianFigures, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const ENTRIES = 1_000_000
const TINY_ENTRIES = 1_000
/** From the first write to the end of all entries; twice as long for a machine that is too busy. */
const LIFE_MS = 12_000
const TINY_LIFE_MS = 500
const TRIES = 4
/** The last of that, in which the process idles already. */
const LEAST_IDLE_MS = 200
const TICK_MS = 5
/** What is not given back by then is left. */
const PATIENCE_MS = 20_000
const PROCESSES = 7
const SAMPLE = 100
const MAX_EMPTY_MS = 2_000
const MAX_PAUSE_MS = 20

type Cache = ReturnType<typeof createCache>

/** Watches the event loop; nothing else happens in it but what the cache does by itself. */
class Ticker {
  #lastMs = performance.now()
  #worstMs = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** The longest pause since this was asked last. */
  worstMs(): number {
    this.#tick()
    const worstMs = this.#worstMs
    this.#worstMs = 0
    return worstMs
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const nowMs = performance.now()
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#lastMs - TICK_MS)
    this.#lastMs = nowMs
  }
}

interface Filled {
  /** The moment at which all entries end. */
  readonly endMs: number
  readonly idleMs: number
  readonly answers: string
  readonly bytes: number
}

async function fill(cache: Cache, count: number, lifeMs: number): Promise<Filled> {
  const endMs = performance.now() + lifeMs
  for (let id = 0; id < count; id++) {
    const ttlMs = Math.max(1, endMs - performance.now())
    await cache.set(`user:${id}`, makePerson(id), { ttl: ttlMs / 1_000 })
  }
  const answers = digest([sampleIds(count).map((id) => cache.peek(`user:${id}`)), entriesOf(cache)])
  const bytes = heldBytes()
  return { endMs, idleMs: endMs - performance.now(), answers, bytes }
}

/** So that the process idles for a while before the end. */
async function fillInTime(cache: Cache, count: number, firstLifeMs: number): Promise<Filled> {
  for (let tries = 0; tries < TRIES; tries++) {
    const filled = await fill(cache, count, firstLifeMs * 2 ** tries)
    if (filled.idleMs >= LEAST_IDLE_MS) return filled
  }
  throw new Error(`${count} entries were not written in ${firstLifeMs * 2 ** (TRIES - 1)} ms`)
}

function sampleIds(count: number): number[] {
  return Array.from({ length: SAMPLE }, (_, at) => (at * count) / SAMPLE)
}

function entriesOf(cache: Cache): number {
  return cache.stats().memory.entries
}

async function emptied(cache: Cache, sinceMs: number): Promise<number> {
  while (entriesOf(cache) > 0 && performance.now() - sinceMs < PATIENCE_MS) await pause(TICK_MS)
  return performance.now() - sinceMs
}

const subject: StartSubject = async ({ tiny }) => {
  const count = tiny ? TINY_ENTRIES : ENTRIES
  const lifeMs = tiny ? TINY_LIFE_MS : LIFE_MS
  const cache = createCache({ memory: { maxEntries: count, maxBytes: '2gb' } })
  const run = async (): Promise<Round> => {
    const emptyBytes = heldBytes()
    const { endMs, idleMs, answers, bytes } = await fillInTime(cache, count, lifeMs)
    const ticker = new Ticker()
    await pause(idleMs)
    const pauseBeforeMs = ticker.worstMs()
    const emptyMs = await emptied(cache, endMs)
    const pauseMs = ticker.worstMs()
    ticker.stop()
    const figures = {
      'empty after, ms': emptyMs,
      'longest pause, ms': pauseMs,
      'longest pause before, ms': pauseBeforeMs,
      'entries left': entriesOf(cache),
      'MB full': (bytes - emptyBytes) / 1e6,
      'MB after': (heldBytes() - emptyBytes) / 1e6,
    }
    return { operations: count, elapsedMs: emptyMs, cpuMs: 0, answers, figures }
  }
  return { run, stop: () => cache.close() }
}

export const subjects = { createCache: subject }

async function measure(lab: Lab): Promise<Round[]> {
  const rounds: Round[] = []
  for (let round = 0; round < (lab.tiny ? 1 : PROCESSES); round++) {
    const host = await lab.host('createCache')
    rounds.push(await host.run(round))
    await host.end()
  }
  return rounds
}

export const bench: Bench = {
  name: 'expiry',
  says:
    '1 000 000 entries of 100 B that end at the same moment in a process that idles: how long ' +
    'until memory holds none of them (watched for 20 s), and the longest pause of the event loop ' +
    'meanwhile, beside that of an equally idle time before.',
  columns: ['longest pause before, ms', 'entries left', 'MB full', 'MB after'],
  async run(lab) {
    const rounds = await measure(lab)
    const [{ operations: count, answers }] = rounds as [Round]
    const right = digest([sampleIds(count).map(makePerson), count])
    const rowOf = (what: string, figure: string, limit: number): Row => ({
      ...{ case: what, subject: 'createCache', against: '', unit: 'ms' },
      ...spread(rounds.map(({ figures }) => figures![figure]!)),
      target: atMost(limit),
      figures: medianFigures(rounds),
      answers,
      isRight: rounds.every((round) => round.answers === right),
    })
    return [
      rowOf('until memory holds none', 'empty after, ms', MAX_EMPTY_MS),
      rowOf('longest pause of the event loop', 'longest pause, ms', MAX_PAUSE_MS),
    ].map((row) => lab.report(row))
  },
}
