/**
 * A real master with two replicas and three sentinels that watch it, for one test.
 *
 * Everything that waits has a bound.
 */
import { command, endCommands } from './admin.js'
import { type RedisServer, startRedisServer } from './redis-server.js'
import { until } from './watched-store.js'

const NAME = 'proof'
const QUORUM = 2
/** How long the master is not heard of before a sentinel takes it for down. */
const DOWN_AFTER_MS = 1_000
const FAILOVER_TIMEOUT_MS = 5_000
const REPLICAS = 2
const SENTINELS = 3

export async function startRedisSentinels(): Promise<RedisSentinels> {
  const args = ['--repl-diskless-sync-delay', '0']
  const master = await startRedisServer({ args })
  const follows = ['--replicaof', '127.0.0.1', String(master.port)]
  const replicas = await Promise.all(
    Array.from({ length: REPLICAS }, () => startRedisServer({ args: [...args, ...follows] })),
  )
  const config = [
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
  ]
  const watchers = await Promise.all(
    Array.from({ length: SENTINELS }, () => startRedisServer({ sentinel: config })),
  )
  const sentinels = new RedisSentinels([master, ...replicas], watchers)
  await until(() => sentinels.isHealthy(), 'the sentinels know one another and both replicas')
  return sentinels
}

export class RedisSentinels {
  readonly name = NAME
  readonly servers: readonly RedisServer[]
  readonly watchers: readonly RedisServer[]

  constructor(servers: readonly RedisServer[], watchers: readonly RedisServer[]) {
    this.servers = servers
    this.watchers = watchers
  }

  get nodes(): readonly string[] {
    return this.watchers.map(({ port }) => `127.0.0.1:${port}`)
  }

  /** As the first sentinel that answers tells it. */
  async master(): Promise<RedisServer> {
    for (const { port } of this.watchers) {
      const ask = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME]
      const reply = await command(port, ask).catch(() => undefined)
      const [, masterPort] = (reply ?? []) as string[]
      const found = this.servers.find((server) => String(server.port) === masterPort)
      if (found !== undefined) return found
    }
    throw new Error('no sentinel tells of a master')
  }

  /** Has another elected although the master is well. */
  async failOver(): Promise<void> {
    await command(this.watchers[0]!.port, ['SENTINEL', 'FAILOVER', NAME])
  }

  /** Whether any sentinel tells that one of them is the master. */
  async isNamedByAny(servers: readonly RedisServer[]): Promise<boolean> {
    const ask = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME]
    const ports = await Promise.all(
      this.watchers.map(async ({ port }) => String(((await command(port, ask)) as string[])[1])),
    )
    return servers.some(({ port }) => ports.includes(String(port)))
  }

  /** Whether all sentinels have met and agree, and both replicas are in step. */
  async isHealthy(): Promise<boolean> {
    const master = await this.master()
    for (const { port } of this.watchers) {
      const fields = (await command(port, ['SENTINEL', 'MASTER', NAME])) as string[]
      const field = (name: string) => fields[fields.indexOf(name) + 1]
      if (field('num-other-sentinels') !== String(SENTINELS - 1)) return false
      if (field('num-slaves') !== String(REPLICAS)) return false
      if (field('port') !== String(master.port) || field('flags') !== 'master') return false
    }
    const info = String(await command(master.port, ['INFO', 'replication']))
    return info.includes('role:master') && info.match(/state=online/g)?.length === REPLICAS
  }

  async stop(): Promise<void> {
    const all = [...this.watchers, ...this.servers]
    endCommands(all)
    await Promise.all(all.map((server) => server.stop()))
  }
}
