/** The whole command line: finds the command, and makes an exit code of what goes wrong. */
import { readFile } from 'node:fs/promises'
import { isCacheError } from '../core/errors.js'
import type { CliIo, Command } from './cli-io.js'
import { queue } from './queue.js'
import { shownError } from './shown-text.js'
import { USAGE } from './usage.js'
import { UsageError } from './usage-error.js'
import { worker } from './worker.js'

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['worker', worker],
  ['queue', queue],
])

/** The same place from `src/cli` and from `dist/cli`. */
const MANIFEST = new URL('../../package.json', import.meta.url)

/** Never rejects. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    io.stderr(`cachewright: ${shownError(error)}`)
    const isAskedWrongly = isCacheError(error) && !error.retryable
    return error instanceof UsageError || isAskedWrongly ? 2 : 1
  }
}

async function dispatch(args: readonly string[], io: CliIo): Promise<number> {
  const [name, ...others] = args
  if (wantsHelp(args)) {
    for (const line of USAGE.split('\n')) io.stdout(line)
    return 0
  }
  if (name === '--version') {
    io.stdout(JSON.parse(await readFile(MANIFEST, 'utf8')).version)
    return 0
  }
  const command = COMMANDS.get(name ?? '')
  if (command !== undefined) return command(others, io)
  const known = [...COMMANDS.keys(), '--help', '--version'].join(', ')
  const kind = name?.startsWith('-') ? 'option' : 'command'
  const says = name === undefined ? 'needs a command' : `unknown ${kind} '${name}'`
  throw new UsageError(`${says}; known here: ${known}`)
}

/** What follows `--` are keys. */
function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const words = end === -1 ? args : args.slice(0, end)
  return words.includes('--help') || words.includes('-h')
}
