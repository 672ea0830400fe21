/** Several real processes over one real Postgres, each behind a proxy of its own: see run-proof. */
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { Postgres } from '../support/postgres.js'
import type { PostgresStage } from './postgres-modes.js'
import { type Proof, type ProofPlan, runProofOn } from './run-proof.js'

/** `unlogged`: whether a crash empties the tables. */
export function runPostgresProof(plan: ProofPlan<PostgresStage>, unlogged = true): Promise<Proof> {
  return runProofOn<PostgresStage>(plan, async (workers) => {
    const server = await Postgres.start()
    const proxies: FaultProxy[] = []
    const end = async () => {
      await Promise.allSettled(proxies.map((proxy) => proxy.close()))
      await server.stop()
    }
    for (let by = 0; by < plan.processes; by++) {
      proxies.push(await startFaultProxy(server.settings.port, plan.seed + by))
    }
    const stores = proxies.map(({ port }) => ({ postgres: { url: server.urlAt(port), unlogged } }))
    return { stage: { server, proxies, workers }, stores, end }
  })
}
