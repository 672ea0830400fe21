/** `queue replay` and `queue drop`: what becomes of dead letters, by their keys or of all. */
import type { CliIo } from './cli-io.js'
import { CommandLine } from './command-line.js'
import type { NamedQueue, Queue } from './find-queues.js'
import { printerTo } from './printer.js'
import { useIdleQueues } from './queue-module.js'

type Verb = 'replay' | 'drop'

const DONE: Readonly<Record<Verb, string>> = { replay: 'wait again', drop: 'dropped' }

/** Keys that are sent, and letters that are read, at once. */
const CHUNK = 1_000

/** Resolves to 1 where a key has no dead letter. Rejects as the store does. */
export function queueReplay(args: readonly string[], io: CliIo): Promise<number> {
  return settle('replay', args, io)
}

/** As `queueReplay`. */
export function queueDrop(args: readonly string[], io: CliIo): Promise<number> {
  return settle('drop', args, io)
}

async function settle(verb: Verb, args: readonly string[], io: CliIo): Promise<number> {
  const line = new CommandLine(`queue ${verb}`, args, ['all', 'json', 'queue'])
  const isAll = line.flag('all')
  if (isAll === line.keys.length > 0) throw line.wrong('needs either keys or --all')
  const print = printerTo(io, line.flag('json'))
  return useIdleQueues(line, io, async (queues) => {
    const { name, queue } = onlyOne(line, queues)
    const settleKeys = (keys: readonly string[]) => queue[verb](keys)
    const { asked, done } = isAll
      ? await settleAll(queue, settleKeys)
      : await settleThese(line.keys, settleKeys)
    print(`${name}: ${done} of ${asked} ${DONE[verb]}`, { event: verb, queue: name, asked, done })
    return done === asked ? 0 : 1
  })
}

/** A key may be in several: what was meant is not guessed. */
function onlyOne(line: CommandLine, queues: readonly NamedQueue[]): NamedQueue {
  if (queues.length === 1) return queues[0]!
  const names = queues.map(({ name }) => name).join(', ')
  throw line.wrong(`'${line.module}' has several queues, choose one with --queue: ${names}`)
}

type SettleKeys = (keys: readonly string[]) => Promise<number>

async function settleThese(keys: readonly string[], settleKeys: SettleKeys) {
  let done = 0
  for (let at = 0; at < keys.length; at += CHUNK) {
    done += await settleKeys(keys.slice(at, at + CHUNK))
  }
  return { asked: keys.length, done }
}

/**
 * As many as there were at first: what dies again meanwhile is not taken for ever. Somebody else
 * may settle them too, so a round that finds none is the last.
 */
async function settleAll(queue: Queue, settleKeys: SettleKeys) {
  const { deadLetters: asked } = await queue.status()
  let done = 0
  for (let left = asked; left > 0; left = asked - done) {
    const letters = await queue.deadLetters(Math.min(left, CHUNK))
    const settled = letters.length && (await settleKeys(letters.map(({ key }) => key)))
    if (settled === 0) break
    done += settled
  }
  return { asked, done }
}
