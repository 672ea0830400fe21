/** A command line without a process: what it printed, signals sent by hand, modules as objects. */
import type { CliIo } from '../../src/cli/cli-io.js'
import { runCli } from '../../src/cli/run-cli.js'
import type { Clock } from '../../src/core/contracts.js'
import { fakeClock } from '../../src/testing/index.js'

export interface CliWorld {
  readonly io: CliIo
  readonly out: string[]
  readonly errors: string[]
  /** What was imported, by its path. */
  readonly imported: string[]
  /** How many listen for signals. */
  readonly listeners: Set<(signal: string) => void>
  signal(name: string): void
  /** Begins a command; its exit code. */
  run(...args: string[]): Promise<number>
}

export function cliWorld(exports: object = {}, clock: Clock = fakeClock()): CliWorld {
  const [out, errors, imported]: [string[], string[], string[]] = [[], [], []]
  const listeners = new Set<(signal: string) => void>()
  const io: CliIo = {
    cwd: '/app',
    clock,
    stdout: (line) => out.push(line),
    stderr: (line) => errors.push(line),
    importModule: async (path) => {
      imported.push(path)
      return exports as Record<string, unknown>
    },
    onSignal: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const signal = (name: string) => {
    for (const listener of listeners) listener(name)
  }
  return { io, out, errors, imported, listeners, signal, run: (...args) => runCli(args, io) }
}

/** A write-behind by its verbs alone, which writes down what was asked of it. */
export function scriptedQueue(verbs: object = {}) {
  const asked: unknown[] = []
  const noted =
    (verb: string, answer: unknown) =>
    async (...args: unknown[]) => {
      asked.push([verb, ...args])
      return answer
    }
  const queue = {
    start: () => {
      asked.push(['start'])
    },
    stop: noted('stop', undefined),
    drain: noted('drain', true),
    status: async () => ({ pending: 0, deadLetters: 0 }),
    deadLetters: noted('deadLetters', []),
    replay: noted('replay', 0),
    drop: noted('drop', 0),
    ...verbs,
  }
  return { queue, asked }
}
