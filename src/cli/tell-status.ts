import { showDuration } from '../core/duration.js'
import type { WriteBehindStatus } from '../patterns/index.js'
import type { CliIo } from './cli-io.js'
import type { NamedQueue } from './find-queues.js'
import type { Printer } from './printer.js'
import { shownError } from './shown-text.js'

/** One line of a queue; whether it could be asked. Never rejects. */
export async function tellStatus(
  { name, queue }: NamedQueue,
  io: CliIo,
  print: Printer,
): Promise<boolean> {
  try {
    const status = await queue.status()
    print(`${name}: ${asText(status)}`, { event: 'status', queue: name, ...status })
    return true
  } catch (error) {
    io.stderr(`${name}: the queue cannot be asked: ${shownError(error)}`)
    return false
  }
}

function asText(status: WriteBehindStatus): string {
  const { deadLetters, failed, isRunning, isSourceAway, oldestMs, pending, written } = status
  const age = pending === 0 ? '' : `, the oldest for ${showDuration(Math.round(oldestMs))}`
  // Of this process alone.
  const work = isRunning ? `, ${written} written, ${failed} failed` : ''
  const away = isSourceAway ? ', the source takes nothing' : ''
  return `${pending} wait${age}${work}, ${deadLetters} dead letters${away}`
}
