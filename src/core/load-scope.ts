/**
 * Which loads the running code is a part of, so that a loader that would wait for itself gets a
 * named error: when it asks for the key it is loading, and when it asks for one whose load waits,
 * over any number of steps, for this one.
 *
 * An AsyncLocalStorage costs every promise of the process 50 ns on Node 20 while it is on
 * (measured: 63 → 113 ns an awaited hit), so it is on only while at least one load runs, and until
 * that turn of the loop has ended.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Flight } from './flight.js'

interface LoadFrame {
  /** One flight, or all that a bulk loader loads. */
  readonly flights: readonly Flight[]
  readonly parent: LoadFrame | undefined
  /**
   * False once the load has ended: what its context left running may ask for the key like anyone
   * else.
   */
  isRunning: boolean
}

const storage = new AsyncLocalStorage<LoadFrame>()
let loadsRunning = 0
let isSwitchingOff = false

/** A load and who hears how it ends. */
export interface ScopedLoad<T> {
  readonly flights: readonly Flight[]
  run(): T | PromiseLike<T>
  onValue(value: T): void
  onError(error: unknown): void
}

/**
 * Runs a load as a part of its flights and calls exactly one of its two listeners with how it
 * ended, at once where it is synchronous.
 */
export function runInLoadScope<T>(load: ScopedLoad<T>): void {
  const { flights } = load
  const frame: LoadFrame = { flights, parent: storage.getStore(), isRunning: true }
  let answer: T | PromiseLike<T>
  let isPending: boolean
  loadsRunning++
  try {
    answer = storage.run(frame, run<T>, load)
    isPending = isPromiseLike(answer)
  } catch (error) {
    end(frame)
    load.onError(error)
    return
  }
  if (!isPending) {
    end(frame)
    load.onValue(answer as T)
    return
  }
  // Adopted, so that a thenable of another library calls back once, and not in the middle of ours.
  Promise.resolve(answer).then(
    (value) => {
      end(frame)
      load.onValue(value)
    },
    (error: unknown) => {
      end(frame)
      load.onError(error)
    },
  )
}

function run<T>(load: ScopedLoad<T>): T | PromiseLike<T> {
  return load.run()
}

function end(frame: LoadFrame): void {
  frame.isRunning = false
  if (--loadsRunning === 0) switchOffSoon()
}

/**
 * When the turn of the loop has ended: a batch of misses then switches once and not for each of its
 * loads, which took a third of the CPU of a miss (bench/fill).
 */
function switchOffSoon(): void {
  if (isSwitchingOff) return
  isSwitchingOff = true
  setImmediate(() => {
    isSwitchingOff = false
    if (loadsRunning === 0) storage.disable()
  })
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

export interface Running {
  /** The flights whose loader the running code is; several for a bulk loader. */
  readonly own: readonly Flight[]
  /** These, and the flights out of whose loaders they were started. */
  readonly all: readonly Flight[]
}

const NOT_RUNNING: Running = { own: [], all: [] }

/** The loads of which the running code is a part; none outside of loaders. */
export function runningFlights(): Running {
  if (loadsRunning === 0) return NOT_RUNNING
  const frames: LoadFrame[] = []
  for (let frame = storage.getStore(); frame !== undefined; frame = frame.parent) {
    if (frame.isRunning) frames.push(frame)
  }
  const [innermost] = frames
  if (innermost === undefined) return NOT_RUNNING
  return { own: innermost.flights, all: frames.flatMap((frame) => frame.flights) }
}
