/** What goes wrong, one thing at a time, and how it is mended. */
import type { FaultProxy } from '../support/fault-proxy.js'
import type { RedisServer } from '../support/redis-server.js'
import type { WorkerProcess } from './worker-process.js'

/** What is the same wherever the data lies: the way to it, and the processes. */
export interface WorkerStage {
  /** One for each worker. */
  readonly proxies: readonly FaultProxy[]
  readonly workers: readonly WorkerProcess[]
}

export interface Stage extends WorkerStage {
  readonly server: RedisServer
}

export interface Mode<S = Stage> {
  readonly name: string
  /** How long each fault lasts; 0 where there is none. */
  readonly faultMs: number
  /** Done to one of the processes, or to all. */
  begin(stage: S, at: number): void | Promise<void>
  end(stage: S, at: number): void | Promise<void>
}

/** A connection that has lost replies in the middle cannot go on: TCP would not either. */
function speakAgain({ proxies }: WorkerStage, at: number): void {
  proxies[at]!.reset()
  proxies[at]!.set({ kind: 'pass' })
}

/** In the middle of its loads and invalidations: what it has begun nobody ends. */
export const KILLED_PROCESS = {
  faultMs: 1_000,
  begin: ({ workers }, at) => workers[at]!.kill(),
  end: ({ workers }, at) => workers[at]!.restart(),
} as const satisfies Omit<Mode<Pick<WorkerStage, 'workers'>>, 'name'>

export const WORKER_MODES = {
  calm: { name: 'calm', faultMs: 0, begin: () => {}, end: () => {} },
  pushesLost: {
    name: 'pushes lost',
    faultMs: 3_000,
    begin: ({ proxies }, at) => proxies[at]!.set({ kind: 'no-pushes' }),
    end: ({ proxies }, at) => proxies[at]!.set({ kind: 'pass' }),
  },
  reset: {
    name: 'reset, refused',
    faultMs: 500,
    begin: ({ proxies }, at) => {
      proxies[at]!.set({ kind: 'refuse' })
      proxies[at]!.reset()
    },
    end: ({ proxies }, at) => proxies[at]!.set({ kind: 'pass' }),
  },
  silence: {
    name: 'silence',
    faultMs: 4_000,
    begin: ({ proxies }, at) => proxies[at]!.set({ kind: 'silence' }),
    end: speakAgain,
  },
  stall: {
    name: 'silence, then all at once',
    faultMs: 3_000,
    begin: ({ proxies }, at) => proxies[at]!.set({ kind: 'stall' }),
    end: ({ proxies }, at) => proxies[at]!.set({ kind: 'pass' }),
  },
  processStopped: {
    name: 'process stopped',
    faultMs: 5_000,
    begin: ({ workers }, at) => workers[at]!.stop(),
    end: ({ workers }, at) => workers[at]!.continue(),
  },
  /** What it missed does not come when it wakes: only the lease tells it. */
  processStoppedAlone: {
    name: 'process stopped, wakes cut off',
    faultMs: 5_000,
    begin: ({ workers, proxies }, at) => {
      proxies[at]!.set({ kind: 'silence' })
      workers[at]!.stop()
    },
    end: async (stage, at) => {
      stage.workers[at]!.continue()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      speakAgain(stage, at)
    },
  },
  processKilled: { name: 'process killed, another started', ...KILLED_PROCESS },
} as const satisfies Record<string, Mode<WorkerStage>>

export const MODES = {
  ...WORKER_MODES,
  redisStopped: {
    name: 'redis stopped',
    faultMs: 5_000,
    begin: ({ server }) => server.freeze(),
    end: ({ server }) => server.thaw(),
  },
  redisKilled: {
    name: 'redis killed, restarted empty',
    faultMs: 1_000,
    begin: ({ server }) => server.kill(),
    end: ({ server }) => server.restart(),
  },
  /** What was deleted since is there again. */
  redisSetBack: {
    name: 'redis killed, restarted with older data',
    faultMs: 1_000,
    begin: async ({ server }) => {
      await server.save()
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await server.kill()
    },
    end: ({ server }) => server.restart('last save'),
  },
} as const satisfies Record<string, Mode>
