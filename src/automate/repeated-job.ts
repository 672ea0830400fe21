/**
 * A job that runs again and again in this process, one run at a time.
 *
 * The interval counts from the end of a run: one that takes long is not followed by another at
 * once, and none are owed. A run that ignores its signal holds the job: it has failed at its
 * timeout, and none begins beside it. Keeps no process alive.
 */
import type { Timer } from '../core/contracts.js'
import { showDuration } from '../core/duration.js'
import { invalidOption } from '../core/option-reading.js'
import { runWithin } from '../core/run-within.js'
import {
  type RepeatedJobOptions,
  type ResolvedRepeatedJob,
  resolveRepeatedJob,
} from './repeated-job-options.js'

export interface JobContext {
  /** Aborted at the timeout, and by `stop()`. */
  readonly signal: AbortSignal
}

export interface RepeatedJob {
  /** Whether a run has begun and not ended. */
  readonly isRunning: boolean
  /** Begins; a job that was begun goes on as it is, one that was stopped begins anew. */
  start(): void
  /**
   * No run begins any more; the one in hand is aborted and waited for, at most for `timeout`.
   * Resolves to whether it has ended. Never rejects.
   */
  stop(): Promise<boolean>
  /**
   * Runs now, begun or not, and moves the next run; where a run is in hand, waits for that one.
   * Resolves to whether it succeeded, when that is known. Never rejects: `onError` is told.
   */
  runOnce(): Promise<boolean>
}

/**
 * Runs `run` every `every`, once started. What it throws is told to `onError`, and the job goes on.
 * Throws OPTION_UNKNOWN or OPTION_INVALID.
 */
export function repeatedJob(
  run: (context: JobContext) => unknown,
  options: RepeatedJobOptions,
): RepeatedJob {
  if (typeof run !== 'function') throw invalidOption('repeatedJob', 'run', run, 'a function')
  const job = new Job(run, resolveRepeatedJob(options))
  return Object.freeze({
    get isRunning() {
      return job.isRunning
    },
    start: () => job.start(),
    stop: () => job.stop(),
    runOnce: () => job.runOnce(),
  })
}

/** A run in hand. */
interface Run {
  readonly controller: AbortController
  /** Whether it succeeded, known at its timeout. Never rejects. */
  readonly outcome: Promise<boolean>
  /** What the job does is over, which may be later. Never rejects. */
  readonly ended: Promise<void>
}

class Job {
  readonly #run: (context: JobContext) => unknown
  readonly #options: ResolvedRepeatedJob
  #isStarted = false
  #timer: Timer | undefined
  #inHand: Run | undefined

  constructor(run: (context: JobContext) => unknown, options: ResolvedRepeatedJob) {
    this.#run = run
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#inHand !== undefined
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    // The end of a run arms the timer.
    if (this.#inHand !== undefined) return
    if (this.#options.isFirstNow) this.#begin()
    else this.#arm()
  }

  async stop(): Promise<boolean> {
    this.#isStarted = false
    this.#timer?.cancel()
    const inHand = this.#inHand
    if (inHand === undefined) return true
    inHand.controller.abort(new DOMException('repeatedJob: stopped', 'AbortError'))
    const { clock, timeoutMs } = this.#options
    return new Promise<boolean>((resolve) => {
      const timer = clock.setTimer(() => resolve(false), timeoutMs, false)
      void inHand.ended.then(() => {
        timer.cancel()
        resolve(true)
      })
    })
  }

  runOnce(): Promise<boolean> {
    const { outcome } = this.#inHand ?? this.#begin()
    return outcome
  }

  #begin(): Run {
    this.#timer?.cancel()
    const controller = new AbortController()
    let end!: () => void
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const { clock, timeoutMs: deadlineMs } = this.#options
    const late = () => {
      const message = `repeatedJob: a run took longer than ${showDuration(deadlineMs)}`
      return new DOMException(message, 'TimeoutError')
    }
    const within = { clock, deadlineMs, late, signal: controller.signal, background: true }
    const ran = runWithin(within, async (signal) => {
      try {
        // Not before it is in hand: it may ask for a run itself.
        await undefined
        if (!signal.aborted) await this.#run({ signal })
      } finally {
        end()
      }
    })
    const outcome = ran.then(
      () => true,
      (error: unknown) => this.#failed(error, controller.signal),
    )
    this.#inHand = { controller, outcome, ended }
    void Promise.all([outcome, ended]).then(() => {
      this.#inHand = undefined
      if (this.#isStarted) this.#arm()
    })
    return this.#inHand
  }

  /** A run that was stopped has not failed. */
  #failed(error: unknown, stopped: AbortSignal): false {
    if (stopped.aborted && error === stopped.reason) return false
    try {
      this.#options.onError(error)
    } catch {
      // Whoever is told of errors must not end the job by one.
    }
    return false
  }

  #arm(): void {
    const { clock, everyMs, jitterRatio, random } = this.#options
    const delayMs = everyMs * (1 + jitterRatio * (2 * random() - 1))
    this.#timer = clock.setTimer(() => this.#begin(), delayMs, true)
  }
}
