import type { CliIo } from './cli-io.js'
import { CommandLine } from './command-line.js'
import { drainQueue } from './drain-queue.js'
import { printerTo } from './printer.js'
import { stopQueues, useIdleQueues } from './queue-module.js'

const DAY_MS = 86_400_000
const DEADLINE = { min: 0, max: DAY_MS, byDefault: 60_000 }

/**
 * Writes what waits, without its delays. Resolves to 1 where something is left at the deadline.
 * Rejects with OPTION_INVALID where there is no writer.
 */
export async function queueDrain(args: readonly string[], io: CliIo): Promise<number> {
  const line = new CommandLine('queue drain', args, ['deadline', 'json', 'queue'])
  line.refuseKeys()
  const deadlineMs = line.durationMs('deadline', DEADLINE)
  const print = printerTo(io, line.flag('json'))
  return useIdleQueues(line, io, async (queues) => {
    for (const { queue } of queues) queue.start()
    const drained = await Promise.all(queues.map((each) => drainQueue(each, deadlineMs, io, print)))
    await stopQueues(io, queues)
    return drained.every((isDrained) => isDrained) ? 0 : 1
  })
}
