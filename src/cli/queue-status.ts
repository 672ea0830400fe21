import type { CliIo } from './cli-io.js'
import { CommandLine } from './command-line.js'
import { printerTo } from './printer.js'
import { useIdleQueues } from './queue-module.js'
import { tellStatus } from './tell-status.js'

/** One line for each queue. Resolves to 1 where one cannot be asked. */
export async function queueStatus(args: readonly string[], io: CliIo): Promise<number> {
  const line = new CommandLine('queue status', args, ['json', 'queue'])
  line.refuseKeys()
  const print = printerTo(io, line.flag('json'))
  return useIdleQueues(line, io, async (queues) => {
    const told = await Promise.all(queues.map((each) => tellStatus(each, io, print)))
    return told.every((isTold) => isTold) ? 0 : 1
  })
}
