/**
 * Several real processes over a chain of a real Redis and a real Postgres: see run-proof. The first
 * forgets all the time, as one that is too small would, so that the second is asked.
 */
import { createClient } from '@redis/client'
import { Postgres } from '../support/postgres.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { KILLED_PROCESS, type Mode } from './modes.js'
import { killAfterCopy } from './postgres-modes.js'
import { type Proof, type ProofPlan, runProofOn } from './run-proof.js'
import type { WorkerProcess } from './worker-process.js'

export interface ChainStage {
  readonly first: RedisServer
  readonly second: Postgres
  readonly workers: readonly WorkerProcess[]
}

const FORGET_EVERY_MS = 50

export const CHAIN_MODES = {
  calm: { name: 'chain: calm', faultMs: 0, begin: () => {}, end: () => {} },
  secondStopped: {
    name: 'chain: the second stopped',
    faultMs: 4_000,
    begin: ({ second }) => second.control.freeze(),
    end: ({ second }) => second.control.thaw(),
  },
  /** What was deleted since is there again, and the log knows nothing of it. */
  secondSetBack: {
    name: 'chain: the second set back to an older copy of its disk',
    faultMs: 1_000,
    begin: ({ second }) => killAfterCopy(second),
    end: ({ second }) => second.control.setBack(),
  },
  firstKilled: {
    name: 'chain: the first killed, restarted empty',
    faultMs: 1_000,
    begin: ({ first }) => first.kill(),
    end: ({ first }) => first.restart(),
  },
  processKilled: { name: 'chain: process killed, another started', ...KILLED_PROCESS },
} as const satisfies Record<string, Mode<ChainStage>>

export function runChainProof(plan: ProofPlan<ChainStage>): Promise<Proof> {
  return runProofOn<ChainStage>(plan, async (workers) => {
    const first = await startRedisServer()
    const second = await Postgres.start()
    const forgetting = await forget(first)
    const end = async () => {
      forgetting.stop()
      await second.stop()
      await first.stop()
    }
    const store = { redis: { url: first.url }, postgres: { url: second.url, unlogged: false } }
    const stores = Array.from({ length: plan.processes }, () => store)
    return { stage: { first, second, workers }, stores, end }
  })
}

/** Values alone: rights and the log stay, as eviction of what has no ttl would leave them. */
async function forget(server: RedisServer): Promise<{ stop(): void }> {
  const client = createClient({ url: server.url, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect()
  const timer = setInterval(async () => {
    try {
      const keys = (await client.sendCommand(['KEYS', '*:*'])) as string[]
      const values = keys.filter((key) => !key.includes('!'))
      if (values.length > 0) await client.sendCommand(['DEL', ...values])
    } catch {
      // The server is down, as it should be.
    }
  }, FORGET_EVERY_MS)
  const stop = () => {
    clearInterval(timer)
    client.destroy()
  }
  return { stop }
}
