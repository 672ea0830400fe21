/**
 * A master is killed under load: what do callers see, and how long after the election of the next
 * one are writes taken again?
 *
 * Two caches in one process and callers that load, read and invalidate for ever. A value is the
 * moment at which its load began, so one that is older than a confirmed invalidation is wrong: at
 * once in the cache that invalidated, after two seconds in the other. The election is when the
 * server itself says that it is a master.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Cache, createCache } from '../src/index.js'
import { keySlot } from '../src/stores/redis/cluster/key-slot.js'
import { type RedisDriver, type RedisOptions, redis } from '../src/stores/redis/index.js'
import { command } from '../test/support/admin.js'
import { startRedisCluster } from '../test/support/redis-cluster.js'
import { startRedisSentinels } from '../test/support/redis-sentinels.js'
import type { RedisServer } from '../test/support/redis-server.js'
import { until } from '../test/support/watched-store.js'
import type { Bench, Row } from './harness/bench.js'
import { atMost } from './harness/lab.js'

export const subjects = {}

const PREFIX = 'bench'
const KEYS = Array.from({ length: 64 }, (_, i) => `key${i}`)
const LOADERS = 8
const BEFORE_MS = 1_000
const AFTER_MS = 2_500
const HEALED_LIMIT_MS = 30_000
const OTHERS_MS = 2_000
const MAX_RECOVERY_MS = 1_000
const WORST_CALL_MS = 350

/** Several servers, one of which is killed. */
interface Scene {
  readonly redis: RedisOptions
  readonly victim: RedisServer
  /** Those of which one is elected. */
  readonly heirs: readonly RedisServer[]
  /** Whether clients are told of the next master. */
  isTold(): Promise<boolean>
  /** A key of what the victim held. */
  readonly key: string
  heal(): Promise<void>
}

interface Found {
  /** From the kill until the next master said that it is one, and until clients are told. */
  readonly electedAfterMs: number
  readonly toldAfterMs: number
  readonly writesAfterMs: number
  readonly calls: number
  readonly threw: number
  readonly wrong: number
  readonly worstMs: number
}

class Callers {
  calls = 0
  threw = 0
  wrong = 0
  worstMs = 0
  readonly #caches: readonly Cache<number>[]
  readonly #invalidated = new Map<string, { beganMs: number; confirmedMs: number; by: unknown }>()
  #isOver = false

  constructor(caches: readonly Cache<number>[]) {
    this.#caches = caches
  }

  async run(): Promise<void> {
    const loops = this.#caches.flatMap((cache) => [
      ...Array.from({ length: LOADERS }, () => this.#repeat(() => this.#load(cache))),
      this.#repeat(() => this.#invalidate(cache)),
    ])
    await Promise.all(loops)
  }

  stop(): void {
    this.#isOver = true
  }

  async #repeat(turn: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      const beganMs = performance.now()
      this.calls++
      await turn().catch(() => {
        this.threw++
      })
      this.worstMs = Math.max(this.worstMs, performance.now() - beganMs)
      await pause(5 + Math.random() * 10)
    }
  }

  async #load(cache: Cache<number>): Promise<void> {
    const key = KEYS[Math.floor(Math.random() * KEYS.length)]!
    const beganMs = performance.now()
    const value = await cache.getOrSet(key, async () => performance.now())
    const last = this.#invalidated.get(key)
    if (last === undefined || value >= last.beganMs) return
    const graceMs = last.by === cache ? 0 : OTHERS_MS
    if (beganMs > last.confirmedMs + graceMs) this.wrong++
  }

  async #invalidate(cache: Cache<number>): Promise<void> {
    const key = KEYS[Math.floor(Math.random() * KEYS.length)]!
    const beganMs = performance.now()
    if ((await cache.delete(key)) === false) return
    this.#invalidated.set(key, { beganMs, confirmedMs: performance.now(), by: cache })
  }
}

async function open(options: RedisOptions): Promise<Cache<number>> {
  const cache = createCache({ store: redis(options), prefix: PREFIX, ttl: '1h' })
  const isLeased = () => cache.stats().coherence.state === 'leased'
  await until(isLeased, 'the cache is connected')
  return cache as unknown as Cache<number>
}

async function play(scene: Scene, driver: RedisDriver, scale: number): Promise<Found> {
  const options = { ...scene.redis, driver }
  const caches = [await open(options), await open(options)]
  const callers = new Callers(caches)
  const running = callers.run()
  await pause(BEFORE_MS * scale)
  await scene.victim.kill()
  const killedMs = performance.now()
  const [electedMs, toldMs, writtenMs] = await Promise.all([
    elected(scene.heirs),
    until(() => scene.isTold(), 'clients are told').then(() => performance.now()),
    firstWrite(caches[0]!, scene.key),
  ])
  await pause(AFTER_MS * scale)
  callers.stop()
  await running
  for (const cache of caches) await cache.close()
  await scene.victim.restart()
  await scene.heal()
  const { calls, threw, wrong, worstMs } = callers
  const [electedAfterMs, toldAfterMs] = [electedMs - killedMs, toldMs - killedMs]
  const writesAfterMs = writtenMs - killedMs
  return { electedAfterMs, toldAfterMs, writesAfterMs, calls, threw, wrong, worstMs }
}

async function elected(heirs: readonly RedisServer[]): Promise<number> {
  const isMaster = async ({ port }: RedisServer) => {
    // A sentinel ends the connections of whom it promotes.
    const info = await command(port, ['INFO', 'replication']).catch(() => '')
    return String(info).includes('role:master')
  }
  await until(async () => (await Promise.all(heirs.map(isMaster))).includes(true), 'an election')
  return performance.now()
}

/** When a write to what was lost is taken again. */
async function firstWrite(cache: Cache<number>, key: string): Promise<number> {
  const isTaken = async () => (await cache.set(key, performance.now())) !== false
  await until(isTaken, 'a write is taken')
  return performance.now()
}

type PlayOn = (driver: RedisDriver, scale: number) => Promise<Found>

/** The shard with the log, or another one. */
async function onCluster(hasLog: boolean): Promise<[play: PlayOn, end: () => Promise<void>]> {
  const cluster = await startRedisCluster()
  const logSlot = keySlot(`{${PREFIX}}!state`)
  const playOn: PlayOn = async (driver, scale) => {
    const log = await cluster.ownerOf(logSlot)
    const owners = await Promise.all(KEYS.map((key) => cluster.ownerOf(slotOf(key))))
    const at = owners.findIndex((owner) => (owner === log) === hasLog)
    const victim = owners[at]!
    const heir = await cluster.replicaOf(victim)
    const heal = () => {
      const isHealthy = () => cluster.isHealthy(3).catch(() => false)
      return until(isHealthy, 'the cluster is whole', HEALED_LIMIT_MS)
    }
    const witness = cluster.members.find((member) => member !== victim && member !== heir)!
    const isTold = async () => {
      return (await cluster.mastersSeenBy(witness)).includes(heir.address)
    }
    const servers = { victim: victim.server, heirs: [heir.server], key: KEYS[at]!, isTold, heal }
    return play({ redis: { cluster: cluster.seeds }, ...servers }, driver, scale)
  }
  return [playOn, () => cluster.stop()]
}

async function onSentinels(): Promise<[play: PlayOn, end: () => Promise<void>]> {
  const sentinels = await startRedisSentinels()
  const playOn: PlayOn = async (driver, scale) => {
    const { name, nodes, servers } = sentinels
    const victim = await sentinels.master()
    const heirs = servers.filter((server) => server !== victim)
    const heal = () => {
      const isHealthy = () => sentinels.isHealthy().catch(() => false)
      return until(isHealthy, 'all are in step', HEALED_LIMIT_MS)
    }
    const isTold = () => sentinels.isNamedByAny(heirs)
    const redis = { sentinel: { name, nodes } }
    return play({ redis, victim, heirs, key: KEYS[0]!, isTold, heal }, driver, scale)
  }
  return [playOn, () => sentinels.stop()]
}

function slotOf(key: string): number {
  return keySlot(`${PREFIX}::${key}`)
}

function rowsOf(what: string, driver: RedisDriver, found: Found): Row[] {
  const row = (title: string, unit: string, value: number, limit: number, figures = {}): Row => ({
    case: `${what}: ${title}`,
    subject: driver,
    against: '',
    unit,
    ...{ value, low: value, high: value, samples: 1 },
    target: atMost(limit),
    figures,
    answers: found.wrong === 0 ? 'right' : 'wrong',
    isRight: found.wrong === 0,
  })
  const { electedAfterMs, toldAfterMs, writesAfterMs } = found
  const moments = {
    'from the kill to the election, ms': electedAfterMs,
    'to the first server that tells clients, ms': toldAfterMs,
    'to the first write, ms': writesAfterMs,
  }
  const sinceElectionMs = writesAfterMs - electedAfterMs
  const sinceToldMs = Math.max(0, writesAfterMs - toldAfterMs)
  return [
    row('writes taken after the election', 'ms', sinceElectionMs, MAX_RECOVERY_MS, moments),
    row('writes taken after clients are told', 'ms', sinceToldMs, MAX_RECOVERY_MS),
    row('calls that threw', 'calls', found.threw, 0, { calls: found.calls }),
    row('values older than allowed', 'values', found.wrong, 0),
    row('worst call', 'ms', found.worstMs, WORST_CALL_MS),
  ]
}

export const bench: Bench = {
  name: 'failover',
  says:
    'A master is killed while two caches load, read and invalidate 64 keys with default options: ' +
    'a cluster of three masters with a replica each, node timeout 1 s; and a master with two ' +
    'replicas under three sentinels, down after 1 s. From the moment at which the next master ' +
    'says that it is one, and at which clients are told of it, until a write to what was lost is ' +
    'taken. The worst call holds a write deadline.',
  async run(lab) {
    const scale = lab.tiny ? 0.1 : 1
    const rows: Row[] = []
    const scenes = [
      ['cluster, a shard without the log', () => onCluster(false)],
      ['cluster, the shard with the log', () => onCluster(true)],
      ['sentinel', onSentinels],
    ] as const
    for (const [what, set] of lab.tiny ? scenes.slice(1, 2) : scenes) {
      const [playOn, end] = await set()
      try {
        for (const driver of lab.tiny ? (['node-redis'] as const) : DRIVERS) {
          const found = await playOn(driver, scale)
          rows.push(...rowsOf(what, driver, found).map((row) => lab.report(row)))
        }
      } finally {
        await end()
      }
    }
    return rows
  },
}

const DRIVERS: readonly RedisDriver[] = ['node-redis', 'ioredis']
