/**
 * The long form of the proofs that `npm test` runs in short, one after another: the simulation of
 * several processes over many seeds, with the bugs planted in it; the memory tier under each of its
 * policies against a naive one; real processes over one Redis, a cluster, a master that sentinels
 * watch, a Postgres, a file, and a chain, through every mode of trouble; races that are forced; and
 * write-behind, whose applications, workers and Redis are killed.
 *
 * Run: `npm run prove`, or with a number of seeds for the simulation and the first of them:
 * `npm run prove -- 200 1`. 0 seeds leave the simulation out. `npm run prove -- behind 1000 1`:
 * write-behind alone, so many seeds from that one on. Prints what each found; exits with 1 if
 * anything was wrong, and then with the seed or the history that shows it.
 */
import { spawn } from 'node:child_process'
import { printBehind } from '../test/proof/behind/behind-report.js'
import { runBehindProof } from '../test/proof/behind/run-behind-proof.js'
import { CLUSTER_MODES } from '../test/proof/cluster-modes.js'
import { printRaces, runForcedRaces } from '../test/proof/forced-races.js'
import { MODES } from '../test/proof/modes.js'
import { POSTGRES_MODES } from '../test/proof/postgres-modes.js'
import { printProof, reportOf } from '../test/proof/proof-report.js'
import { CHAIN_MODES, runChainProof } from '../test/proof/run-chain-proof.js'
import { runClusterProof, runSentinelProof } from '../test/proof/run-cluster-proof.js'
import { runPostgresProof } from '../test/proof/run-postgres-proof.js'
import { runProof } from '../test/proof/run-proof.js'
import { runSqliteProof, SQLITE_MODES } from '../test/proof/run-sqlite-proof.js'
import { SENTINEL_MODES } from '../test/proof/sentinel-modes.js'
import { CHAIN_PLACE, POSTGRES_PLACE, REDIS_PLACES, SQLITE_PLACE } from '../test/support/places.js'

const DEFAULT_SEEDS = 10_000
/** Of write-behind: each is a second or two of real processes. */
const BEHIND_SEEDS = 1_000
/** Rounds of it at once. */
const BEHIND_STANDS = 3
/** On the memory tier and the naive one. */
const MODEL_OPERATIONS = 1_000_000
const PROCESSES = 4
/** Long enough for two of the longest faults: each strikes both client libraries. */
const MODE_MS = 16_000
const RACES = 100_000
/** Of values that are compressed in another thread, which takes its time. */
const LARGE_RACES = 20_000
/** What logged tables bring back and unlogged ones do not. */
const LOGGED_MODES = [
  POSTGRES_MODES.serverKilled,
  POSTGRES_MODES.serverRestarted,
  POSTGRES_MODES.serverSetBack,
]

interface Seeds {
  readonly count: number
  readonly first: number
}

function readArguments([count, first]: readonly string[], byDefault: number): Seeds | undefined {
  const seeds = { count: Number(count ?? byDefault), first: Number(first ?? 1) }
  const areWhole = Number.isInteger(seeds.count) && Number.isInteger(seeds.first)
  return areWhole && seeds.count >= 0 ? seeds : undefined
}

/** Each of these resolves to whether nothing was wrong. */
function proveBySimulation({ count, first }: Seeds): Promise<boolean> {
  if (count === 0) return Promise.resolve(true)
  return runTests('test/simulation', { SIM_SEEDS: String(count), SIM_FIRST: String(first) })
}

function proveByModel({ first }: Seeds): Promise<boolean> {
  const variables = { MODEL_OPS: String(MODEL_OPERATIONS), MODEL_SEED: String(first) }
  return runTests('test/model/memory-policies.test.ts', variables)
}

function runTests(path: string, variables: Readonly<Record<string, string>>): Promise<boolean> {
  const env = { ...process.env, ...variables }
  const args = ['vitest', 'run', '--reporter', 'verbose', path]
  const child = spawn('npx', args, { env, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}

async function proveByProcesses(): Promise<boolean> {
  const plan = { processes: PROCESSES, modeMs: MODE_MS, seed: Date.now() % 1_000_000 }
  const runs = [
    () => runProof({ ...plan, modes: Object.values(MODES) }),
    () => runClusterProof({ ...plan, modes: Object.values(CLUSTER_MODES) }),
    () => runSentinelProof({ ...plan, modes: Object.values(SENTINEL_MODES) }),
    () => runPostgresProof({ ...plan, modes: Object.values(POSTGRES_MODES) }),
    () => runPostgresProof({ ...plan, modes: LOGGED_MODES }, false),
    () => runSqliteProof({ ...plan, modes: Object.values(SQLITE_MODES) }),
    () => runChainProof({ ...plan, modes: Object.values(CHAIN_MODES) }),
  ]
  let isProven = true
  for (const run of runs) {
    const report = reportOf(await run())
    console.log(`\n${PROCESSES} processes, seed ${plan.seed}: ${printProof(report)}`)
    if (report.violations.length > 0 || report.errors.length > 0) isProven = false
  }
  return isProven
}

async function proveByRaces(): Promise<boolean> {
  let isProven = true
  const places = [REDIS_PLACES[0]!, POSTGRES_PLACE, SQLITE_PLACE, CHAIN_PLACE]
  const plans = places.map((place) => ({ place, races: RACES, isLarge: false }))
  for (const place of [REDIS_PLACES[0]!, POSTGRES_PLACE]) {
    plans.push({ place, races: LARGE_RACES, isLarge: true })
  }
  for (const { place, races, isLarge } of plans) {
    const report = await runForcedRaces({ races, seed: 1, isLarge }, place)
    console.log(`\n${place.name}${isLarge ? ', large values' : ''}: ${printRaces(report)}`)
    const isBlind = report.undisturbed.kept < report.undisturbed.loads
    if (report.lost.length > 0 || isBlind) isProven = false
  }
  return isProven
}

async function proveBehind({ count: seeds, first: firstSeed }: Seeds): Promise<boolean> {
  const rounds = await runBehindProof({ seeds, firstSeed, stands: BEHIND_STANDS })
  console.log(`\nwrite-behind: ${printBehind(rounds)}`)
  return rounds.every(({ violations }) => violations.length === 0)
}

async function proveAll(seeds: Seeds): Promise<boolean> {
  const proven = [
    await proveBySimulation(seeds),
    await proveByModel(seeds),
    await proveByProcesses(),
    await proveByRaces(),
    await proveBehind({ count: BEHIND_SEEDS, first: seeds.first }),
  ]
  return proven.every(Boolean)
}

const given = process.argv.slice(2)
const isBehind = given[0] === 'behind'
const seeds = isBehind
  ? readArguments(given.slice(1), BEHIND_SEEDS)
  : readArguments(given, DEFAULT_SEEDS)
if (seeds === undefined) {
  console.error('prove: seeds and the first of them are whole numbers, as `npm run prove -- 200 1`')
  process.exitCode = 2
} else {
  const isProven = await (isBehind ? proveBehind(seeds) : proveAll(seeds))
  process.exitCode = isProven ? 0 : 1
}
