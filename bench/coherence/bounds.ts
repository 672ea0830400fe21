/**
 * What is kept of the log when it is full: in a process the mirror's tags and the keys invalidated
 * lately, in Redis the records and the tags.
 *
 * Heap: each in a fresh process, garbage collected before and after. Redis: MEMORY USAGE of the
 * whole key. Records are of one key each, as `delete` writes them; what a record of many keys
 * takes is shown beside.
 */
import { Mirror } from '../../src/coherence/mirror.js'
import { Invalidations } from '../../src/core/invalidations.js'
import type { Round, Row, Setting, StartSubject } from '../harness/bench.js'
import { adminClient, cacheOn } from '../harness/clients.js'
import { heldBytes } from '../harness/held-bytes.js'
import type { Lab } from '../harness/lab.js'
import { makeRow } from '../harness/rows.js'
import { spread } from '../harness/stats.js'

const PROCESSES = 3
const TAGS = 100_000
/** Two generations of 32 768. */
const RECENT_KEYS = 65_536
/** The log is trimmed in whole nodes: a little more than its limit is kept. */
const RECORDS = 101_000
const TAGS_IN_CALL = 1_000
const WIDE_RECORDS = 500
const WIDE_KEYS = 512

/** Makes a thing that holds `count`, and tells how many it does hold. */
function onHeap(full: number, make: (count: number) => readonly [thing: unknown, held: number]) {
  const start: StartSubject = async ({ tiny }) => {
    const count = tiny ? 1_000 : full
    const run = async (): Promise<Round> => {
      make(10)
      const before = heldBytes()
      const [thing, held] = make(count)
      const bytes = heldBytes() - before
      const isRight = thing !== undefined && held === count
      const answers = isRight ? 'right' : `${held} held, not ${count}`
      return {
        ...{ operations: count, elapsedMs: 0, cpuMs: 0, answers },
        figures: { bytes, 'bytes, each': bytes / count },
      }
    }
    return { run, stop: async () => {} }
  }
  return start
}

const mirror = onHeap(TAGS, (count) => {
  const made = new Mirror({ guard: { generation: 1, leaseUntilMs: 0 } })
  for (let id = 0; id < count; id++) made.apply(id + 1, [{ kind: 'tag', tag: `team:${id}` }])
  return [made, made.tagCount]
})

const recentKeys = onHeap(RECENT_KEYS, (count) => {
  const made = new Invalidations()
  const since = made.beginLoad()
  for (let id = 0; id < count; id++) made.note(`cw::user:${id}`)
  const space = { clearedAt: 0 } as Parameters<Invalidations['isCurrent']>[0]
  let held = 0
  for (let id = 0; id < count; id++) if (!made.isCurrent(space, `cw::user:${id}`, since)) held++
  return [made, held]
})

/** A log filled over a cache, and the sizes of its keys. */
function inRedis(fill: (cache: Cache, setting: Setting) => Promise<void>): StartSubject {
  return async (setting) => {
    const run = async (round: number): Promise<Round> => {
      const admin = await adminClient(setting)
      const prefix = `bounds-${process.pid}-${round}`
      const { cache } = await cacheOn('node-redis', setting, {
        ...{ prefix, memory: false, writeDeadline: '20s', ttl: '1m' },
      })
      await fill(cache, setting)
      const bytesOf = async (name: string) =>
        Number((await admin.memoryUsage(`{${prefix}}!${name}`, { SAMPLES: 0 })) ?? 0)
      const records = await admin.xLen(`{${prefix}}!log`)
      const tags = await admin.zCard(`{${prefix}}!tags`)
      const [log, tagBytes] = [await bytesOf('log'), await bytesOf('tags')]
      await cache.close()
      await admin.flushAll()
      admin.destroy()
      return {
        ...{ operations: records, elapsedMs: 0, cpuMs: 0, answers: records > 0 ? 'right' : 'none' },
        figures: {
          ...{ 'log, bytes': log, records, 'bytes, each record': log / records },
          ...{ 'tags, bytes': tagBytes, tags },
        },
      }
    }
    return { run, stop: async () => {} }
  }
}

type Cache = Awaited<ReturnType<typeof cacheOn>>['cache']

const logOfKeys = inRedis(async (cache, { tiny }) => {
  for (let id = 0; id < (tiny ? 200 : RECORDS); id++) await cache.delete(`user:${id}`)
})

const logOfManyKeys = inRedis(async (cache, { tiny }) => {
  for (let at = 0; at < (tiny ? 3 : WIDE_RECORDS); at++) {
    const keys = Array.from({ length: WIDE_KEYS }, (_, id) => `user:${at * WIDE_KEYS + id}`)
    await cache.setMany(keys.map((key, id) => [key, makeRow('100 B', id)]))
  }
})

const tagsInRedis = inRedis(async (cache, { tiny }) => {
  const count = tiny ? 2_000 : TAGS
  for (let from = 0; from < count; from += TAGS_IN_CALL)
    await cache.invalidateTags(Array.from({ length: TAGS_IN_CALL }, (_, at) => `team:${from + at}`))
})

export const boundsSubjects = {
  'the mirror of 100 000 tags, on the heap': mirror,
  'the ring of recent invalidations, full, on the heap': recentKeys,
  'the log of 100 000 records, in Redis': logOfKeys,
  '100 000 tags, in Redis': tagsInRedis,
  'a record of 512 keys, in Redis': logOfManyKeys,
}

/** Which figure is the result, as which unit. */
const RESULTS: Record<keyof typeof boundsSubjects, readonly [figure: string, unit: string]> = {
  'the mirror of 100 000 tags, on the heap': ['bytes', 'MB'],
  'the ring of recent invalidations, full, on the heap': ['bytes', 'MB'],
  'the log of 100 000 records, in Redis': ['log, bytes', 'MB'],
  '100 000 tags, in Redis': ['tags, bytes', 'MB'],
  'a record of 512 keys, in Redis': ['bytes, each record', 'B'],
}

export async function boundsRows(lab: Lab): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, [figure, unit]] of Object.entries(RESULTS)) {
    const rounds: Round[] = []
    for (let turn = 0; turn < (lab.tiny ? 1 : PROCESSES); turn++) {
      const host = await lab.host(name)
      rounds.push(await host.run(turn))
      await host.end()
    }
    const scale = unit === 'MB' ? 1e6 : 1
    const row = {
      case: name,
      ...{ subject: 'default limits', against: '', unit },
      ...spread(rounds.map(({ figures }) => figures![figure]! / scale)),
      figures: rounds[0]!.figures!,
      answers: rounds[0]!.answers,
      isRight: rounds.every(({ answers }) => answers === 'right'),
    }
    rows.push(lab.report(row))
  }
  return rows
}
