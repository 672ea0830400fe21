/**
 * The long form of the proofs that `npm test` runs in short: the simulation of several processes
 * over many seeds, and the bugs planted in it.
 *
 * Run: `npm run prove`, with a number of seeds (default 10 000) and the first of them (default 1).
 * Half of them run beside the other half. Prints what each found; exits with 1 if anything was
 * wrong, and then with the seed that shows it.
 */
import { spawn } from 'node:child_process'

const HALVES = 2
const [seeds = '10000', first = '1'] = process.argv.slice(2)

function run(from: number, count: number): Promise<number> {
  const env = { ...process.env, SIM_SEEDS: String(count), SIM_FIRST: String(from) }
  const args = ['vitest', 'run', '--project', 'quick', '--reporter', 'verbose', 'test/simulation']
  const child = spawn('npx', args, { env, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

const [count, from] = [Number(seeds), Number(first)]
if (!Number.isInteger(count) || count < HALVES || !Number.isInteger(from)) {
  console.error(`prove: seeds must be a whole number from ${HALVES}, not ${seeds} from ${first}`)
  process.exit(2)
}
const each = Math.ceil(count / HALVES)
const codes = await Promise.all(
  Array.from({ length: HALVES }, (_, half) => run(from + half * each, each)),
)
process.exitCode = Math.max(...codes)
