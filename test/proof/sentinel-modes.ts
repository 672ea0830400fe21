/** What goes wrong where sentinels name the master, one thing at a time, and how it is mended. */
import type { RedisSentinels } from '../support/redis-sentinels.js'
import type { RedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'
import type { Mode } from './modes.js'
import type { WorkerProcess } from './worker-process.js'

export interface SentinelStage {
  readonly sentinels: RedisSentinels
  readonly workers: readonly WorkerProcess[]
  /** The master that was struck last. */
  struck: RedisServer | undefined
}

const TAKEN_OVER_LIMIT_MS = 20_000
const HEALTHY_LIMIT_MS = 30_000

async function strike(stage: SentinelStage, how: (master: RedisServer) => unknown): Promise<void> {
  const master = await stage.sentinels.master()
  stage.struck = master
  await how(master)
  const isTakenOver = async () => (await stage.sentinels.master()) !== master
  await until(isTakenOver, 'another is master', TAKEN_OVER_LIMIT_MS)
}

async function heal({ sentinels }: SentinelStage): Promise<void> {
  const isHealthy = () => sentinels.isHealthy().catch(() => false)
  await until(isHealthy, 'all are in step again', HEALTHY_LIMIT_MS)
}

export const SENTINEL_MODES = {
  calm: { name: 'sentinel: calm', faultMs: 0, begin: () => {}, end: () => {} },
  masterKilled: {
    name: 'sentinel: master killed, replica takes over',
    faultMs: 1_000,
    begin: (stage) => strike(stage, (master) => master.kill()),
    end: async (stage) => {
      await stage.struck!.restart()
      await heal(stage)
    },
  },
  masterStopped: {
    name: 'sentinel: master stopped, deposed, continued',
    faultMs: 1_000,
    begin: (stage) => strike(stage, (master) => master.freeze()),
    end: async (stage) => {
      stage.struck!.thaw()
      await heal(stage)
    },
  },
  /** It goes on as if it were master, for some seconds: what it confirms meanwhile is lost. */
  masterDeposed: {
    name: 'sentinel: master deposed, alive',
    faultMs: 1_000,
    begin: (stage) => strike(stage, () => stage.sentinels.failOver()),
    end: heal,
  },
  /** Nobody can tell any more whether the master is one. */
  majorityStopped: {
    name: 'sentinel: two of three stopped',
    faultMs: 5_000,
    begin: ({ sentinels }) => {
      for (const watcher of sentinels.watchers.slice(1)) watcher.freeze()
    },
    end: ({ sentinels }) => {
      for (const watcher of sentinels.watchers) watcher.thaw()
    },
  },
} as const satisfies Record<string, Mode<SentinelStage>>
