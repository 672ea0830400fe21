/** `cachewright queue`: looks after a queue, from a process that is no worker of it. */
import type { CliIo, Command } from './cli-io.js'
import { queueDead } from './queue-dead.js'
import { queueDrain } from './queue-drain.js'
import { queueDrop, queueReplay } from './queue-settle.js'
import { queueStatus } from './queue-status.js'
import { UsageError } from './usage-error.js'

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['status', queueStatus],
  ['dead', queueDead],
  ['replay', queueReplay],
  ['drop', queueDrop],
  ['drain', queueDrain],
])

/** Throws UsageError for what is no command of it. */
export async function queue([name, ...args]: readonly string[], io: CliIo): Promise<number> {
  const command = COMMANDS.get(name ?? '')
  if (command !== undefined) return command(args, io)
  const known = [...COMMANDS.keys()].join(', ')
  const says = name === undefined ? 'needs a command' : `unknown command '${name}'`
  throw new UsageError(`queue: ${says}; known here: ${known}`)
}
