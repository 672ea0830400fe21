/**
 * Results: one JSON file for each run of a bench, and a page that shows the latest of each.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './bench.js'
import type { Circumstances } from './circumstances.js'

export interface Results {
  readonly bench: string
  readonly says: string
  readonly tiny: boolean
  readonly circumstances: Circumstances
  readonly seconds: number
  readonly rows: readonly Row[]
}

const RESULT_FILE = /^(\d{4}-\d{2}-\d{2})-(.+)\.json$/

/** A second run on one day takes the place of the first. */
export function writeResults(folder: string, results: Results): void {
  mkdirSync(folder, { recursive: true })
  const file = `${results.circumstances.date}-${results.bench}.json`
  writeFileSync(join(folder, file), `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), page(latest(folder)))
}

/** The newest results of each bench, by name. */
function latest(folder: string): Results[] {
  const newest = new Map<string, string>()
  for (const file of readdirSync(folder).sort()) {
    const bench = RESULT_FILE.exec(file)?.[2]
    if (bench !== undefined) newest.set(bench, file)
  }
  return [...newest]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, file]) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Results)
}

function page(all: readonly Results[]): string {
  return [HEADING, ...all.map(section)].join('\n')
}

const HEADING = `# What the benches measured

Written by \`npm run bench\`; do not edit. \`npm run bench -- memory-hit\` runs one of them,
\`--tiny\` shows in seconds that they work, \`--note\` records a word about the machine.

How to read it: trust ratios, not absolutes. × is the speed against the bare subject named beside
it, above 1 faster. Each subject has a process of its own (Redis has another); rounds take turns,
a ratio is taken within one round, the table shows the median of them and in brackets the
quartiles. "By CPU" is the same ratio by processor time of the Node process, which others at work
on the machine disturb less. "Right": all subjects read the same data in every round.
`

function section({ bench, says, tiny, circumstances: at, rows, seconds }: Results): string {
  const packages = Object.entries(at.packages).map(([name, version]) => `${name} ${version}`)
  const machine =
    `${at.date} · commit ${at.commit} · Node ${at.node.slice(1)} · ${at.platform}, ` +
    `${at.processor}, ${at.cores} cores, ${at.memoryGb} GB · Redis ${at.redis} · ` +
    `${packages.join(', ')} · load when it began ${at.loadAtStart} · ${Math.round(seconds)} s`
  return [
    `## ${bench}${tiny ? ' (tiny: no measurement)' : ''}\n`,
    `${says}\n`,
    `${machine}${at.note === '' ? '' : ` · ${at.note}`}\n`,
    '| case | subject | against | result | by CPU | each call, µs | target | reached | right |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(tableRow),
    '',
  ].join('\n')
}

function tableRow(row: Row): string {
  const { microseconds, 'microseconds bare': bare, 'ratio by CPU': byCpu } = row.figures
  const calls =
    microseconds === undefined ? '' : `${short(microseconds)} (bare ${short(bare ?? Number.NaN)})`
  return `| ${[
    row.case,
    row.subject,
    row.against,
    resultText(row),
    byCpu === undefined ? '' : short(byCpu),
    calls,
    row.target === undefined ? '' : `${row.target.sense} ${short(row.target.value)}`,
    row.target === undefined ? '' : isReached(row) ? 'yes' : '**no**',
    row.isRight ? 'yes' : '**NO**',
  ].join(' | ')} |`
}

/** The median, with its quartiles where there was more than one sample. */
export function resultText(row: Row): string {
  const unit = row.unit === '×' ? ' ×' : ` ${row.unit}`
  const quartiles = row.samples > 1 ? ` (${short(row.low)}–${short(row.high)})` : ''
  return `${short(row.value)}${unit}${quartiles}`
}

export function isReached(row: Row): boolean | undefined {
  if (row.target === undefined) return undefined
  const { sense, value } = row.target
  return sense === 'at least' ? row.value >= value : row.value <= value
}

/** Three digits are more than the machine is good for. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)))
}
