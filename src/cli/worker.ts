/**
 * `cachewright worker`: writes what is queued until it is told to end.
 *
 * The first signal begins the end: drain, stop, close, each within a time of its own. The second
 * one ends at once; what was in hand is tried again by another worker.
 */
import { showDuration } from '../core/duration.js'
import type { CliIo } from './cli-io.js'
import { CommandLine } from './command-line.js'
import { drainQueue } from './drain-queue.js'
import type { NamedQueue } from './find-queues.js'
import { type Printer, printerTo } from './printer.js'
import { STOP_MS, stopQueues, useQueues } from './queue-module.js'
import { repeat } from './repeat.js'
import { shownError } from './shown-text.js'
import { Signals } from './signals.js'
import { tellStatus } from './tell-status.js'
import { UsageError } from './usage-error.js'
import { within } from './within.js'

const DAY_MS = 86_400_000
const EVERY = { min: 1_000, max: DAY_MS, byDefault: 60_000 }
const DRAIN = { min: 0, max: DAY_MS, byDefault: 10_000 }

interface Orders {
  readonly everyMs: number
  readonly drainMs: number
  readonly print: Printer
  readonly signals: Signals
}

/** Resolves to 0 when all was written, or `--drain` is 0; to 1 when something was left. */
export async function worker(args: readonly string[], io: CliIo): Promise<number> {
  const line = new CommandLine('worker', args, ['drain', 'every', 'json', 'queue'])
  line.refuseKeys()
  const signals = new Signals(io)
  const orders = {
    everyMs: line.durationMs('every', EVERY),
    drainMs: line.durationMs('drain', DRAIN),
    print: printerTo(io, line.flag('json')),
    signals,
  }
  const work = useQueues(line, io, (queues) => run(queues, orders, io))
  const cut = signals.second.then(() => {
    io.stderr('cachewright: ended at once; what was in hand is tried again by another worker')
    return 1
  })
  return Promise.race([work, cut]).finally(() => signals.end())
}

async function run(queues: readonly NamedQueue[], orders: Orders, io: CliIo): Promise<number> {
  const { drainMs, everyMs, print, signals } = orders
  signals.listen()
  for (const { name, queue } of queues) {
    start(name, () => queue.start())
    print(`${name}: worker started`, { event: 'started', queue: name })
  }
  const tell = () => Promise.all(queues.map((each) => tellStatus(each, io, print)))
  const stopTelling = repeat(io.clock, everyMs, tell)
  const name = await signals.first
  stopTelling()
  const plan = drainMs === 0 ? 'stopping' : `draining for at most ${showDuration(drainMs)}`
  print(`${name}: ${plan}`, { event: 'ending', signal: name, drainMs })
  return (await leave(queues, orders, io)) ? 0 : 1
}

function start(name: string, begin: () => void): void {
  try {
    begin()
  } catch (error) {
    throw new UsageError(`${name}: ${shownError(error)}`)
  }
}

/** Whether all that was asked for was done. */
async function leave(
  queues: readonly NamedQueue[],
  { drainMs, print }: Orders,
  io: CliIo,
): Promise<boolean> {
  let isDrained = drainMs === 0
  if (!isDrained) {
    const drained = Promise.all(queues.map((each) => drainQueue(each, drainMs, io, print)))
    // Each call has its deadline; this one is for a store that does not keep its own.
    const isInTime = await within(io.clock, drainMs + STOP_MS, drained)
    isDrained = isInTime && (await drained).every((each) => each)
  }
  if (await stopQueues(io, queues)) return isDrained
  io.stderr('cachewright: a batch in hand was left; it is tried again by another worker')
  return false
}
