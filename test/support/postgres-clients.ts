/** Every way to use Postgres that the store supports, as one table for the service tests. */
import type { Store } from '../../src/core/contracts.js'
import { type PostgresOptions, postgres } from '../../src/stores/postgres/index.js'
import type { Postgres } from './postgres.js'

export interface PostgresKind {
  readonly name: string
  /** The store, and how whoever made its client ends that. */
  make(server: Postgres, options?: PostgresOptions): { store: Store; end(): Promise<void> }
}

const nothing = async () => {}

export const POSTGRES_KINDS: readonly PostgresKind[] = [
  {
    name: 'pg, own',
    make: (server, options) => ({ store: postgres({ url: server.url, ...options }), end: nothing }),
  },
  {
    name: 'pg, own, not prepared',
    make: (server, options) => {
      return { store: postgres({ url: server.url, prepare: false, ...options }), end: nothing }
    },
  },
  {
    name: 'a pool of pg, given',
    make: (server, options) => {
      const client = server.pool(4)
      return { store: postgres({ client, ...options }), end: () => client.end() }
    },
  },
  {
    name: 'an object with query alone, given',
    make: (server, options) => {
      const pool = server.pool(4)
      const client = { query: (text: string, values?: unknown[]) => pool.query(text, values) }
      return { store: postgres({ client, ...options }), end: () => pool.end() }
    },
  },
]
