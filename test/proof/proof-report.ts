/** What a run of the processes found, as rows and as text. */
import type { Correction, Violation } from './judge.js'
import type { PlayedMode, Proof } from './run-proof.js'

export interface ModeRow {
  readonly mode: string
  readonly faults: number
  /** That returned a value. */
  readonly gets: number
  /** Confirmed ones. */
  readonly invalidations: number
  readonly violations: number
  /**
   * From a confirmation to the last stale get in another process, 0 where there was none: over each
   * pair of the two that a fault fell on, or all where there are no faults.
   */
  readonly staleP50Ms: number
  readonly staleP99Ms: number
  /** Over all pairs. */
  readonly staleMaxMs: number
  /** From the end of a fault: the median of its strikes, and the longest. */
  readonly recoverMs: readonly [median: number, longest: number] | undefined
  /** Loads of keys that nobody invalidated. */
  readonly loadsDuring: number
  readonly loadsAfter: number
}

export interface ProofReport {
  readonly rows: readonly ModeRow[]
  readonly gets: number
  readonly invalidations: number
  readonly failed: number
  readonly straddling: number
  readonly violations: readonly Violation[]
  readonly errors: readonly string[]
}

export function reportOf({ modes, judgement, evidence }: Proof): ProofReport {
  const all = evidence.flat()
  const sum = (of: (each: (typeof all)[number]) => number) =>
    all.reduce((total, each) => total + of(each), 0)
  const gets = all.flatMap(({ sightings }) => sightings)
  const loadsMs = all.flatMap(({ stillLoadsMs }) => stillLoadsMs)
  const rows = modes.map((mode): ModeRow => {
    const isIn = (atMs: number) => atMs >= mode.beganMs && atMs < mode.endedMs
    const corrections = judgement.corrections.filter(({ confirmedMs }) => isIn(confirmedMs))
    const inFaults = corrections.filter(({ confirmedMs }) => isInFault(mode, confirmedMs))
    return {
      mode: mode.name,
      faults: mode.strikes.length,
      gets: gets.filter((each) => isIn(each.lastBeganMs)).reduce((n, each) => n + each.gets, 0),
      invalidations: corrections.length,
      violations: judgement.violations.filter((each) => isIn(each.lastBeganMs)).length,
      staleP50Ms: staleness(inFaults, 0.5),
      staleP99Ms: staleness(inFaults, 0.99),
      staleMaxMs: staleness(corrections, 1),
      recoverMs: recovery(mode),
      ...loads(mode, loadsMs.filter(isIn)),
    }
  })
  return {
    rows,
    gets: gets.reduce((n, each) => n + each.gets, 0),
    invalidations: judgement.corrections.length,
    failed: sum(({ failed }) => failed),
    straddling: sum(({ straddling }) => straddling),
    violations: judgement.violations,
    errors: all.flatMap(({ errors }) => errors),
  }
}

function isInFault({ strikes }: PlayedMode, atMs: number): boolean {
  if (strikes.length === 0) return true
  return strikes.some((each) => atMs >= each.beganMs && atMs < each.recoveredMs)
}

function staleness(corrections: readonly Correction[], ratio: number): number {
  const staleMs = corrections.flatMap(({ staleForMs }) => staleForMs)
  return rank(
    staleMs.sort((a, b) => a - b),
    ratio,
  )
}

/** `sorted`: ascending. */
function rank(sorted: readonly number[], ratio: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * ratio) - 1)] ?? 0
}

function recovery({ strikes }: PlayedMode): ModeRow['recoverMs'] {
  if (strikes.length === 0) return undefined
  const tookMs = strikes.map((each) => each.recoveredMs - each.healedMs).sort((a, b) => a - b)
  return [rank(tookMs, 0.5), rank(tookMs, 1)]
}

function loads({ strikes }: PlayedMode, atMs: readonly number[]) {
  const isDuring = (at: number) => strikes.some((each) => at >= each.beganMs && at < each.healedMs)
  const during = atMs.filter(isDuring).length
  return { loadsDuring: during, loadsAfter: atMs.length - during }
}

const COLUMNS: readonly (readonly [name: string, cell: (row: ModeRow) => string])[] = [
  ['mode', ({ mode }) => mode],
  ['faults', ({ faults }) => String(faults)],
  ['gets', ({ gets }) => String(gets)],
  ['invalidations', ({ invalidations }) => String(invalidations)],
  ['violations', ({ violations }) => String(violations)],
  [
    'stale elsewhere, ms: p50, p99, max',
    (row) => [row.staleP50Ms, row.staleP99Ms, row.staleMaxMs].map(whole).join(', '),
  ],
  ['recovered after, ms: p50, max', ({ recoverMs }) => (recoverMs ?? []).map(whole).join(', ')],
  [
    'loads of untouched keys: in the fault, after',
    (row) => `${row.loadsDuring}, ${row.loadsAfter}`,
  ],
]

function whole(ms: number): string {
  return String(Math.ceil(ms))
}

export function printProof(report: ProofReport): string {
  const { rows, gets, invalidations, failed, straddling, violations, errors } = report
  const cells = [
    COLUMNS.map(([name]) => name),
    ...rows.map((row) => COLUMNS.map(([, c]) => c(row))),
  ]
  const widths = COLUMNS.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)))
  const table = cells.map((row) => row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | '))
  const asked = `${invalidations} invalidations confirmed, ${failed} not`
  const mild = `${straddling} gets that a stop fell into`
  return [
    `${violations.length} violations in ${gets} gets, ${asked}, ${mild}`,
    ...table,
    ...violations.slice(0, 5).map((each) => JSON.stringify(each)),
    ...errors.map((each) => `unexpected: ${each}`),
  ].join('\n')
}
