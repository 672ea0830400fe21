/** What a command has of the world: a test hands it another one. */
import type { Clock } from '../core/contracts.js'

export interface CliIo {
  /** Where paths of modules begin. */
  readonly cwd: string
  readonly clock: Clock
  /** Each writes one line. */
  readonly stdout: (line: string) => void
  readonly stderr: (line: string) => void
  /** What the module behind this absolute path exports. Rejects with whatever it throws. */
  readonly importModule: (path: string) => Promise<Readonly<Record<string, unknown>>>
  /** Tells of SIGTERM and SIGINT by their name, until the answer is called. */
  readonly onSignal: (listener: (signal: string) => void) => () => void
}

/** Resolves to an exit code: 0 done, 1 not or not wholly done, 2 asked for wrongly. */
export type Command = (args: readonly string[], io: CliIo) => Promise<number>
