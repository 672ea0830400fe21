/**
 * What an entry costs beside its value: on the heap above a Map's entry, in Redis above a bare SET.
 *
 * Heap: each figure comes from a fresh process that collects garbage before and after it fills
 * the container, and counts buffers outside the heap as well. Values have the same shape in Map
 * and cache: with 'frozen' the cache's own copies, with 'shared' the very objects. Redis: the
 * server's used memory before and after, and MEMORY USAGE of an entry.
 */
import { createCache } from '../src/index.js'
import type { Bench, Params, Round, Row, Runner, Setting, StartSubject } from './harness/bench.js'
import { adminClient, bareClient, cacheOn, LOG_KEYS, removeEntries } from './harness/clients.js'
import { heldBytes } from './harness/held-bytes.js'
import { atMost, type Lab } from './harness/lab.js'
import { makePerson, type Person } from './harness/rows.js'
import { median, spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const ENTRIES = 100_000
const TTL_S = 3_600
const SAMPLE = 500
const PROCESSES = 3
const MAX_HEAP_BYTES = 80
const MAX_REDIS_BYTES = 250

/** A container with `size` entries, and a way to read one. */
type Fill = (size: number) => Promise<(id: number) => unknown>

function onHeap(fill: Fill): StartSubject {
  return async (setting) => {
    const size = setting.tiny ? 1_000 : ENTRIES
    const run = async (): Promise<Round> => {
      await fill(10)
      const before = heldBytes()
      const read = await fill(size)
      const bytes = (heldBytes() - before) / size
      const answers = digest(Array.from({ length: size }, (_, id) => read(id)))
      return { operations: size, elapsedMs: 0, cpuMs: 0, answers, figures: { bytes } }
    }
    return { run, stop: async () => {} }
  }
}

const keyOf = (id: number): string => `user:${id}`

function cacheOf(values: 'frozen' | 'shared'): Fill {
  return async (size) => {
    const cache = createCache({ memory: { maxEntries: ENTRIES, maxBytes: '1gb', values } })
    for (let id = 0; id < size; id++) await cache.set(keyOf(id), makePerson(id))
    return (id) => cache.peek(keyOf(id))
  }
}

const REMARK = 'The parcel was left with a neighbour, as agreed on the telephone. '.repeat(4)

/** All of 100 B, or of 100 to 300 B: the server's allocator rounds up, so one size tells little. */
function rowOf(id: number, { params }: Setting): Person & { remark?: string } {
  const person = makePerson(id)
  return params.isMixed === true ? { ...person, remark: REMARK.slice(0, (id * 37) % 190) } : person
}

interface Keeper {
  put(key: string, person: Person): Promise<unknown>
  get(key: string): Promise<unknown>
  close(): Promise<unknown>
}

function inRedis(make: (setting: Setting) => Promise<Keeper>): StartSubject {
  return async (setting) => {
    const admin = await adminClient(setting)
    const { put, get, close } = await make(setting)
    const size = setting.tiny ? 500 : 20_000
    const used = async () => Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1])
    // The log keeps its last 100 000 records, however many entries there are: it is told apart.
    const logBytes = async () => Number((await admin.memoryUsage('{cw}!log', { SAMPLES: 0 })) ?? 0)
    const run: Runner['run'] = async () => {
      await removeEntries(admin)
      const before = (await used()) - (await logBytes())
      for (let id = 0; id < size; id++) await put(keyOf(id), rowOf(id, setting))
      const ofLog = await logBytes()
      const bytes = ((await used()) - ofLog - before) / size
      const read: unknown[] = []
      for (let id = 0; id < SAMPLE; id++) read.push(await get(keyOf(id)))
      const { keys } = await admin.scan('0', { COUNT: SAMPLE })
      const entries = keys.filter((key) => !LOG_KEYS.test(key))
      const usages = await Promise.all(entries.map((key) => admin.memoryUsage(key)))
      const figures = {
        bytes,
        'MEMORY USAGE, bytes': median(usages.map(Number)),
        'log, bytes': ofLog,
      }
      return { operations: size, elapsedMs: 0, cpuMs: 0, answers: digest(read), figures }
    }
    const stop = async () => {
      await close()
      admin.destroy()
    }
    return { run, stop }
  }
}

export const subjects = {
  Map: onHeap(async (size) => {
    const map = new Map<string, Person>()
    for (let id = 0; id < size; id++) map.set(keyOf(id), makePerson(id))
    return (id) => map.get(keyOf(id))
  }),
  'cache, frozen': onHeap(cacheOf('frozen')),
  'cache, shared': onHeap(cacheOf('shared')),
  'SET with PX': inRedis(async (setting) => {
    const client = await bareClient('node-redis', setting)
    return {
      put: (key, person) => client.set(key, JSON.stringify(person), TTL_S * 1_000),
      get: async (key) => JSON.parse((await client.get(key))!),
      close: () => client.close(),
    }
  }),
  set: inRedis(async (setting) => {
    // The default prefix: its bytes are part of the price.
    const { cache } = await cacheOn('node-redis', setting, {
      ...{ memory: false, ttl: TTL_S, prefix: 'cw' },
    })
    return {
      put: (key, person) => cache.set(key, person),
      get: (key) => cache.get(key),
      close: () => cache.close(),
    }
  }),
}

/** The rounds of each subject, each in a process of its own. */
async function measure(
  lab: Lab,
  names: readonly string[],
  params?: Params,
): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]))
  for (let turn = 0; turn < (lab.tiny ? 1 : PROCESSES); turn++) {
    for (const name of names) {
      const host = await lab.host(name, params)
      rounds.get(name)!.push(await host.run(turn))
      await host.end()
    }
  }
  return rounds
}

function rowsFor(
  what: string,
  rounds: ReadonlyMap<string, Round[]>,
  figure: (own: number, bare: number) => number,
  limit?: number,
): Row[] {
  const [[against, bare], ...ours] = [...rounds] as [[string, Round[]], ...[string, Round[]][]]
  return ours.map(([subject, own]) => ({
    case: what,
    subject,
    against,
    unit: 'B',
    ...spread(own.map((round, at) => figure(bytesOf(round), bytesOf(bare[at]!)))),
    ...(limit === undefined ? {} : { target: atMost(limit) }),
    figures: { ...own[0]!.figures, 'bytes bare': bytesOf(bare[0]!) },
    answers: own[0]!.answers,
    isRight: own.every((round) => round.answers === bare[0]!.answers),
  }))
}

function bytesOf(round: Round): number {
  return round.figures!.bytes!
}

export const bench: Bench = {
  name: 'footprint',
  says:
    'Bytes of an entry with a ttl: on the heap above what a Map takes (100 000 entries, garbage ' +
    'collected, buffers counted), and in Redis, where the bare client sets the same row as JSON ' +
    'with PX.',
  async run(lab) {
    await lab.redis()
    const heap = await measure(lab, ['Map', 'cache, frozen', 'cache, shared'])
    const redis = await measure(lab, ['SET with PX', 'set'])
    const mixed = await measure(lab, ['SET with PX', 'set'], { isMixed: true })
    const rows = [
      ...rowsFor('heap per entry, above a Map', heap, (own, bare) => own - bare, MAX_HEAP_BYTES),
      ...rowsFor('Redis per entry of 100 B', redis, (own) => own, MAX_REDIS_BYTES),
      ...rowsFor('Redis per entry of 100 to 300 B, above SET', mixed, (own, bare) => own - bare),
    ]
    return rows.map((row) => lab.report(row))
  },
}
