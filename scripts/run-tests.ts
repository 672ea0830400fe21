/**
 * `npm test`: runs all tests, a few processes of them side by side. Those that measure time against
 * real servers come first, the others take what they leave. Given arguments, it hands them to one
 * run of everything.
 *
 * Prints what each says line by line, and leaves the sum in .tmp/tests.json. Exits with 1 if any
 * failed.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'

const FOLDER = '.tmp'
/** Two of them mostly compute, and one mostly waits, on machines of two processors. */
const AT_ONCE = 3
const ODD_SEEDS = 'test/simulation/odd-seeds.test.ts'
/** In the order in which they begin, long ones first; of no files: all of its project. */
const RUNS = [
  { name: 'services', project: 'services', files: [], niceness: 0 },
  { name: 'stores', project: 'stores', files: [], niceness: 5 },
  { name: 'odd-seeds', project: 'simulation', files: [ODD_SEEDS], niceness: 10 },
  { name: 'simulation', project: 'simulation', files: otherSimulations(), niceness: 10 },
  { name: 'unit', project: 'unit', files: [], niceness: 10 },
  { name: 'quick', project: 'quick', files: [], niceness: 10 },
]
const COUNTS = ['numTotalTests', 'numPassedTests', 'numFailedTests', 'numPendingTests'] as const

type Counts = Partial<Record<(typeof COUNTS)[number], number>>

/** Resolves to its exit code. */
function vitest(args: readonly string[], report: string, niceness = 0): Promise<number> {
  const env = { ...process.env, TEST_REPORT: report, FORCE_COLOR: process.env.FORCE_COLOR ?? '1' }
  const child = spawn('node_modules/.bin/vitest', ['run', ...args], {
    env,
    stdio: ['inherit', 'pipe', 'pipe'],
  })
  // What it starts later has the same.
  if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness)
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(line))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

function countsIn(report: string): Counts {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Counts
  } catch {
    // It has not come as far as a report: its exit code tells.
    return {}
  }
}

function otherSimulations(): string[] {
  const files = readdirSync('test/simulation').filter((name) => name.endsWith('.test.ts'))
  return files.map((name) => `test/simulation/${name}`).filter((file) => file !== ODD_SEEDS)
}

function reportOf(name: string): string {
  return `${FOLDER}/${name}.json`
}

async function runAll(): Promise<number> {
  const reports = RUNS.map(({ name }) => reportOf(name))
  mkdirSync(FOLDER, { recursive: true })
  for (const report of reports) rmSync(report, { force: true })
  const waiting = [...RUNS]
  let worst = 0
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, project, files, niceness } = next
      const args = ['--project', project, '--maxWorkers', '1', ...files]
      worst = Math.max(worst, await vitest(args, reportOf(name), niceness))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const all = reports.map(countsIn)
  const sums = COUNTS.map((name) => [name, all.reduce((sum, each) => sum + (each[name] ?? 0), 0)])
  writeFileSync(`${FOLDER}/tests.json`, `${JSON.stringify(Object.fromEntries(sums))}\n`)
  return worst
}

const args = process.argv.slice(2)
process.exitCode = args.length > 0 ? await vitest(args, `${FOLDER}/tests.json`) : await runAll()
