/**
 * The Lua of the right to fill a key. The right is a key of its own beside the value, in its slot:
 * `{name}!lease` holds the token of the load that has it, and ends by itself.
 */
import { ABOVE, script } from './scripts.js'

/** The names of values hold no brace, so the whole name is the hash tag. */
export function leaseKey(key: string): string {
  return `{${key}}!lease`
}

/**
 * KEYS: the values, then the leases; ARGV: offset and bytes of the moment up to which a value is
 * past its ttl, then for each: token, milliseconds, '1' to take it from whoever has it, token from
 * which it may be taken. Answers the values, then 1 for each whose token has the right now.
 *
 * One call reads all values: in Lua the calls are what costs (64 keys: a third of the time).
 */
export const LEASE = script(`
${ABOVE}
local from, now = tonumber(ARGV[1]), ARGV[2]
local count = #KEYS / 2
local answers = redis.call('MGET', unpack(KEYS, 1, count))
for i = 1, count do
  local at = (i - 1) * 4 + 3
  local token, ms, takes, replaces = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local value, lease, granted = answers[i], KEYS[count + i], false
  if takes == '1' then
    redis.call('SET', lease, token, 'PX', ms)
    granted = true
  elseif not value or not above(string.sub(value, from + 1, from + #now), now) then
    granted = redis.call('SET', lease, token, 'NX', 'PX', ms)
    if not granted and replaces ~= '' and redis.call('GET', lease) == replaces then
      granted = redis.call('SET', lease, token, 'PX', ms)
    end
  end
  answers[count + i] = granted and 1 or 0
end
return answers`)

/**
 * KEYS: the values, then the leases; ARGV for each: token, '1' to write and '0' to give the right
 * back, value, milliseconds to live or '' for no limit. Answers 1 for each whose token had the
 * right.
 */
export const FILL = script(`
local count = #KEYS / 2
local answers = redis.call('MGET', unpack(KEYS, count + 1))
local ended = {}
for i = 1, count do
  local at = (i - 1) * 4 + 1
  local token, writes, value, ttl = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if answers[i] == token then
    answers[i] = 1
    ended[#ended + 1] = KEYS[count + i]
    if writes == '1' then
      if ttl == '' then redis.call('SET', KEYS[i], value)
      else redis.call('SET', KEYS[i], value, 'PX', ttl) end
    end
  else answers[i] = 0 end
end
if #ended > 0 then redis.call('DEL', unpack(ended)) end
return answers`)

/**
 * KEYS: the values, then their leases; ARGV: the moment in milliseconds after which it is too late,
 * or '', then for each: value, milliseconds to live or ''. One command for a whole batch: the
 * clients spend more on sixty-four than the server on the script.
 */
export const SET_MANY = script(`
local count, limit = #KEYS / 2, tonumber(ARGV[1])
if limit then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) > limit then
    return redis.error_reply('LATE the write came too late')
  end
end
redis.call('DEL', unpack(KEYS, count + 1))
for i = 1, count do
  local value, ttl = ARGV[2 * i], ARGV[2 * i + 1]
  if ttl == '' then redis.call('SET', KEYS[i], value)
  else redis.call('SET', KEYS[i], value, 'PX', ttl) end
end
return count`)
