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
  readonly columns?: readonly string[] | undefined
  readonly tiny: boolean
  readonly circumstances: Circumstances
  readonly seconds: number
  readonly rows: readonly Row[]
  /** The name of the SVG beside them. */
  readonly drawing?: string | undefined
}

const RESULT_FILE = /^(\d{4}-\d{2}-\d{2})-(.+)\.json$/

/** A second run on one day takes the place of the first. `svg` is drawn beside the table. */
export function writeResults(folder: string, results: Results, svg?: string): void {
  mkdirSync(folder, { recursive: true })
  const name = `${results.circumstances.date}-${results.bench}`
  const drawing = svg === undefined ? undefined : `${name}.svg`
  if (drawing !== undefined) writeFileSync(join(folder, drawing), svg!)
  const text = JSON.stringify({ ...results, drawing }, null, 2)
  writeFileSync(join(folder, `${name}.json`), `${text}\n`)
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

function section(results: Results): string {
  const { bench, says, tiny, circumstances: at, rows, seconds, columns, drawing } = results
  const packages = Object.entries(at.packages).map(([name, version]) => `${name} ${version}`)
  const machine =
    `${at.date} · commit ${at.commit} · Node ${at.node.slice(1)} · ${at.platform}, ` +
    `${at.processor}, ${at.cores} cores, ${at.memoryGb} GB · Redis ${at.redis} · ` +
    `${packages.join(', ')} · load when it began ${at.loadAtStart} · ${Math.round(seconds)} s`
  const shown = columns ?? ['by CPU', 'each call, µs']
  const heads = ['case', 'subject', 'against', 'result', ...shown, 'target', 'reached', 'right']
  return [
    `## ${bench}${tiny ? ' (tiny: no measurement)' : ''}\n`,
    `${says}\n`,
    `${machine}${at.note === '' ? '' : ` · ${at.note}`}\n`,
    `| ${heads.join(' | ')} |`,
    `|${'---|'.repeat(heads.length)}`,
    ...rows.map((row) => tableRow(row, columns)),
    '',
    ...(drawing === undefined ? [] : [`![${bench}, drawn](${drawing})\n`]),
  ].join('\n')
}

function tableRow(row: Row, columns: readonly string[] | undefined): string {
  return `| ${[
    row.case,
    row.subject,
    row.against,
    resultText(row),
    ...(columns?.map((name) => figureText(row.figures[name])) ?? timesOf(row)),
    row.target === undefined ? '' : `${row.target.sense} ${short(row.target.value)}`,
    row.target === undefined ? '' : isReached(row) ? 'yes' : '**no**',
    row.isRight ? 'yes' : '**NO**',
  ].join(' | ')} |`
}

function timesOf(row: Row): string[] {
  const { microseconds, 'microseconds bare': bare, 'ratio by CPU': byCpu } = row.figures
  const calls =
    microseconds === undefined ? '' : `${short(microseconds)} (bare ${short(bare ?? Number.NaN)})`
  return [figureText(byCpu), calls]
}

export function figureText(value: number | undefined): string {
  return value === undefined ? '' : short(value)
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
