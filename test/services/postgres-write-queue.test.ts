/** The queue of writes on Postgres: by the suite, by its model, and through what can happen. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  type Holder,
  type NewWrite,
  type Outcome,
  type PutLimits,
  partitionOf,
  type WriteQueue,
} from '../../src/core/write-queue.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { inProcessStore } from '../../src/testing/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { openedInTest } from '../support/opened-in-test.js'
import { Postgres } from '../support/postgres.js'
import { POSTGRES_KINDS, type PostgresKind } from '../support/postgres-clients.js'
import { until, watched } from '../support/watched-store.js'
import { agreeWithModel } from '../support/write-queue-model.js'
import { writeQueueSuite } from '../support/write-queue-suite.js'

const ends: (() => Promise<unknown>)[] = []
let server: Postgres
beforeAll(async () => {
  server = await Postgres.start()
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  await server?.stop()
})

async function start({ name, make }: PostgresKind) {
  const { store, end } = make(server)
  ends.push(async () => {
    await store.close()
    await end()
  })
  await watched(store).up()
  let queues = 0
  return {
    open: () => store.writeQueue!(`${name} ${++queues}`, 4),
    openAs: (queue: string, partitions: number) => {
      return store.writeQueue!(`${name} ${queue}`, partitions)
    },
    wallMs: () => Date.now(),
    pass: (ms: number) => sleep(ms),
  }
}

for (const kind of POSTGRES_KINDS) writeQueueSuite(kind.name, () => start(kind), it.concurrent)

const AT_ONCE: PutLimits = {
  delayMs: 0,
  maxPending: 10_000,
  maxAgeMs: Number.POSITIVE_INFINITY,
  durability: 'memory',
}
const HOLDER = { id: 'a', leaseMs: 60_000 }
const ALL = { maxWrites: 1_000, maxBytes: 1e6 }
const set = (key: string): NewWrite => ({ key, op: 'set', bytes: Buffer.from(`of ${key}`) })

/** Nothing but a commit that waits for it takes anything to the disk. */
const LAZY = { synchronous_commit: 'off', wal_writer_delay: '10s' }

/** On a table of its own, open for the length of the test. */
async function opened(table: string, on = server) {
  const store = postgres({ url: on.url, table, sweepInterval: '1h' })
  const watch = openedInTest(store)
  await watch.up()
  return { watch, queue: store.writeQueue!('q', 4) }
}

/** A server for the length of the test, and a client of it. */
async function started(settings: Readonly<Record<string, string>>) {
  const own = await Postgres.start(settings)
  onTestFinished(() => own.stop())
  return { own, admin: await own.client() }
}

describe('a write queue on Postgres', () => {
  it.each([1, 2, 3])('answers what its model answers, whatever is asked: seed %i', async (seed) => {
    const { store, end } = POSTGRES_KINDS[0]!.make(server, { table: `model_${seed}` })
    onTestFinished(end)
    const model = inProcessStore()
    await Promise.all([store, model].map((each) => openedInTest(each).up()))
    await agreeWithModel(store, model, seed)
  })

  it('keeps what was acknowledged on disk when the server is killed', async () => {
    const { own } = await started(LAZY)
    const { watch, queue } = await opened('crash', own)
    const acknowledged: string[] = []
    const put = async (writer: number) => {
      for (let i = 0; i < 5_000; i++) {
        const key = `${writer} ${i}`
        await queue.put([set(key)], { ...AT_ONCE, durability: 'disk' })
        acknowledged.push(key)
      }
    }
    const writers = [1, 2, 3, 4].map((writer) => put(writer).catch(() => {}))
    await until(() => acknowledged.length > 200, 'acknowledged')
    await own.control.kill()
    await Promise.all(writers)
    await own.control.restart()
    await watch.up(1)
    const found = await queue.waiting(acknowledged)
    expect(found.map((write) => write && String(write.bytes))).toEqual(
      acknowledged.map((key) => `of ${key}`),
    )
    expect((await queue.state()).pending).toBeGreaterThanOrEqual(acknowledged.length)
    const versions = found.map((write) => write!.version)
    const [next] = await queue.put([set(acknowledged[0]!)], AT_ONCE)
    expect(next!.version).toBeGreaterThan(Math.max(...versions))
  })

  it('gives no epoch twice, although the server is killed', async () => {
    const { own } = await started(LAZY)
    const { watch, queue } = await opened('epochs', own)
    await queue.put([set('a')], { ...AT_ONCE, durability: 'disk' })
    const { epoch } = await queue.claim(partitionOf('a', 4), { id: 'a', leaseMs: 1 }, ALL)
    await own.control.restart()
    await watch.up(1)
    const next = await queue.claim(partitionOf('a', 4), { id: 'b', leaseMs: 1 }, ALL)
    expect(next.epoch).toBeGreaterThan(epoch!)
  })

  it('waits for as many servers as it was told', async () => {
    const { own, admin } = await started({
      ...{ max_wal_senders: '2', wal_level: 'replica', synchronous_commit: 'on' },
    })
    const { queue } = await opened('standby', own)
    const message = expect.stringMatching(/'durability' is.*replica.*synchronous_standby_names/)
    await expect(queue.prepare('replica')).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message,
    })
    await queue.prepare('disk')
    // A server that nobody has: whatever waits for it waits for ever.
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
    await admin.query('SELECT pg_reload_conf()')
    const names = 'SHOW synchronous_standby_names'
    const isSet = async () =>
      (await (await own.client()).query(names)).rows[0].synchronous_standby_names
    await until(async () => (await isSet()) === 'nobody', 'set')
    await queue.put([set('a')], AT_ONCE)
    await queue.put([set('b')], { ...AT_ONCE, durability: 'disk' })
    let isDone = false
    const put = queue.put([set('c')], { ...AT_ONCE, durability: 'replica' }).then(() => {
      isDone = true
    })
    const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
    await until(async () => (await admin.query(waits)).rows.length === 1, 'it waits')
    expect(isDone).toBe(false)
    await admin.query('ALTER SYSTEM RESET synchronous_standby_names')
    await admin.query('SELECT pg_reload_conf()')
    await put
  })

  it('is made where an older version has made the rest, and not by who may not', async () => {
    const admin = await server.client()
    const { watch } = await opened('older')
    await watch.store.close()
    await admin.query(`DROP TABLE older_parts, older_writes, older_dead CASCADE;
      DROP FUNCTION older_queue_prepare; COMMENT ON TABLE older IS 'cachewright 1 other'`)
    const kept = postgres({ url: server.url, table: 'older', migrate: false })
    await openedInTest(kept).up()
    await expect(kept.writeQueue!('q', 4).prepare('disk')).rejects.toThrow(/older_queue_prepare/)
    const { queue } = await opened('older')
    await queue.prepare('disk')
    await kept.writeQueue!('q', 4).prepare('disk')
    expect((await kept.writeQueue!('q', 4).put([set('a')], AT_ONCE))[0]!.isQueued).toBe(true)
    expect(await queue.waiting(['a'])).toHaveLength(1)
  })

  it('keeps names, keys and words that `text` cannot hold', async () => {
    const { watch } = await opened('odd')
    const [one, other] = ['q\0', 'q\\0'].map((name) => watch.store.writeQueue!(name, 1))
    const keys = ['a\0b', 'a\\0b', 'a\\\0']
    await one!.put(
      keys.map((key) => set(key)),
      AT_ONCE,
    )
    expect((await one!.waiting(keys)).map((write) => write!.key)).toEqual(keys)
    const { epoch, writes } = await one!.claim(0, HOLDER, ALL)
    const outcome = { kind: 'dead', error: 'no\0way\\0', maxDead: 9 } as const
    await one!.settle(
      0,
      epoch!,
      writes.map(({ key, version }) => ({ key, version, outcome })),
    )
    const letters = await one!.deadLetters(9)
    expect(letters.map(({ key }) => key).sort()).toEqual([...keys].sort())
    expect(letters.map(({ error }) => error)).toEqual(keys.map(() => outcome.error))
    expect(await one!.drop(keys)).toBe(3)
    expect(await other!.state()).toMatchObject({ pending: 0, dead: 0 })
  })

  it('gives rising versions also where the clock of the server was set back', async () => {
    const { queue } = await opened('clock')
    const admin = await server.client()
    await queue.put([set('a')], AT_ONCE)
    const ahead = Date.now() * 1_000 + 1e9
    await admin.query('UPDATE clock_parts SET version = $1', [ahead])
    const answers = await queue.put([set('a')], AT_ONCE)
    expect(answers).toEqual([{ version: ahead + 1, isQueued: true }])
  })

  it('counts anew where somebody has emptied its table', async () => {
    const { queue } = await opened('emptied')
    const admin = await server.client()
    await queue.put(
      ['a', 'b', 'c', 'd'].map((key) => set(key)),
      AT_ONCE,
    )
    await admin.query('TRUNCATE emptied_writes')
    for (const partition of [0, 1, 2, 3]) await queue.claim(partition, HOLDER, ALL)
    expect(await queue.state()).toMatchObject({ pending: 0, held: 0 })
  })

  it('finds keys by their index, also where that was planned for an empty table', async () => {
    const { watch, queue } = await opened('planned')
    const admin = await server.client()
    await admin.query('VACUUM ANALYZE planned_writes')
    // What is planned five times is planned for good.
    for (let round = 0; round < 8; round++) {
      await queue.waiting(['a'])
      await queue.put([set('a')], { ...AT_ONCE, maxPending: 0 })
    }
    // A session tells what it has counted when it ends.
    await watch.store.close()
    const scans = `SELECT idx_scan::int AS n FROM pg_stat_user_indexes
      WHERE indexrelname = 'planned_writes_pkey'`
    await until(async () => (await admin.query(scans)).rows[0].n === 16, 'by their index')
  })
})

interface Source {
  readonly versions: Map<string, number>
  /** The newest that was put. */
  readonly newest: Map<string, number>
}

describe('many connections on the partitions of one queue', () => {
  it('do not wait in a circle, and lose nothing', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => opened('hammer')))
    const source: Source = { versions: new Map(), newest: new Map() }
    const workers = stores.map(({ queue }, at) => new Worker(queue, `w${at}`, source))
    await Promise.all(workers.map((worker, at) => worker.run(seededRandom(at + 1))))
    const { queue } = stores[0]!
    await queue.replay(HAMMERED)
    const last = new Worker(queue, 'last', source)
    await until(async () => {
      for (let partition = 0; partition < 4; partition++) await last.work(partition, () => 0)
      return (await queue.state()).pending === 0
    }, 'all is written')
    expect(source.versions).toEqual(source.newest)
    expect(source.newest.size).toBe(HAMMERED.length)
  })
})

const HAMMERED = Array.from({ length: 60 }, (_, i) => `key ${i}`)
const CALLS = 150

class Worker {
  readonly #queue: WriteQueue
  readonly #holder: Holder
  readonly #source: Source

  constructor(queue: WriteQueue, id: string, source: Source) {
    this.#queue = queue
    // Short: whoever stops leaves its partitions to the others.
    this.#holder = { id, leaseMs: 200 }
    this.#source = source
  }

  async run(random: () => number): Promise<void> {
    for (let call = 0; call < CALLS; call++) {
      const draw = random()
      if (draw < 0.4) await this.#put(random)
      else if (draw < 0.8) await this.work(Math.floor(random() * 4), random)
      else if (draw < 0.9) await this.#queue.replay(drawn(random))
      // Those that nobody has written: all that is lost is a round trip.
      else await this.#queue.drop(drawn(random).map((key) => `not ${key}`))
    }
  }

  async #put(random: () => number): Promise<void> {
    const writes = drawn(random).map((key) => set(key))
    const answers = await this.#queue.put(writes, AT_ONCE)
    for (const [i, { key }] of writes.entries()) {
      this.#note(this.#source.newest, key, answers[i]!.version)
    }
  }

  /** The source refuses what is older than what it has. */
  async work(partition: number, random: () => number): Promise<void> {
    const { epoch, writes } = await this.#queue.claim(partition, this.#holder, ALL)
    if (epoch === undefined) return
    const settled = writes.map(({ key, version }) => {
      const outcome = outcomeOf(random())
      if (outcome.kind === 'done') this.#note(this.#source.versions, key, version)
      return { key, version, outcome }
    })
    await this.#queue.renew(partition, this.#holder, epoch)
    await this.#queue.settle(partition, epoch, settled)
    if (random() < 0.5) await this.#queue.release(partition, epoch)
  }

  #note(versions: Map<string, number>, key: string, version: number): void {
    versions.set(key, Math.max(version, versions.get(key) ?? 0))
  }
}

/** Some of the keys, in any order. */
function drawn(random: () => number): string[] {
  const keys = HAMMERED.filter(() => random() < 0.3).map((key) => ({ key, at: random() }))
  return keys.sort((one, other) => one.at - other.at).map(({ key }) => key)
}

function outcomeOf(draw: number): Outcome {
  if (draw < 0.6) return { kind: 'done' }
  if (draw < 0.9) return { kind: draw < 0.75 ? 'retry' : 'later', afterMs: 1 }
  return { kind: 'dead', error: `drawn ${draw}`, maxDead: 5 }
}
