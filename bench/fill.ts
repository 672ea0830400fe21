/**
 * Writing: a read-through fill, a miss, a set; against the bare client doing GET, load, SET with
 * PX.
 *
 * The bare client waits for its SET. `getOrSet` does not: its caller has the value while the
 * write is on its way. So it is measured twice. "returned": until all callers have their values.
 * "settled": each group of callers then waits until the store has confirmed the group's writes.
 * Both tiers are on, as by default. The loader answers at once with an object made before the
 * clock started; the server is emptied between rounds.
 */
import type { RedisDriver } from '../src/stores/redis/index.js'
import type { Bench, Runner, Setting, StartSubject } from './harness/bench.js'
import { adminClient, bareClient, cacheOn, entryCount, removeEntries } from './harness/clients.js'
import { inGroups } from './harness/in-flight.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { timed } from './harness/timed.js'

const TTL_S = 600
/** Writes go on getting faster for about a thousand groups, on either side. */
const WARM_UP_ROUNDS = 8
const CALLS = { one: 2_048, many: 8_192 }

/** One call of a round: what it was asked to bring, and where. */
type Call = (key: string, row: Row) => Promise<number>

interface Writer {
  readonly call: Call
  /** Called after each group, with the number of writes so far; part of the time measured. */
  readonly settle: ((writes: number) => Promise<void>) | undefined
  /** Waits for what is still on its way, after the clock stopped. */
  drain(writes: number): Promise<void>
  /** Reads a key back, past what memory has. */
  close(): Promise<void>
}

function subject(make: (setting: Setting) => Promise<Writer>): StartSubject {
  return async (setting) => {
    const admin = await adminClient(setting)
    const writer = await make(setting)
    const atOnce = setting.params.atOnce as number
    const calls = setting.tiny ? 64 : atOnce === 1 ? CALLS.one : CALLS.many
    let writes = 0
    const run: Runner['run'] = async (round) => {
      const entries = makeEntries(setting, round, calls)
      const result = await timed(calls, '', () => runGroups(writer, entries, atOnce, writes))
      writes += calls
      await writer.drain(writes)
      const stored = await entryCount(admin)
      await removeEntries(admin)
      return { ...result, answers: `${result.answers}:${stored}` }
    }
    const stop = async () => {
      await writer.close()
      admin.destroy()
    }
    return { run, stop }
  }
}

function makeEntries({ params }: Setting, round: number, calls: number): [string, Row][] {
  return Array.from({ length: calls }, (_, at) => {
    const id = (round + 16) * calls + at
    return [`row:${id}`, makeRow(params.size as Size, id)]
  })
}

async function runGroups(
  { call, settle }: Writer,
  entries: readonly (readonly [string, Row])[],
  atOnce: number,
  writesBefore: number,
): Promise<number> {
  const one = (at: number) => call(entries[at]![0], entries[at]![1])
  if (settle === undefined) return inGroups(entries.length, atOnce, one, (id) => id)
  let sum = 0
  for (let first = 0; first < entries.length; first += atOnce) {
    sum += await inGroups(
      atOnce,
      atOnce,
      (at) => one(first + at),
      (id) => id,
    )
    await settle(writesBefore + first + atOnce)
  }
  return sum
}

function bare(driver: RedisDriver): StartSubject {
  return subject(async (setting) => {
    const client = await bareClient(driver, setting)
    const put = (key: string, row: Row) => client.set(key, JSON.stringify(row), TTL_S * 1_000)
    const readThrough: Call = async (key, row) => {
      const found = await client.get(key)
      if (found !== null) return -1
      const loaded = await load(row)
      await put(key, loaded)
      return loaded.id
    }
    const set: Call = async (key, row) => {
      await put(key, row)
      return row.id
    }
    return {
      call: setting.params.what === 'set' ? set : readThrough,
      settle: undefined,
      drain: async () => {},
      close: () => client.close(),
    }
  })
}

function cached(driver: RedisDriver, how: 'returned' | 'settled' | 'by hand'): StartSubject {
  return subject(async (setting) => {
    const { cache, settled } = await cacheOn(driver, setting, { ttl: TTL_S })
    const calls: Record<string, Call> = {
      set: async (key, row) => ((await cache.set(key, row)) ? row.id : -1),
      'read through': async (key, row) => (await cache.getOrSet(key, () => load(row))).id,
      'by hand': async (key, row) => {
        if ((await cache.get(key)) !== undefined) return -1
        const loaded = await load(row)
        return (await cache.set(key, loaded)) ? loaded.id : -1
      },
    }
    return {
      call: calls[how === 'by hand' ? how : (setting.params.what as string)]!,
      settle: how === 'settled' ? settled : undefined,
      drain: settled,
      close: () => cache.close(),
    }
  })
}

/** A database that answers at once. */
async function load(row: Row): Promise<Row> {
  return row
}

export const subjects = {
  'node-redis': bare('node-redis'),
  ioredis: bare('ioredis'),
  'returned, node-redis': cached('node-redis', 'returned'),
  'returned, ioredis': cached('ioredis', 'returned'),
  'settled, node-redis': cached('node-redis', 'settled'),
  'settled, ioredis': cached('ioredis', 'settled'),
  'get and set by hand, node-redis': cached('node-redis', 'by hand'),
  'set, node-redis': cached('node-redis', 'returned'),
  'set, ioredis': cached('ioredis', 'returned'),
}

const READ_THROUGH = [
  'returned, node-redis',
  'returned, ioredis',
  'settled, node-redis',
  'settled, ioredis',
]

export const bench: Bench = {
  name: 'fill',
  says:
    '`getOrSet` of a cold key with an instant loader, and `set`, both tiers, against GET, load ' +
    'and SET with PX of the faster bare client. "returned": until the callers have their values; ' +
    '"settled": until the store has confirmed each group of writes as well.',
  async run(lab) {
    await lab.redis()
    const compare = (
      name: string,
      params: { what: string; size: Size; atOnce: number },
      ours: readonly string[],
      target: number,
    ) =>
      lab.compare({
        case: name,
        params,
        warmUpRounds: WARM_UP_ROUNDS,
        bare: ['node-redis', 'ioredis'],
        ours: ours.map((subject) => ({ subject, target })),
      })
    const fill = { what: 'read through', size: '2 KB' as const }
    const byHand = 'get and set by hand, node-redis'
    const set = ['set, node-redis', 'set, ioredis']
    return [
      ...(await compare('fill 2 KB, one at a time', { ...fill, atOnce: 1 }, READ_THROUGH, 0.7)),
      ...(await compare('fill 2 KB, 64 at once', { ...fill, atOnce: 64 }, READ_THROUGH, 0.7)),
      ...(await compare(
        'miss 100 B, 64 at once',
        { ...fill, size: '100 B', atOnce: 64 },
        [...READ_THROUGH, byHand],
        0.65,
      )),
      ...(await compare(
        'set 100 B, 64 at once',
        { what: 'set', size: '100 B', atOnce: 64 },
        set,
        0.5,
      )),
    ]
  },
}
