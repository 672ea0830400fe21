import type { CliIo } from './cli-io.js'
import type { NamedQueue } from './find-queues.js'
import type { Printer } from './printer.js'
import { shownError } from './shown-text.js'

/** Whether nothing waits any more; says so, or what is left. Never rejects. */
export async function drainQueue(
  { name, queue }: NamedQueue,
  deadlineMs: number,
  io: CliIo,
  print: Printer,
): Promise<boolean> {
  try {
    const isDrained = await queue.drain({ deadline: `${Math.floor(deadlineMs)}ms` })
    if (isDrained) print(`${name}: drained`, { event: 'drained', queue: name })
    else {
      const { pending } = await queue.status()
      const says = `${name}: not drained, ${pending} wait; they stay in the queue`
      print(says, { event: 'left', queue: name, pending })
    }
    return isDrained
  } catch (error) {
    io.stderr(`${name}: not drained, what waits stays in the queue: ${shownError(error)}`)
    return false
  }
}
