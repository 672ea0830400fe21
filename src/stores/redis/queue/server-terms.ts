/**
 * Whether a server keeps a queue of writes as it is asked to, by what it tells of itself. Where its
 * user may not ask, it is believed; not so of the disk, which few servers keep in step.
 */
import type { CacheError } from '../../../core/errors.js'
import { invalidOption } from '../../../core/option-reading.js'
import type { Durability } from '../../../core/write-queue.js'
import type { RedisCommand, RedisConnection } from '../connection.js'
import { type InfoFields, settingOf } from '../server-info.js'

/** Throws OPTION_INVALID where what has no ttl may be evicted. */
export function checkEviction(info: InfoFields | undefined): void {
  const policy = info?.get('maxmemory_policy')
  const isLimited = Number(info?.get('maxmemory') ?? 0) > 0
  if (!isLimited || policy?.startsWith('allkeys-') !== true) return
  throw invalidOption('redis', 'maxmemory-policy', policy, 'noeviction | volatile-*', QUEUE_HERE)
}

/** Throws OPTION_INVALID where nobody could confirm a write. */
export function checkReplicas(info: InfoFields | undefined): void {
  if (info?.get('connected_slaves') !== '0') return
  throw refused('replica', "'memory' | 'disk' on a server without a replica that is connected")
}

/**
 * The command that answers, after a timeout in milliseconds at most, how many have it; `undefined`
 * where the reply to the write itself says that it is kept. Rejects with OPTION_INVALID where
 * nothing does.
 */
export async function waitCommand(
  connection: RedisConnection,
  durability: Durability,
  info: InfoFields | undefined,
): Promise<RedisCommand | undefined> {
  if (durability === 'memory') return undefined
  if (durability === 'replica') return ['wait', '1']
  const names = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite']
  const settings = await Promise.all(names.map((name) => settingOf(connection, name)))
  const [appendonly, appendfsync, skips] = settings
  if (appendonly === 'yes' && appendfsync === 'always' && skips === 'no') return undefined
  const isOn = info?.get('aof_enabled') === '1' && appendfsync !== 'no'
  if (isOn && isSince(info.get('redis_version'), 7, 2)) return ['waitaof', '1', '0']
  const told = names.map((name, i) => `${name} ${settings[i] ?? NOT_TOLD}`).join(', ')
  const version = info?.get('redis_version') ?? NOT_TOLD
  throw refused('disk', FOR_DISK, `; here: version ${version}, ${told}`)
}

const QUEUE_HERE = ': the server keeps a queue of writes, which must not be evicted'
const NOT_TOLD = '(could not be asked)'
const FOR_DISK =
  "'memory' | 'replica', unless the server has appendonly yes, appendfsync always and " +
  'no-appendfsync-on-rewrite no, or is Redis 7.2 or newer with appendonly yes and appendfsync ' +
  'everysec'

function refused(durability: Durability, allowed: string, more?: string): CacheError {
  return invalidOption('writeBehind', 'durability', durability, allowed, more)
}

function isSince(version: string | undefined, major: number, minor: number): boolean {
  const [ours = 0, below = 0] = version?.split('.').map(Number) ?? []
  return ours > major || (ours === major && below >= minor)
}
