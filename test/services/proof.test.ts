/**
 * The short form of what `npm run prove` does at length: real processes over real servers, stopped,
 * cut off and killed, and races that are forced. And what proves nothing unless it can fail, fails.
 */
import { describe, expect, it } from 'vitest'
import { CLUSTER_MODES } from '../proof/cluster-modes.js'
import { printRaces, runForcedRaces } from '../proof/forced-races.js'
import { MODES } from '../proof/modes.js'
import { POSTGRES_MODES } from '../proof/postgres-modes.js'
import { printProof, reportOf } from '../proof/proof-report.js'
import { CHAIN_MODES, runChainProof } from '../proof/run-chain-proof.js'
import { runClusterProof, runSentinelProof } from '../proof/run-cluster-proof.js'
import { runPostgresProof } from '../proof/run-postgres-proof.js'
import { type Proof, type ProofPlan, runProof } from '../proof/run-proof.js'
import { runSqliteProof, SQLITE_MODES } from '../proof/run-sqlite-proof.js'
import { SENTINEL_MODES } from '../proof/sentinel-modes.js'
import { PLANTED_BUGS } from '../simulation/planted-bugs.js'
import {
  CHAIN_PLACE,
  type FilePlace,
  POSTGRES_PLACE,
  REDIS_PLACES,
  SQLITE_PLACE,
} from '../support/places.js'

const LIMIT_MS = 60_000
const STOPPED_MS = 2_500
const MAX_TRIES = 5

async function prove(plan: Omit<ProofPlan, 'seed'>, seed = 1) {
  const report = reportOf(await runProof({ ...plan, seed }))
  console.log(printProof(report))
  return report
}

async function race(races: number, place: FilePlace, isLarge: boolean) {
  const report = await runForcedRaces({ races, seed: 1, isLarge }, place)
  console.log(printRaces(report))
  return report
}

async function check(proof: Promise<Proof>, faults: readonly number[]) {
  const report = reportOf(await proof)
  console.log(printProof(report))
  expect(report.violations).toEqual([])
  expect(report.errors).toEqual([])
  expect(report.gets).toBeGreaterThan(20_000)
  expect(report.rows.map((row) => row.faults)).toEqual(faults)
}

// Two groups beside one another, each in turn: they mostly wait for servers to be missed.
describe.concurrent('real processes', () => {
  it.sequential(
    'never serve what was invalidated, whatever is stopped or killed',
    async () => {
      const stopped = { ...MODES.processStopped, faultMs: STOPPED_MS }
      const modes = [MODES.reset, stopped, MODES.processKilled, MODES.redisKilled]
      const report = await prove({ processes: 3, modes, modeMs: 1_500 })
      expect(report.violations).toEqual([])
      expect(report.errors).toEqual([])
      expect(report.gets).toBeGreaterThan(20_000)
      expect(report.invalidations).toBeGreaterThan(50)
      expect(report.rows.map(({ faults }) => faults)).toEqual([1, 1, 1, 1])
    },
    LIMIT_MS,
  )

  it.sequential(
    'are found out where memory needs no lease',
    async () => {
      const modes = [{ ...MODES.processStoppedAlone, faultMs: STOPPED_MS }]
      const plantedBug = 'memory needs no lease'
      // While one is stopped the other may be waiting for it, and have nothing to accuse it of.
      let found = 0
      for (let seed = 1; seed <= MAX_TRIES && found === 0; seed++) {
        const { violations } = await prove({ processes: 2, modes, modeMs: 0, plantedBug }, seed)
        found = violations.length
      }
      expect(found).toBeGreaterThan(0)
    },
    LIMIT_MS,
  )

  it.sequential(
    'never serve what was invalidated over one file, whoever is killed',
    async () => {
      const modes = [SQLITE_MODES.processKilled, SQLITE_MODES.allKilled]
      await check(runSqliteProof({ processes: 3, modes, modeMs: 1_500, seed: 1 }), [1, 1])
    },
    LIMIT_MS,
  )
})

describe.concurrent('real processes over several servers', () => {
  it.sequential(
    'never serve what was invalidated, whichever master of a cluster is lost, and slots move',
    async () => {
      const modes = [CLUSTER_MODES.logKilled, CLUSTER_MODES.deletesLost, CLUSTER_MODES.slotsMoved]
      await check(runClusterProof({ processes: 3, modes, modeMs: 1_500, seed: 1 }), [1, 1, 1])
    },
    LIMIT_MS * 2,
  )

  it.sequential(
    'never serve what was invalidated where a Postgres comes back with an older disk',
    async () => {
      const plan = { processes: 3, modes: [POSTGRES_MODES.serverSetBack], modeMs: 1_500, seed: 1 }
      await check(runPostgresProof(plan, false), [1])
    },
    LIMIT_MS * 2,
  )

  it.sequential(
    'never serve what was invalidated over a chain, whatever its second store brings back',
    async () => {
      const plan = { processes: 3, modes: [CHAIN_MODES.secondSetBack], modeMs: 1_500, seed: 1 }
      await check(runChainProof(plan), [1])
    },
    LIMIT_MS * 2,
  )

  it.sequential(
    'never serve what was invalidated where sentinels depose a master',
    async () => {
      const modes = [SENTINEL_MODES.masterStopped]
      await check(runSentinelProof({ processes: 3, modes, modeMs: 1_500, seed: 1 }), [1])
    },
    LIMIT_MS * 2,
  )
})

describe('forced races', () => {
  it.each([
    [2_000, '', REDIS_PLACES[0]!],
    [2_000, ' with large values', REDIS_PLACES[0]!],
    [2_000, '', POSTGRES_PLACE],
    [2_000, '', SQLITE_PLACE],
    [2_000, '', CHAIN_PLACE],
  ])(
    'leave no old value anywhere: %s of them%s',
    async (races, kind, place) => {
      const report = await race(races, place, kind !== '')
      const none = { unconfirmed: 0, staleAtOnce: 0, staleInMemory: 0, staleInStore: 0, lost: [] }
      expect(report).toMatchObject(none)
      expect(report.races).toBeGreaterThanOrEqual(races)
      // Else nothing would be stored by any race either.
      const { undisturbed } = report
      expect(undisturbed.kept).toBe(undisturbed.loads)
      expect(undisturbed.loads).toBeGreaterThan(20)
    },
    LIMIT_MS,
  )

  it.each([
    ['loads and reads under way are not fenced', 'staleAtOnce'],
    ['tags are not checked', 'staleInStore'],
    ['prefixes and the floor are not checked', 'staleInMemory'],
  ] as const)(
    'leave some where %s',
    async (name, where) => {
      const undo = PLANTED_BUGS.find((each) => each.name === name)!.onClasses!()
      try {
        expect((await race(500, REDIS_PLACES[0]!, false))[where]).toBeGreaterThan(0)
      } finally {
        undo()
      }
    },
    LIMIT_MS,
  )
})
