/** The options of `repeatedJob()`: checked and resolved once, never written to. */
import { systemClock } from '../core/clock.js'
import type { Clock } from '../core/contracts.js'
import type { Duration } from '../core/duration.js'
import { OptionCheck } from '../core/option-check.js'
import { readValue } from '../core/option-reading.js'

export interface RepeatedJobOptions {
  /** How long after the end of a run the next one begins. 10 ms to 12 d. */
  every: Duration
  /** When the first run begins: with `start()`, or one interval after it. Default 'now'. */
  first?: 'now' | 'later' | undefined
  /**
   * By which part of it an interval may be longer or shorter, at random, so that processes which
   * were started together do not run together. 0 to 0.9. Default 0.1.
   */
  jitter?: number | undefined
  /** After how long a run has failed and its signal is aborted. 1 ms to 1 d. Default 60 s. */
  timeout?: Duration | undefined
  /** Told of each run that fails. What it throws is dropped. Default: nobody is told. */
  onError?: ((error: unknown) => void) | undefined
  /** Default: the system's. */
  clock?: Clock | undefined
  /** Default: Math.random. */
  random?: (() => number) | undefined
}

export interface ResolvedRepeatedJob {
  readonly everyMs: number
  readonly isFirstNow: boolean
  readonly jitterRatio: number
  readonly timeoutMs: number
  readonly onError: (error: unknown) => void
  readonly clock: Clock
  readonly random: () => number
}

const NAMES = ['every', 'first', 'jitter', 'timeout', 'onError', 'clock', 'random']
const WHERE = 'repeatedJob'
const DAY_MS = 86_400_000
const LEAST_EVERY_MS = 10
/** With the most jitter still below what a timer of Node can wait. */
const MOST_EVERY_MS = 12 * DAY_MS
const DEFAULT_JITTER = 0.1
const MOST_JITTER = 0.9
const DEFAULT_TIMEOUT_MS = 60_000

const check = new OptionCheck(WHERE)

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveRepeatedJob(options: RepeatedJobOptions): ResolvedRepeatedJob {
  check.known(options, NAMES)
  const { every, first = 'now', jitter, timeout, onError = () => {} } = options
  const { clock = systemClock, random = Math.random } = options
  const everyMs = check.duration('every', every, LEAST_EVERY_MS, MOST_EVERY_MS)
  if (everyMs === undefined) throw check.invalid('every', every, "a duration, as 60 or '5m'")
  if (first !== 'now' && first !== 'later') throw check.invalid('first', first, "'now' | 'later'")
  const jitterRow = { name: 'jitter', kind: 'ratio', min: 0, max: MOST_JITTER } as const
  checkFunction('onError', onError)
  checkFunction('random', random)
  checkFunction('clock', clock?.setTimer)
  return Object.freeze({
    everyMs,
    isFirstNow: first === 'now',
    jitterRatio: (readValue(jitterRow, jitter, WHERE) as number | undefined) ?? DEFAULT_JITTER,
    timeoutMs: check.duration('timeout', timeout, 1, DAY_MS) ?? DEFAULT_TIMEOUT_MS,
    onError,
    clock,
    random,
  })
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw check.invalid(name, value, 'a function, or what has them')
}
