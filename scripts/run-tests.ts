/**
 * `npm test`: runs the tests that need no server and those that start servers of their own side by
 * side. The latter mostly wait; those of them that measure time against real servers come first,
 * the others take what they leave. Given arguments, it hands them to one run of everything.
 *
 * Prints what each says line by line, and leaves the sum in .tmp/tests.json. Exits with 1 if any
 * failed.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'

const FOLDER = '.tmp'
/** Side by side; the projects of one come one after another. */
const RUNS = [
  { projects: ['quick'], niceness: 10 },
  { projects: ['stores', 'simulation'], niceness: 5 },
  { projects: ['services'], niceness: 0 },
] as const
const COUNTS = ['numTotalTests', 'numPassedTests', 'numFailedTests', 'numPendingTests'] as const

type Counts = Partial<Record<(typeof COUNTS)[number], number>>

/** Resolves to its exit code. */
function vitest(args: readonly string[], report: string, niceness = 0): Promise<number> {
  const env = { ...process.env, TEST_REPORT: report, FORCE_COLOR: process.env.FORCE_COLOR ?? '1' }
  const child = spawn('npx', ['vitest', 'run', ...args], {
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

function reportOf(project: string): string {
  return `${FOLDER}/${project}.json`
}

async function runAll(): Promise<number> {
  const reports = RUNS.flatMap(({ projects }) => projects.map(reportOf))
  mkdirSync(FOLDER, { recursive: true })
  for (const report of reports) rmSync(report, { force: true })
  const codes = await Promise.all(
    RUNS.map(async ({ projects, niceness }) => {
      let worst = 0
      for (const project of projects) {
        const args = ['--project', project, '--maxWorkers', '1']
        worst = Math.max(worst, await vitest(args, reportOf(project), niceness))
      }
      return worst
    }),
  )
  const all = reports.map(countsIn)
  const sums = COUNTS.map((name) => [name, all.reduce((sum, each) => sum + (each[name] ?? 0), 0)])
  writeFileSync(`${FOLDER}/tests.json`, `${JSON.stringify(Object.fromEntries(sums))}\n`)
  return codes.some((code) => code !== 0) ? 1 : 0
}

const args = process.argv.slice(2)
process.exitCode = args.length > 0 ? await vitest(args, `${FOLDER}/tests.json`) : await runAll()
