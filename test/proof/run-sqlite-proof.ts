/**
 * Several real processes over one file: see run-proof. There is no server to strike, so it is the
 * processes that are stopped and killed, one or all at once.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mode, WORKER_MODES } from './modes.js'
import { type Proof, type ProofPlan, runProofOn } from './run-proof.js'
import type { WorkerProcess } from './worker-process.js'

export interface SqliteStage {
  readonly workers: readonly WorkerProcess[]
  readonly proxies: readonly never[]
}

export const SQLITE_MODES = {
  calm: WORKER_MODES.calm,
  processStopped: WORKER_MODES.processStopped,
  processKilled: WORKER_MODES.processKilled,
  /** Nobody is left who knows anything but the file. */
  allKilled: {
    name: 'all processes killed, others started',
    faultMs: 500,
    begin: async ({ workers }) => {
      await Promise.all(workers.map((worker) => worker.kill()))
    },
    end: async ({ workers }) => {
      await Promise.all(workers.map((worker) => worker.restart()))
    },
  },
} as const satisfies Record<string, Mode<SqliteStage>>

export function runSqliteProof(plan: ProofPlan<SqliteStage>): Promise<Proof> {
  return runProofOn<SqliteStage>(plan, async (workers) => {
    const folder = mkdtempSync(join(tmpdir(), 'cachewright-sqlite-'))
    const store = { sqlite: { path: join(folder, 'cache.db') } }
    const stores = Array.from({ length: plan.processes }, () => store)
    const end = async () => rmSync(folder, { recursive: true, force: true })
    return { stage: { workers, proxies: [] }, stores, end }
  })
}
