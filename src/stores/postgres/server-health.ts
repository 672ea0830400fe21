/** What a Postgres says of itself, and what of it somebody should look at. */
import { fullness, type ServerHealth, type StoreHealth } from '../../core/store-health.js'
import type { Row } from './sql-connection.js'

/** From this share of the connections on, nobody else may soon come in. */
const NEARLY_ALL = 0.9

/** `maxBytes`: the bound of the table. */
export function readHealth(row: Row, latencyMs: number, maxBytes: number): StoreHealth {
  const number = (name: string) => (row[name] === null ? undefined : Number(row[name]))
  const server: ServerHealth = {
    name: '',
    latencyMs,
    role: row.is_replica === true ? 'replica' : 'primary',
    usedBytes: number('used_bytes'),
    maxBytes,
    clients: number('clients'),
    keys: number('keys'),
    replicas: number('replicas'),
    replicationLagBytes: number('lag_bytes'),
  }
  const maxClients = Number(row.max_clients)
  const warnings = [...fullness(server)]
  if ((server.clients ?? 0) >= maxClients * NEARLY_ALL) {
    warnings.push(`the store: ${server.clients} of ${maxClients} connections are taken`)
  }
  return { servers: [server], warnings }
}
