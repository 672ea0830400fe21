import type { DeadWrite } from '../patterns/index.js'
import type { CliIo } from './cli-io.js'
import { CommandLine } from './command-line.js'
import { printerTo } from './printer.js'
import { useIdleQueues } from './queue-module.js'
import { shortened, shownValue } from './shown-text.js'

const LIMIT = { min: 1, max: 10_000, byDefault: 100 }

/** One line for each dead letter, at most `--limit` of each queue. Rejects as the store does. */
export async function queueDead(args: readonly string[], io: CliIo): Promise<number> {
  const line = new CommandLine('queue dead', args, ['json', 'limit', 'queue'])
  line.refuseKeys()
  const limit = line.whole('limit', LIMIT)
  const isJson = line.flag('json')
  const print = printerTo(io, isJson)
  return useIdleQueues(line, io, async (queues) => {
    for (const { name, queue } of queues) {
      const letters = await queue.deadLetters(limit)
      for (const letter of letters) print(asText(name, letter), asRecord(name, letter))
      // For people: no line at all looks like a mistake.
      if (letters.length === 0 && !isJson) print(`${name}: no dead letters`, {})
    }
    return 0
  })
}

function asText(name: string, letter: DeadWrite<unknown>): string {
  const { diedAt, error, key, version } = letter
  const what = `${name}: ${JSON.stringify(key)} ${contents(letter)}`
  const when = `version ${version}, died at ${diedAt.toISOString()}`
  return `${what}; ${when}: ${shortened(error)}`
}

function asRecord(name: string, { value, ...letter }: DeadWrite<unknown>) {
  const shown = value === undefined ? undefined : shownValue(value)
  return { queue: name, ...letter, error: shortened(letter.error), value: shown }
}

function contents({ op, value }: DeadWrite<unknown>): string {
  if (op === 'delete') return 'deleted'
  return value === undefined ? 'set to what cannot be read here' : `set to ${shownValue(value)}`
}
