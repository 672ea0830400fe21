/**
 * A real Redis Cluster for one test: masters and as many replicas, each a redis-server of its own.
 *
 * Slots and replicas are assigned by the cluster's own commands. Everything that waits has a bound.
 */
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import { command, endCommands } from './admin.js'
import { type RedisServer, startRedisServer } from './redis-server.js'
import { until } from './watched-store.js'

const SLOTS = 16_384
/** How long nodes are not heard of before they count as failed. */
const NODE_TIMEOUT_MS = 1_000
const NODE_ARGS = [
  '--cluster-enabled',
  'yes',
  '--cluster-node-timeout',
  String(NODE_TIMEOUT_MS),
  // Else a replica that has just begun may not take over for five seconds.
  '--repl-diskless-sync-delay',
  '0',
  '--cluster-require-full-coverage',
  'no',
]
const MAX_PORT_WITH_BUS = 55_000

export interface RedisClusterOptions {
  /** Default: 3. */
  readonly masters?: number
  /** Replicas of each master. Default: 1. */
  readonly replicas?: number
  readonly args?: readonly string[]
}

export interface ClusterMember {
  readonly server: RedisServer
  readonly id: string
  readonly address: string
}

/** Starts it and resolves once every node knows of all slots and all replicas are in step. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 1, args = [] } = options
  const starting = Array.from({ length: masters * (1 + replicas) }, () => startMember(args))
  const members = await Promise.all(starting)
  const cluster = new RedisCluster(members)
  await cluster.assign(masters)
  return cluster
}

async function startMember(args: readonly string[]): Promise<ClusterMember> {
  const server = await startOnBusPort(args)
  const id = String(await command(server.port, ['CLUSTER', 'MYID']))
  return { server, id, address: `127.0.0.1:${server.port}` }
}

/** The bus listens 10 000 above the port, which must exist. */
async function startOnBusPort(args: readonly string[]): Promise<RedisServer> {
  for (let tries = 0; tries < 20; tries++) {
    const server = await startRedisServer({ start: false })
    const { port } = server
    await server.stop()
    if (port > MAX_PORT_WITH_BUS) continue
    try {
      return await startRedisServer({ port, args: [...NODE_ARGS, ...args] })
    } catch {
      // Another has taken the port of the bus.
    }
  }
  const port = 10_000 + Math.floor(Math.random() * 20_000)
  return startRedisServer({ port, args: [...NODE_ARGS, ...args] })
}

export class RedisCluster {
  readonly members: readonly ClusterMember[]

  constructor(members: readonly ClusterMember[]) {
    this.members = members
  }

  /** Of the first three nodes. */
  get seeds(): readonly string[] {
    return this.members.slice(0, 3).map(({ address }) => address)
  }

  async assign(masters: number): Promise<void> {
    const [first, ...others] = this.members as [ClusterMember, ...ClusterMember[]]
    for (const { server } of others) {
      await command(server.port, ['CLUSTER', 'MEET', '127.0.0.1', String(first.server.port)])
    }
    for (let i = 0; i < masters; i++) {
      const from = Math.floor((i * SLOTS) / masters)
      const to = Math.floor(((i + 1) * SLOTS) / masters) - 1
      const range = ['CLUSTER', 'ADDSLOTSRANGE', String(from), String(to)]
      await command(this.members[i]!.server.port, range)
    }
    await until(() => this.#eachKnows(this.members.length), 'all nodes have met')
    const replicas = this.members.slice(masters)
    for (const [i, { server }] of replicas.entries()) {
      const master = this.members[i % masters]!
      await command(server.port, ['CLUSTER', 'REPLICATE', master.id])
    }
    await until(() => this.isHealthy(replicas.length), 'the cluster is whole')
  }

  /** Whether every node sees all slots served, and so many replicas are in step. */
  async isHealthy(replicas: number): Promise<boolean> {
    let inStep = 0
    for (const { server } of this.members) {
      const info = String(await command(server.port, ['CLUSTER', 'INFO']))
      const slots = String(await command(server.port, ['CLUSTER', 'SLOTS']))
      if (!info.includes('cluster_state:ok') || slots === '') return false
      if (!info.includes(`cluster_slots_ok:${SLOTS}`)) return false
      const replication = String(await command(server.port, ['INFO', 'replication']))
      if (replication.includes('master_link_status:up')) inStep += 1
    }
    return inStep >= replicas
  }

  /** Who has the slot, as the first node that answers sees it. */
  async ownerOf(slot: number): Promise<ClusterMember> {
    for (const { server } of this.members) {
      const reply = await command(server.port, ['CLUSTER', 'SLOTS']).catch(() => [])
      for (const [from, to, [, port]] of reply as [number, number, [string, number]][]) {
        if (slot < from || slot > to) continue
        return this.members.find((member) => member.server.port === port)!
      }
    }
    throw new Error(`nobody has slot ${slot}`)
  }

  /** Addresses of those that have slots, as that node sees it. */
  async mastersSeenBy({ server }: ClusterMember): Promise<readonly string[]> {
    const reply = await command(server.port, ['CLUSTER', 'SLOTS'])
    const rows = reply as [number, number, [string, number]][]
    return [...new Set(rows.map(([, , [host, port]]) => `${host}:${port}`))]
  }

  memberAt(address: string): ClusterMember {
    return this.members.find((member) => member.address === address)!
  }

  /** A replica of that master which is in step with it. */
  async replicaOf(master: ClusterMember): Promise<ClusterMember> {
    for (const member of this.members) {
      const info = String(
        await command(member.server.port, ['INFO', 'replication']).catch(() => ''),
      )
      const isIts = info.includes(`master_port:${master.server.port}`)
      if (isIts && info.includes('master_link_status:up')) return member
    }
    throw new Error(`${master.address} has no replica`)
  }

  /** Moves the slot with all its keys, as `redis-cli --cluster reshard` does. */
  async moveSlot(slot: number, to: ClusterMember): Promise<void> {
    const from = await this.ownerOf(slot)
    await this.beginMove(slot, from, to)
    await this.moveKeys(slot, from, to)
    await this.endMove(slot, from, to)
  }

  async beginMove(slot: number, from: ClusterMember, to: ClusterMember): Promise<void> {
    const set = (at: ClusterMember, ...args: string[]) =>
      command(at.server.port, ['CLUSTER', 'SETSLOT', String(slot), ...args])
    await set(to, 'IMPORTING', from.id)
    await set(from, 'MIGRATING', to.id)
  }

  /** `limit`: at most so many keys. */
  async moveKeys(
    slot: number,
    from: ClusterMember,
    to: ClusterMember,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const port = from.server.port
    for (let moved = 0; moved < limit; ) {
      const count = String(Math.min(100, limit - moved))
      const keys = await command(port, ['CLUSTER', 'GETKEYSINSLOT', String(slot), count])
      const names = keys as string[]
      if (names.length === 0) return
      const target = ['127.0.0.1', String(to.server.port), '', '0', '5000']
      await command(port, ['MIGRATE', ...target, 'REPLACE', 'KEYS', ...names])
      moved += names.length
    }
  }

  async endMove(slot: number, from: ClusterMember, to: ClusterMember): Promise<void> {
    const masters = this.members.filter((member) => member !== from && member !== to)
    for (const { server } of [to, from, ...masters]) {
      // Replicas refuse, and hear of it from their masters.
      const set = ['CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id]
      await command(server.port, set).catch(() => {})
    }
    // Slots that move faster than the nodes hear of it may end with two that point at each other.
    await until(() => this.#isAgreed(slot, to), `all nodes see slot ${slot} at ${to.address}`)
  }

  async #isAgreed(slot: number, owner: ClusterMember): Promise<boolean> {
    const seen = this.members.map(async ({ server }) => {
      const reply = await command(server.port, ['CLUSTER', 'SLOTS'])
      const rows = reply as [number, number, [string, number]][]
      const row = rows.find(([from, to]) => slot >= from && slot <= to)
      return row?.[2][1] === owner.server.port
    })
    return (await Promise.all(seen)).every(Boolean)
  }

  /** Whether the node holds the key, also a replica. */
  async has({ server }: ClusterMember, key: string): Promise<boolean> {
    const names = await command(server.port, [
      'CLUSTER',
      'GETKEYSINSLOT',
      String(keySlot(key)),
      '100',
    ])
    return (names as string[]).includes(key)
  }

  /** What its master is told from now on it does not hear. */
  async cutReplication({ server }: ClusterMember): Promise<void> {
    await command(server.port, ['CONFIG', 'SET', 'masteruser', 'nobody', 'masterauth', 'none'])
    await command(server.port, ['CLIENT', 'KILL', 'TYPE', 'master'])
  }

  async mendReplication({ server }: ClusterMember): Promise<void> {
    await command(server.port, ['CONFIG', 'SET', 'masteruser', '', 'masterauth', ''])
  }

  async stop(): Promise<void> {
    const all = this.members.map(({ server }) => server)
    endCommands(all)
    await Promise.all(all.map((server) => server.stop()))
  }

  async #eachKnows(count: number): Promise<boolean> {
    for (const { server } of this.members) {
      const info = String(await command(server.port, ['CLUSTER', 'INFO']))
      if (!info.includes(`cluster_known_nodes:${count}`)) return false
    }
    return true
  }
}
