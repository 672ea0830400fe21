/** What goes wrong with a Postgres, one thing at a time, and how it is mended. */
import type { Postgres } from '../support/postgres.js'
import { type Mode, WORKER_MODES, type WorkerStage } from './modes.js'

export interface PostgresStage extends WorkerStage {
  readonly server: Postgres
}

/** What is written and deleted since the copy is not on it. */
export async function killAfterCopy({ control }: Postgres): Promise<void> {
  await control.save()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  await control.kill()
}

export const POSTGRES_MODES = {
  ...WORKER_MODES,
  serverStopped: {
    name: 'postgres stopped',
    faultMs: 5_000,
    begin: ({ server }) => server.control.freeze(),
    end: ({ server }) => server.control.thaw(),
  },
  /** Unlogged tables are empty then. */
  serverKilled: {
    name: 'postgres killed, started after the crash',
    faultMs: 1_000,
    begin: ({ server }) => server.control.kill(),
    end: ({ server }) => server.control.restart(),
  },
  serverRestarted: {
    name: 'postgres shut down, started',
    faultMs: 1_000,
    begin: ({ server }) => server.control.shutDown(),
    end: ({ server }) => server.control.restart(),
  },
  /** What was deleted since is there again. */
  serverSetBack: {
    name: 'postgres set back to an older copy of its disk',
    faultMs: 1_000,
    begin: ({ server }) => killAfterCopy(server),
    end: ({ server }) => server.control.setBack(),
  },
} as const satisfies Record<string, Mode<PostgresStage>>
