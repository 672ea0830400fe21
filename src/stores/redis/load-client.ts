/**
 * Finds a client library: both are optional peers, imported only when a store dials.
 *
 * A package that is there but fails to load is reported as it fails, never passed over in silence.
 */
import { CacheError } from '../../core/errors.js'
import type { Dial } from './connection.js'
import { dialIoredis, type IoredisLibrary } from './ioredis-connection.js'
import { dialNodeRedis, type NodeRedisLibrary } from './node-redis-connection.js'

export type RedisDriver = 'node-redis' | 'ioredis'

/** Imports one package; tests bring their own. */
export type ImportClient = (driver: RedisDriver) => Promise<unknown>

const PACKAGE: Record<RedisDriver, string> = {
  'node-redis': '@redis/client',
  ioredis: 'ioredis',
}

const importInstalled: ImportClient = (driver) =>
  driver === 'node-redis' ? import('@redis/client') : import('ioredis')

/**
 * How to dial with `driver`, or with whichever library is installed, @redis/client first.
 * Rejects with CLIENT_MISSING where there is none.
 */
export async function loadDial(
  driver: RedisDriver | undefined,
  importClient: ImportClient = importInstalled,
): Promise<Dial> {
  const wanted: readonly RedisDriver[] = driver === undefined ? ['node-redis', 'ioredis'] : [driver]
  for (const candidate of wanted) {
    try {
      return dialWith(candidate, await importClient(candidate))
    } catch (cause) {
      if (!isNotInstalled(cause, PACKAGE[candidate])) throw cause
    }
  }
  const names = wanted.map((candidate) => PACKAGE[candidate]).join(' or ')
  throw new CacheError('CLIENT_MISSING', `redis: no client library is installed; add ${names}`)
}

function dialWith(driver: RedisDriver, library: unknown): Dial {
  return driver === 'node-redis'
    ? (target, listener) => dialNodeRedis(library as NodeRedisLibrary, target, listener)
    : (target, listener) => dialIoredis(library as IoredisLibrary, target, listener)
}

/** Whether the package itself is absent, not something that it imports. */
function isNotInstalled(cause: unknown, packageName: string): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false
  if (cause.code !== 'ERR_MODULE_NOT_FOUND' && cause.code !== 'MODULE_NOT_FOUND') return false
  return cause.message.includes(`'${packageName}'`)
}
