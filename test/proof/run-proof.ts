/**
 * Several real processes over one real Redis, each behind a proxy of its own, through one mode of
 * trouble after another, and what they saw judged at the end. The seed chooses what the callers do;
 * how it interleaves is the machine's.
 *
 * Bounded by its plan. Whatever it starts it ends, also when it fails.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { startRedisServer } from '../support/redis-server.js'
import { type Judgement, judge } from './judge.js'
import type { Evidence, StoreSetting } from './messages.js'
import type { Mode, Stage } from './modes.js'
import { monotonicMs } from './monotonic-ms.js'
import { WorkerProcess } from './worker-process.js'

export interface ProofPlan<S = Stage> {
  readonly processes: number
  readonly modes: readonly Mode<S>[]
  /** How long each mode lasts, at least one fault and its recovery. */
  readonly modeMs: number
  readonly seed: number
  /** In every process: one of `PLANTED_BUGS`, by name. */
  readonly plantedBug?: string
}

export interface Strike {
  readonly beganMs: number
  readonly healedMs: number
  /** All are leased and read what each of them has written since. */
  readonly recoveredMs: number
}

export interface PlayedMode {
  readonly name: string
  readonly beganMs: number
  readonly endedMs: number
  readonly strikes: readonly Strike[]
}

export interface Proof {
  readonly modes: readonly PlayedMode[]
  readonly judgement: Judgement
  /** Of each process. */
  readonly evidence: readonly (readonly Evidence[])[]
}

const SETTLE_MS = 500
const REST_MS = 1_500

/** What the processes work on, and what is done to it. */
export interface Scene<S> {
  readonly stage: S
  /** Of each process. */
  readonly stores: readonly StoreSetting[]
  end(): Promise<void>
}

/** One server, each process behind a proxy of its own. */
export function runProof(plan: ProofPlan): Promise<Proof> {
  return runProofOn(plan, async (workers) => {
    const server = await startRedisServer()
    const proxies: FaultProxy[] = []
    const end = async () => {
      await Promise.allSettled(proxies.map((proxy) => proxy.close()))
      await server.stop()
    }
    for (let by = 0; by < plan.processes; by++) {
      proxies.push(await startFaultProxy(server.port, plan.seed + by))
    }
    const stores = proxies.map(({ port }) => ({ redis: { url: `redis://127.0.0.1:${port}` } }))
    return { stage: { server, proxies, workers }, stores, end }
  })
}

export async function runProofOn<S extends { readonly workers: readonly WorkerProcess[] }>(
  plan: ProofPlan<S>,
  setScene: (workers: readonly WorkerProcess[]) => Promise<Scene<S>>,
): Promise<Proof> {
  const workers: WorkerProcess[] = []
  const scene = await setScene(workers)
  try {
    for (let by = 0; by < plan.processes; by++) {
      workers.push(startWorker(plan, by, scene.stores[by]!))
    }
    await Promise.all(workers.map((worker) => worker.ready))
    const modes = await new Play(scene.stage, plan).run()
    await Promise.all(workers.map((worker) => worker.finish()))
    const evidence = workers.map((worker) => worker.evidence)
    return { modes, evidence, judgement: judge(evidence) }
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.kill()))
    await scene.end()
  }
}

function startWorker(
  { processes, seed, plantedBug }: ProofPlan<never>,
  by: number,
  given: StoreSetting,
): WorkerProcess {
  const driver = by % 2 === 0 ? 'node-redis' : 'ioredis'
  const isRedis = given.redis !== undefined
  const store = isRedis ? { ...given, redis: { driver, ...given.redis } as const } : given
  const setting = { by, processes, seed: seed * processes + by, plantedBug }
  return new WorkerProcess({ ...setting, store })
}

class Play<S extends { readonly workers: readonly WorkerProcess[] }> {
  readonly #stage: S
  readonly #plan: ProofPlan<S>
  #meetings = 0
  /** Whose turn it is to be struck. */
  #turn = 0

  constructor(stage: S, plan: ProofPlan<S>) {
    this.#stage = stage
    this.#plan = plan
  }

  async run(): Promise<PlayedMode[]> {
    await this.#meet()
    const played: PlayedMode[] = []
    for (const mode of this.#plan.modes) played.push(await this.#play(mode))
    return played
  }

  async #play(mode: Mode<S>): Promise<PlayedMode> {
    const beganMs = monotonicMs()
    const endMs = beganMs + this.#plan.modeMs
    const strikes: Strike[] = []
    if (mode.faultMs > 0) {
      do {
        await pause(SETTLE_MS)
        strikes.push(await this.#strike(mode))
        await pause(REST_MS)
      } while (monotonicMs() + SETTLE_MS + mode.faultMs + REST_MS < endMs)
    }
    await pause(Math.max(0, endMs - monotonicMs()))
    return { name: mode.name, beganMs, endedMs: monotonicMs(), strikes }
  }

  async #strike(mode: Mode<S>): Promise<Strike> {
    const at = this.#turn++ % this.#plan.processes
    const beganMs = monotonicMs()
    await mode.begin(this.#stage, at)
    await pause(mode.faultMs)
    await mode.end(this.#stage, at)
    const healedMs = monotonicMs()
    return { beganMs, healedMs, recoveredMs: Math.max(healedMs, await this.#meet()) }
  }

  /** Resolves to when the last of them had read the marks of all. */
  async #meet(): Promise<number> {
    const number = ++this.#meetings
    const met = await Promise.all(this.#stage.workers.map((worker) => worker.meet(number)))
    return Math.max(...met)
  }
}
