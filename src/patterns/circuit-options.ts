/** The options of `circuit()`: checked and resolved once, never written to. */
import { systemClock } from '../core/clock.js'
import type { Clock } from '../core/contracts.js'
import type { Duration } from '../core/duration.js'
import { OptionCheck } from '../core/option-check.js'

export interface CircuitOptions {
  /** How many calls in a row must fail for it to open. 1 to 10 000. Default 5. */
  failures?: number | undefined
  /** For how long no call is made then. 1 ms to 1 d. Default 60 s. */
  openFor?: Duration | undefined
  /** How long a call may take before it has failed. 1 ms to 1 d. Default 1 s. */
  deadline?: Duration | undefined
  /**
   * Whether an error speaks against what is called; others, as of a bad argument, reach the caller
   * and count as an answer. A deadline that has passed always does. Default: every error.
   */
  isFailure?: ((error: unknown) => boolean) | undefined
  /** Default: the system's. */
  clock?: Clock | undefined
}

export interface ResolvedCircuit {
  readonly failures: number
  readonly openForMs: number
  readonly deadlineMs: number
  readonly isFailure: (error: unknown) => boolean
  readonly clock: Clock
}

const NAMES: readonly (keyof CircuitOptions)[] = [
  'failures',
  'openFor',
  'deadline',
  'isFailure',
  'clock',
]
const DAY_MS = 86_400_000
const MAX_FAILURES = 10_000
const DEFAULT_FAILURES = 5
const DEFAULT_OPEN_MS = 60_000
const DEFAULT_DEADLINE_MS = 1_000

const check = new OptionCheck('circuit')

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveCircuit(options: CircuitOptions): ResolvedCircuit {
  check.known(options, NAMES)
  const { failures, openFor, deadline, isFailure = () => true, clock = systemClock } = options
  if (typeof isFailure !== 'function') throw check.invalid('isFailure', isFailure, 'a function')
  if (typeof clock?.setTimer !== 'function') throw check.invalid('clock', clock, 'a clock')
  return Object.freeze({
    failures: check.whole('failures', failures, 1, MAX_FAILURES) ?? DEFAULT_FAILURES,
    openForMs: check.duration('openFor', openFor, 1, DAY_MS) ?? DEFAULT_OPEN_MS,
    deadlineMs: check.duration('deadline', deadline, 1, DAY_MS) ?? DEFAULT_DEADLINE_MS,
    isFailure,
    clock,
  })
}
