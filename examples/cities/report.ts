/** The table at the end, as text: a measure per line, a run per column. */
import type { CacheNumbers } from './cached-source.js'
import type { Run } from './measure.js'

const GAP = '   '

type Measure = readonly [label: string, show: (run: Run) => string]

const MEASURES: readonly Measure[] = [
  ['requests per second', (run) => whole(run.crowd.requests / (run.crowd.elapsedMs / 1_000))],
  ['p50, ms', (run) => run.crowd.p50Ms.toFixed(2)],
  ['p99, ms', (run) => run.crowd.p99Ms.toFixed(2)],
  ['database queries', (run) => whole(run.databaseQueries)],
  ['hit ratio, memory', (run) => percent(run, (cache) => cache.memoryHits)],
  ['hit ratio, store', (run) => percent(run, (cache) => cache.storeHits)],
  ['answered without a load', (run) => percent(run, (cache) => run.crowd.requests - cache.loads)],
]

export function table(runs: readonly Run[]): string {
  const rows = MEASURES.map(([label, show]) => [label, ...runs.map(show)])
  const lines = [['', ...runs.map((run) => run.name)], ...rows]
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  )
  const text = lines.map((line) => line.map((cell, column) => pad(cell, widths[column]!, column)))
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length))
  const [head, ...body] = text.map((cells) => cells.join(GAP))
  return [head, rule, ...body].join('\n')
}

export function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

function percent(run: Run, part: (cache: CacheNumbers) => number): string {
  if (run.cache === undefined) return '–'
  return `${((100 * part(run.cache)) / run.crowd.requests).toFixed(1)} %`
}
