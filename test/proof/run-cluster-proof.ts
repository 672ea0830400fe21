/** Several real processes over a real cluster, or over what real sentinels watch: see run-proof. */
import { startRedisCluster } from '../support/redis-cluster.js'
import { startRedisSentinels } from '../support/redis-sentinels.js'
import type { ClusterStage } from './cluster-modes.js'
import { type Proof, type ProofPlan, runProofOn } from './run-proof.js'
import type { SentinelStage } from './sentinel-modes.js'

/** Three masters with a replica each. */
export function runClusterProof(plan: ProofPlan<ClusterStage>): Promise<Proof> {
  return runProofOn<ClusterStage>(plan, async (workers) => {
    const cluster = await startRedisCluster()
    const one = { redis: { cluster: cluster.seeds } }
    const stores = Array.from({ length: plan.processes }, () => one)
    const stage = { cluster, workers, struck: undefined }
    return { stage, stores, end: () => cluster.stop() }
  })
}

/** A master with two replicas, and three sentinels. */
export function runSentinelProof(plan: ProofPlan<SentinelStage>): Promise<Proof> {
  return runProofOn<SentinelStage>(plan, async (workers) => {
    const sentinels = await startRedisSentinels()
    const { name, nodes } = sentinels
    const one = { redis: { sentinel: { name, nodes } } }
    const stores = Array.from({ length: plan.processes }, () => one)
    const stage = { sentinels, workers, struck: undefined }
    return { stage, stores, end: () => sentinels.stop() }
  })
}
