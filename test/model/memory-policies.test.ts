/**
 * The memory tier under each of its policies against a naive one: see memory/run-against-naive.
 * MODEL_OPS says how many operations in all, MODEL_SEED where to begin; a failure tells its plan.
 */
import { describe, expect, it } from 'vitest'
import type { EvictionPolicyName } from '../../src/core/eviction-policy.js'
import { type RunPlan, runAgainstNaive } from './memory/run-against-naive.js'

const { MODEL_OPS = '300000', MODEL_SEED = '1' } = process.env
const OPERATIONS = Number(MODEL_OPS)
const LIMIT_MS = 1_800_000
/** Of all operations; the rest of the policies are simple. */
const PARTS: Readonly<Record<EvictionPolicyName, number>> = {
  adaptive: 0.55,
  lru: 0.15,
  lfu: 0.15,
  fifo: 0.15,
}
/** Capacities, each with its part of a policy's operations. */
const SIZES = [
  [1, 0.05],
  [2, 0.05],
  [5, 0.1],
  [50, 0.3],
  [1_000, 0.5],
] as const
const KINDS = [
  { isWeighed: false, isMortal: false },
  { isWeighed: true, isMortal: false },
  { isWeighed: true, isMortal: true },
]

function plansOf(policy: EvictionPolicyName): RunPlan[] {
  const seed = Number(MODEL_SEED)
  return SIZES.flatMap(([capacity, part]) =>
    KINDS.map((kind) => {
      const operations = Math.ceil((OPERATIONS * PARTS[policy] * part) / KINDS.length)
      return { policy, capacity, ...kind, operations, seed: seed + capacity }
    }),
  )
}

async function runAll(policy: EvictionPolicyName): Promise<Record<string, number>> {
  const sums: Record<string, number> = { operations: 0 }
  for (const plan of plansOf(policy)) {
    const news = { ...(await runAgainstNaive(plan)), operations: plan.operations }
    for (const [name, count] of Object.entries(news)) sums[name] = (sums[name] ?? 0) + count
  }
  console.log(`${policy}, seed ${MODEL_SEED}: ${JSON.stringify(sums)}`)
  return sums
}

describe('the memory tier agrees with a naive one, entry by entry', () => {
  it.each(['lru', 'lfu', 'fifo'] as const)(
    '%s',
    async (policy) => {
      expect((await runAll(policy)).operations).toBeGreaterThanOrEqual(OPERATIONS * PARTS[policy])
    },
    LIMIT_MS,
  )

  it(
    'adaptive, and everything that can happen in it has happened',
    async () => {
      const news = await runAll('adaptive')
      const never = Object.keys(news).filter((name) => news[name] === 0)
      expect(never).toEqual([])
    },
    LIMIT_MS,
  )
})
