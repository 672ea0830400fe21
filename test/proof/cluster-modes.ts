/** What goes wrong with a cluster, one thing at a time, and how it is mended. */
import { encodeKey } from '../../src/core/key.js'
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import type { ClusterMember, RedisCluster } from '../support/redis-cluster.js'
import { until } from '../support/watched-store.js'
import { KEYS as ROW_KEYS } from './callers.js'
import type { Mode } from './modes.js'
import type { WorkerProcess } from './worker-process.js'

export interface ClusterStage {
  readonly cluster: RedisCluster
  readonly workers: readonly WorkerProcess[]
  /** Who was struck last. */
  struck: ClusterMember | undefined
}

/** Where the log of a cache without a prefix of its own lies. */
const LOG_SLOT = keySlot('{cw}!state')
const SLOTS = 16_384
/** What is written for so long is on no replica. */
const LOST_MS = 600

/** A master without the log, the next at each strike. */
async function masterOfValues({ cluster }: ClusterStage, at: number): Promise<ClusterMember> {
  const log = await cluster.ownerOf(LOG_SLOT)
  for (let i = 0; i < 3; i++) {
    const owner = await cluster.ownerOf((Math.floor(SLOTS / 3) * (at + i) + 1) % SLOTS)
    if (owner !== log) return owner
  }
  throw new Error('all slots are where the log is')
}

/** Resolves when another has its slots. */
async function takenOver({ cluster }: ClusterStage, from: ClusterMember): Promise<void> {
  const others = cluster.members.filter((member) => member !== from)
  await until(
    async () => {
      const masters = await cluster.mastersSeenBy(others[0]!)
      return !masters.includes(from.address) && masters.length >= 3
    },
    `another takes over from ${from.address}`,
    20_000,
  )
}

async function healthy({ cluster }: ClusterStage): Promise<void> {
  await until(() => cluster.isHealthy(3).catch(() => false), 'the cluster is whole again', 30_000)
}

async function kill(stage: ClusterStage, victim: ClusterMember): Promise<void> {
  stage.struck = victim
  await victim.server.kill()
  await takenOver(stage, victim)
}

async function freeze(stage: ClusterStage, victim: ClusterMember): Promise<void> {
  stage.struck = victim
  victim.server.freeze()
  await takenOver(stage, victim)
}

async function restart(stage: ClusterStage): Promise<void> {
  await stage.struck!.server.restart()
  await healthy(stage)
}

async function thaw(stage: ClusterStage): Promise<void> {
  stage.struck!.server.thaw()
  await healthy(stage)
}

export const CLUSTER_MODES = {
  calm: { name: 'cluster: calm', faultMs: 0, begin: () => {}, end: () => {} },
  valuesKilled: {
    name: 'cluster: master of values killed, replica takes over',
    faultMs: 1_000,
    begin: async (stage, at) => kill(stage, await masterOfValues(stage, at)),
    end: restart,
  },
  logKilled: {
    name: 'cluster: master of the log killed, replica takes over',
    faultMs: 1_000,
    begin: async (stage) => kill(stage, await stage.cluster.ownerOf(LOG_SLOT)),
    end: restart,
  },
  valuesStopped: {
    name: 'cluster: master of values stopped, deposed, continued',
    faultMs: 1_000,
    begin: async (stage, at) => freeze(stage, await masterOfValues(stage, at)),
    end: thaw,
  },
  logStopped: {
    name: 'cluster: master of the log stopped, deposed, continued',
    faultMs: 1_000,
    begin: async (stage) => freeze(stage, await stage.cluster.ownerOf(LOG_SLOT)),
    end: thaw,
  },
  /** The last deletes are on the master alone: it is killed before they are replicated. */
  deletesLost: {
    name: 'cluster: replication cut, then the master of values killed',
    faultMs: 1_000,
    begin: async (stage, at) => {
      const victim = await masterOfValues(stage, at)
      const replica = await stage.cluster.replicaOf(victim)
      await stage.cluster.cutReplication(replica)
      await new Promise((resolve) => setTimeout(resolve, LOST_MS))
      await kill(stage, victim)
      await stage.cluster.mendReplication(replica)
    },
    end: restart,
  },
  slotsMoved: {
    name: 'cluster: slots moved',
    faultMs: 100,
    begin: async ({ cluster }, at) => {
      const masters = await cluster.mastersSeenBy(cluster.members[0]!)
      // All to one: of two that claim slots in turn one may not know of the other's epoch yet.
      const to = cluster.memberAt(masters[at % masters.length]!)
      const slots = ROW_KEYS.map((key) => keySlot(`cw:rows:${encodeKey(key, 'hash')}`))
      for (const slot of slots) {
        if ((await cluster.ownerOf(slot)) !== to) await cluster.moveSlot(slot, to)
      }
    },
    end: () => {},
  },
  logMoved: {
    name: 'cluster: slot of the log moved',
    faultMs: 500,
    begin: async ({ cluster }) => {
      const from = await cluster.ownerOf(LOG_SLOT)
      const masters = await cluster.mastersSeenBy(from)
      const to = masters.find((address) => address !== from.address)!
      await cluster.moveSlot(LOG_SLOT, cluster.memberAt(to))
    },
    end: () => {},
  },
} as const satisfies Record<string, Mode<ClusterStage>>
