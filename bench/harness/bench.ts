/**
 * What a bench is: subjects, which live in processes of their own, and a plan that sets them side
 * by side and judges them.
 *
 * A bench file exports `subjects` (started in the child process, by name) and `bench` (run in the
 * parent). Both sides import the same file; only plain data travels between them.
 */
import type { Lab } from './lab.js'

export type Params = Readonly<Record<string, string | number | boolean>>

/** What a subject is started with. */
export interface Setting {
  readonly tiny: boolean
  /** 0 where the bench asked for no server. */
  readonly redisPort: number
  readonly params: Params
}

/** One round of one subject. */
export interface Round {
  readonly operations: number
  readonly elapsedMs: number
  readonly cpuMs: number
  /** A digest of everything that was read: the same for every subject of a case. */
  readonly answers: string
  /** Further figures by name, with their unit in it. */
  readonly figures?: Readonly<Record<string, number>>
  /** Moments on the clock of the whole system: what processes compare. */
  readonly momentsMs?: readonly number[]
}

export interface Runner {
  /** Warm-up rounds have negative numbers; a subject with several tasks is told which by `step`. */
  run(round: number, step: string): Promise<Round>
  stop(): Promise<void>
}

export type StartSubject = (setting: Setting) => Promise<Runner>
export type Subjects = Readonly<Record<string, StartSubject>>

/** What must hold for a row to count as reached. */
export interface Target {
  readonly sense: 'at least' | 'at most'
  readonly value: number
}

/** One line of the results. */
export interface Row {
  readonly case: string
  readonly subject: string
  /** What it was held against; '' where the figure stands by itself. */
  readonly against: string
  /** '×' for a ratio of speeds (above 1: faster than what it is held against), else the unit. */
  readonly unit: string
  /** The median, and the quartiles around it. */
  readonly value: number
  readonly low: number
  readonly high: number
  readonly samples: number
  readonly target?: Target
  readonly figures: Readonly<Record<string, number>>
  readonly answers: string
  /** Every subject of the case read the same, in every round. */
  readonly isRight: boolean
}

export interface Bench {
  readonly name: string
  /** One sentence for the results page: what is compared and how. */
  readonly says: string
  /** Figures that the results page shows, in place of times by CPU and of each call. */
  readonly columns?: readonly string[]
  /** An SVG of the rows, kept beside them. */
  readonly draw?: (rows: readonly Row[]) => string
  run(lab: Lab): Promise<readonly Row[]>
}
