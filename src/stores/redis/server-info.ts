/** What a server tells of itself and of its settings, where its user may ask. */
import { isForbidden, isUnknownCommand } from './call-errors.js'
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

/** A setting; `undefined` where the server does not tell. */
export async function settingOf(
  connection: RedisConnection,
  name: string,
): Promise<string | undefined> {
  try {
    // A list of name and value, or with RESP 3 an object of them.
    const reply = (await connection.send(['config', 'get', name])) as object
    const value = Object.values(reply).at(-1)
    return value === undefined ? undefined : String(value)
  } catch (cause) {
    // Some who rent servers out have taken the command away.
    if (isForbidden(cause) || isUnknownCommand(cause)) return undefined
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
