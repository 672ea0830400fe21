/** What a server tells of itself, where its user may ask. */
import { isForbidden } from './call-errors.js'
import type { RedisConnection } from './connection.js'

export type InfoFields = ReadonlyMap<string, string>

/** The fields of INFO; `undefined` where the user may not ask. Rejects as INFO does. */
export async function infoOf(connection: RedisConnection): Promise<InfoFields | undefined> {
  try {
    return readFields(String(await connection.send(['info'])))
  } catch (cause) {
    if (isForbidden(cause)) return undefined
    throw cause
  }
}

function readFields(info: string): InfoFields {
  const fields = new Map<string, string>()
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}
