/**
 * The Lua that the store runs, and how: EVALSHA, and EVAL where the server does not know it.
 *
 * These two touch the one key they declare, so they also run on a cluster; those of the log are in
 * log-scripts.ts. They need Redis 6 (KEEPTTL). Life times come as text; '' stands for no limit.
 * What a script refuses is an error reply.
 */
import { createHash } from 'node:crypto'
import { isUnknownScript, NOT_A_NUMBER } from './call-errors.js'
import type { RedisArg, RedisConnection } from './connection.js'

export interface Script {
  readonly source: string
  readonly sha1: string
}

/** The server's time in whole milliseconds, as `nowMs`. */
export const NOW = `local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)`

/** Compares bytes one by one: Lua itself would compare text by the server's locale. */
export const ABOVE = `local function above(text, limit)
  for i = 1, #limit do
    local one, other = string.byte(text, i) or -1, string.byte(limit, i)
    if one ~= other then return one > other end
  end
  return false
end`

/**
 * KEYS[1]; ARGV: offset, patch, ttl. 1 if patched, 0 if there is no such value: also where the
 * patch would reach past its end, for it is then not the value that the caller knew.
 */
export const PATCH = script(`
local length = redis.call('STRLEN', KEYS[1])
if length < tonumber(ARGV[1]) + #ARGV[2] then return 0 end
if length == 0 and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('SETRANGE', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '' then redis.call('PERSIST', KEYS[1])
else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1`)

/**
 * KEYS[1]; ARGV: by, head, ttl, then offset and bytes of each limit up to which a value counts as
 * absent. The new number as JSON text: whole numbers up to 2^53 without an exponent, others with
 * the fewest digits that read back the same.
 */
export const INCREMENT = script(`
local function refuse(what) return redis.error_reply('${NOT_A_NUMBER} ' .. what) end
${ABOVE}
local head, number = ARGV[2], 0
local value = redis.call('GET', KEYS[1])
for at = 4, #ARGV, 2 do
  local from, limit = tonumber(ARGV[at]), ARGV[at + 1]
  if value and not above(string.sub(value, from + 1, from + #limit), limit) then value = false end
end
if value then
  local stored = string.sub(value, 1, #head)
  local text = string.sub(value, #head + 1)
  if string.byte(stored, 2) ~= string.byte(head, 2) then return refuse('another kind of value') end
  local rest = string.gsub(text, '^%-?%d+', '', 1)
  if rest == text then return refuse('no number') end
  rest = string.gsub(rest, '^%.%d+', '', 1)
  rest = string.gsub(rest, '^[eE][+-]?%d+', '', 1)
  if rest ~= '' then return refuse('no number') end
  head, number = stored, tonumber(text)
end
number = number + tonumber(ARGV[1])
if number ~= number or number == math.huge or number == -math.huge then
  return refuse('out of range')
end
local text
if number == 0 then text = '0'
elseif number == math.floor(number) and math.abs(number) <= 9007199254740992 then
  text = string.format('%.0f', number)
else
  for digits = 15, 17 do
    text = string.format('%.' .. digits .. 'g', number)
    if tonumber(text) == number then break end
  end
end
if value then redis.call('SET', KEYS[1], head .. text, 'KEEPTTL')
elseif ARGV[3] == '' then redis.call('SET', KEYS[1], head .. text)
else redis.call('SET', KEYS[1], head .. text, 'PX', ARGV[3]) end
return text`)

/**
 * KEYS; ARGV: offset and bytes of the limit up to which a value is deleted. How many were. What is
 * no text is deleted as well.
 */
export const DELETE_ONLY = script(`
${ABOVE}
local from, limit, dead = tonumber(ARGV[1]), ARGV[2], {}
for i = 1, #KEYS do
  local part = redis.pcall('GETRANGE', KEYS[i], from, from + #limit - 1)
  if type(part) == 'table' or not above(part, limit) then dead[#dead + 1] = KEYS[i] end
end
if #dead == 0 then return 0 end
return redis.call('UNLINK', unpack(dead))`)

/** The scripts that a connection has sent: the server knows them from then on. */
const sent = new WeakMap<RedisConnection, Set<string>>()

/**
 * Runs `script`. One round trip; two where the server has forgotten it since. The first time it
 * goes as a whole: what is asked next over the same connection comes after it.
 */
export async function runScript(
  connection: RedisConnection,
  { sha1, source }: Script,
  keys: readonly string[],
  args: readonly RedisArg[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args] as const
  const known = sent.get(connection) ?? new Set()
  sent.set(connection, known)
  if (!known.has(sha1)) {
    known.add(sha1)
    return connection.send(['eval', source, ...rest])
  }
  try {
    return await connection.send(['evalsha', sha1, ...rest])
  } catch (cause) {
    if (!isUnknownScript(cause)) throw cause
    return connection.send(['eval', source, ...rest])
  }
}

export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
