/**
 * The module that a command is given: its queues for as long as the command runs, and its end.
 *
 * A module may start workers when it is loaded, by the default of `writeBehind`. Those that a
 * command has not asked for are stopped before it begins.
 */
import { resolve } from 'node:path'
import type { CliIo } from './cli-io.js'
import type { CommandLine } from './command-line.js'
import { closeOf, findQueues, type NamedQueue } from './find-queues.js'
import { patiently } from './patiently.js'
import { shownError } from './shown-text.js'
import { UsageError } from './usage-error.js'
import { within } from './within.js'

/** How long batches in hand are waited for, and then how long `close` may take. */
export const STOP_MS = 5_000
const CLOSE_MS = 5_000
/** For the first answer of a store that is still connecting. */
const REACH_MS = 5_000

/** A command over the queues that were chosen. Resolves to its exit code. */
type Use = (queues: readonly NamedQueue[]) => Promise<number>

/** For commands that start no worker, or by themselves. Rejects where the store is away. */
export async function useIdleQueues(line: CommandLine, io: CliIo, use: Use): Promise<number> {
  return useModule(line, io, async (chosen, others) => {
    await stopQueues(io, [...chosen, ...others])
    for (const { queue } of chosen) await patiently(io.clock, REACH_MS, () => queue.status())
    return use(chosen)
  })
}

/** For the command whose workers run from beginning to end. */
export async function useQueues(line: CommandLine, io: CliIo, use: Use): Promise<number> {
  return useModule(line, io, async (chosen, others) => {
    await stopQueues(io, others)
    return use(chosen)
  })
}

/** Whether all batches in hand have ended; others are tried again by another worker. */
export function stopQueues(io: CliIo, queues: readonly NamedQueue[]): Promise<boolean> {
  return within(io.clock, STOP_MS, Promise.all(queues.map(({ queue }) => queue.stop())))
}

async function useModule(
  line: CommandLine,
  io: CliIo,
  use: (chosen: NamedQueue[], others: NamedQueue[]) => Promise<number>,
): Promise<number> {
  const exports = await load(line.module, io)
  let exitCode = 1
  let isClosed = true
  try {
    const wanted = line.text('queue')
    const all = await find(line.module, exports, wanted)
    const isChosen = ({ name }: NamedQueue) =>
      wanted === undefined || name === wanted || name.startsWith(`${wanted}.`)
    const chosen = all.filter(isChosen)
    if (chosen.length === 0) throw noQueue(line.module, exports, all, wanted)
    exitCode = await use(
      chosen,
      all.filter((each) => !chosen.includes(each)),
    )
  } finally {
    isClosed = await close(exports, io)
  }
  return isClosed ? exitCode : Math.max(exitCode, 1)
}

async function load(module: string, io: CliIo) {
  try {
    return await io.importModule(resolve(io.cwd, module))
  } catch (error) {
    throw new UsageError(`cannot import '${module}': ${shownError(error)}`)
  }
}

async function find(
  module: string,
  exports: Readonly<Record<string, unknown>>,
  wanted: string | undefined,
): Promise<NamedQueue[]> {
  try {
    return await findQueues(exports, wanted)
  } catch (error) {
    throw new UsageError(`a function of '${module}' has failed: ${shownError(error)}`)
  }
}

function noQueue(
  module: string,
  exports: object,
  all: readonly NamedQueue[],
  wanted: string | undefined,
): UsageError {
  const list = (names: readonly string[]) => names.join(', ') || 'nothing'
  if (wanted === undefined || all.length === 0) {
    const names = list(Object.keys(exports))
    return new UsageError(`'${module}' exports no write-behind; it exports: ${names}`)
  }
  const names = list(all.map(({ name }) => name))
  return new UsageError(`'${module}' has no write-behind '${wanted}'; it has: ${names}`)
}

/** Whether it has ended well, or there was nothing to call. Never rejects. */
async function close(exports: Readonly<Record<string, unknown>>, io: CliIo): Promise<boolean> {
  const end = closeOf(exports)
  if (end === undefined) return true
  try {
    const run = async () => end()
    if (await within(io.clock, CLOSE_MS, run())) return true
    io.stderr(`cachewright: 'close' has not ended within ${CLOSE_MS / 1_000} s`)
  } catch (error) {
    io.stderr(`cachewright: 'close' has failed: ${shownError(error)}`)
  }
  return false
}
