/**
 * Runs the whole suite on the other Node versions the package promises. npx fetches each of them
 * into npm's cache; nothing on the machine changes. A version that cannot be had is a failure,
 * never a silent pass.
 *
 * Run: `npm run test:nodes`, or with majors of your choice: `npm run test:nodes -- 22`.
 */
import { spawnSync } from 'node:child_process'
import { isStarted } from './house/violation.js'

const PROMISED_MAJORS: readonly string[] = ['22', '24']
const VITEST = 'node_modules/vitest/vitest.mjs'

/** Runs a program and gives what it printed; undefined when it failed. Also prints, if asked. */
export type Run = (args: readonly string[], shows: boolean) => string | undefined

export interface NodeReport {
  readonly major: string
  readonly passed: boolean
  readonly says: string
}

export function testOn(major: string, run: Run): NodeReport {
  const node = ['-y', '-p', `node@${major}`, 'node']
  const version = run([...node, '--version'], false)?.trim()
  if (version === undefined || !version.startsWith(`v${major}.`)) {
    const says = `Node ${major} could not be fetched with npx (got ${version ?? 'nothing'})`
    return { major, passed: false, says }
  }
  const report = `--outputFile.json=.tmp/tests-node-${major}.json`
  const passed = run([...node, VITEST, 'run', report], true) !== undefined
  return { major, passed, says: `Node ${version}: ${passed ? 'passed' : 'FAILED'}` }
}

const runNpx: Run = (args, shows) => {
  const result = spawnSync('npx', args, {
    encoding: 'utf8',
    stdio: ['ignore', shows ? 'inherit' : 'pipe', 'inherit'],
  })
  return result.status === 0 ? (result.stdout ?? '') : undefined
}

if (isStarted(import.meta.url)) {
  const asked = process.argv.slice(2)
  const reports = (asked.length > 0 ? asked : PROMISED_MAJORS).map((each) => testOn(each, runNpx))
  for (const { says } of reports) console.log(says)
  if (reports.some(({ passed }) => !passed)) process.exitCode = 1
}
