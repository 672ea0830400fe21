/**
 * The benches cannot rot: each runs with tiny inputs, and every subject must read the right data.
 *
 * Nothing here looks at a time or a ratio: those are for `npm run bench` on a machine at rest.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Results } from '../../bench/harness/results.js'
import { findRedisServer } from '../support/find-redis-server.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT_MS = 180_000
const NEEDS_REDIS = [
  'cluster',
  'coherence',
  'failover',
  'fill',
  'footprint',
  'get-many',
  'outage',
  'pool',
  'stampede',
  'store-hit',
  'write-behind',
]
const NEEDS_NOTHING = [
  'codec',
  'compression',
  'dictionary',
  'encryption',
  'expiry',
  'faces',
  'hit-ratio',
  'hot-keys',
  'key',
  'memoize',
  'memory-footprint',
  'memory-hit',
  'memory-tier',
  'refresh-ahead',
  'sql',
  'value-copy',
]
/** Without a server, what needs none still runs; `npm test` always has one. */
const NAMES =
  findRedisServer() === undefined ? NEEDS_NOTHING : [...NEEDS_NOTHING, ...NEEDS_REDIS].sort()

const folder = mkdtempSync(join(tmpdir(), 'cachewright-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Stand-ins for two public traces: the keys of one come with sizes. */
function writeTraces(): void {
  const keys = Array.from({ length: 500 }, (_, at) => (at * at) % 97)
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(folder, `${name}.txt.gz`), gzipSync(`${lines.join('\n')}\n`))
  write('sprite', keys.map(String))
  write(
    'cdn',
    keys.map((key) => `${key} ${1 + key * 10}`),
  )
}

function run(...args: string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
      cwd: ROOT,
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('close', (status) => resolve({ status, output }))
  })
}

function resultsOf(name: string): Results {
  const file = readdirSync(folder).find((each) => each.endsWith(`-${name}.json`))
  return JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Results
}

describe('the benches, tiny', () => {
  let outcome: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    writeTraces()
    const options = ['--out', folder, '--note', 'a test', '--traces', folder]
    outcome = await run('--tiny', ...options, ...NAMES)
  }, LIMIT_MS)

  it('ends well', () => {
    expect(outcome.output).not.toContain('WRONG')
    expect(outcome.status, outcome.output).toBe(0)
  })

  it.each(NAMES)('%s reads the right data and says so', (name) => {
    const { bench, tiny, circumstances, rows } = resultsOf(name)
    expect(bench).toBe(name)
    expect(tiny).toBe(true)
    expect(circumstances).toMatchObject({ node: process.version, note: 'a test' })
    expect(circumstances.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      expect(row.isRight, `${row.case}, ${row.subject}`).toBe(true)
      expect(row.answers).not.toBe('')
      expect(Number.isFinite(row.value), `${row.case}, ${row.subject}`).toBe(true)
    }
  })

  it('plays the traces that are there, by entries and by bytes, and draws them', () => {
    const { drawing, rows } = resultsOf('hit-ratio')
    const names = rows.map((row) => row.case)
    expect(names).toContain('sprite @ 8')
    expect(names).toContain('cdn @ 3 % of bytes, objects')
    expect(names).toContain('mean of 6 rows of public traces')
    expect(names.join()).not.toContain('orm-busy')
    const svg = readFileSync(join(folder, drawing!), 'utf8')
    for (const name of ['sprite', 'cdn by bytes: hits in bytes', 'loop']) {
      expect(svg).toContain(`>${name}</text>`)
    }
    expect(svg).not.toContain('NaN')
    expect(svg.trimEnd()).toMatch(/<\/svg>$/)
  })

  it('shows them on one page', () => {
    const page = readFileSync(join(folder, 'README.md'), 'utf8')
    for (const name of NAMES) expect(page).toContain(`## ${name} (tiny: no measurement)`)
    expect(page).not.toContain('**NO**')
    expect(page).not.toContain('NaN')
  })
})

it('refuses a bench that does not exist', async () => {
  const { status, output } = await run('no-such-bench')
  expect(status).not.toBe(0)
  expect(output).toContain("no bench 'no-such-bench'")
}, 30_000)
