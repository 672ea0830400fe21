/** What INFO says of a server, and what of it somebody should look at. */
import {
  fullness,
  NO_HEALTH,
  type ServerHealth,
  type StoreHealth,
} from '../../core/store-health.js'
import type { RedisConnection } from './connection.js'
import { type InfoFields, infoOf } from './server-info.js'

/** Rejects as INFO does; a user who may not ask it hears nothing. */
export async function healthOf(connection: RedisConnection): Promise<StoreHealth> {
  const startMs = performance.now()
  const fields = await infoOf(connection)
  return fields === undefined ? NO_HEALTH : readHealth(fields, performance.now() - startMs)
}

function readHealth(fields: InfoFields, latencyMs: number): StoreHealth {
  const number = (field: string) => {
    const text = fields.get(field)
    return text === undefined ? undefined : Number(text)
  }
  const server: ServerHealth = {
    name: '',
    latencyMs,
    role: roleOf(fields.get('role')),
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory') || undefined,
    clients: number('connected_clients'),
    keys: keysIn(fields),
    replicas: number('connected_slaves'),
    replicationLagBytes: lagIn(fields),
  }
  return { servers: [server], warnings: warningsOf(server, fields.get('maxmemory_policy')) }
}

function warningsOf(server: ServerHealth, policy: string | undefined): readonly string[] {
  const warnings = [...fullness(server)]
  if (policy === 'noeviction') {
    warnings.push('the store: maxmemory-policy is noeviction, so it refuses writes when it is full')
  }
  if (server.role === 'replica') warnings.push('the store: it is a replica, which takes no writes')
  return warnings
}

function roleOf(role: string | undefined): ServerHealth['role'] {
  if (role === undefined) return undefined
  return role === 'master' ? 'primary' : 'replica'
}

/** Of all databases: which of them is ours, INFO does not say. */
function keysIn(fields: InfoFields): number | undefined {
  if (!fields.has('used_memory')) return undefined
  let keys = 0
  for (const [field, value] of fields) {
    if (/^db\d+$/.test(field)) keys += Number(/keys=(\d+)/.exec(value)?.[1] ?? 0)
  }
  return keys
}

function lagIn(fields: InfoFields): number | undefined {
  const head = Number(fields.get('master_repl_offset'))
  const offsets = [...fields]
    .filter(([field]) => /^slave\d+$/.test(field))
    .map(([, value]) => Number(/offset=(\d+)/.exec(value)?.[1] ?? head))
  return offsets.length === 0 ? undefined : Math.max(0, head - Math.min(...offsets))
}
