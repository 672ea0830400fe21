/**
 * PING, as the link and the store mean it: does the server answer?
 */
import { isForbidden } from './call-errors.js'
import type { RedisConnection } from './connection.js'

/** Resolves on any answer that shows a working server, also to a user who may not PING. */
export async function ping(connection: RedisConnection): Promise<void> {
  try {
    await connection.send(['ping'])
  } catch (cause) {
    if (!isForbidden(cause)) throw cause
  }
}
