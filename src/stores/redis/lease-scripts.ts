/**
 * The Lua of the right to fill a key. The right is a key of its own beside the value, in its slot:
 * `{name}!lease` holds the token of the load that has it, and ends by itself. A `+` after the token
 * says that somebody else has asked for it, and will be told when it is used or given back. A `!`
 * in its place says that the key was deleted a moment ago: who is granted the right then, has it in
 * name alone.
 */
import { ABOVE, NOW, script } from './scripts.js'

/** By the Redis Cluster specification. */
const HASH_TAG = /^[^{]*\{[^}]+\}/

/** In the place of a token: no load has it. */
export const HELD_OFF = '!'

/** In the place of a ttl of all. */
export const EACH_ITS_TTL = '*'

/** ARGV[1] is the moment after which it is too late, or ''. */
const LATE = `local isLate = false
if ARGV[1] ~= '' then
  ${NOW}
  isLate = nowMs > tonumber(ARGV[1])
end`

/**
 * In the slot of its value: the whole name is the hash tag, or the name's own. The names of a
 * cache's values hold no brace; the right of another, if it holds a `}` and no tag, has no place on
 * a cluster, which says so.
 */
export function leaseKey(key: string): string {
  return key.includes('{') && HASH_TAG.test(key) ? `${key}!lease` : `{${key}}!lease`
}

/** As scripts take them: the values, then the leases. */
export function withLeases(each: readonly { readonly key: string }[]): string[] {
  const keys = each.map(({ key }) => key)
  return [...keys, ...keys.map(leaseKey)]
}

/**
 * KEYS: the values, then the leases; ARGV: the moment in milliseconds after which nothing is
 * granted, or '', offset and bytes of the moment up to which a value is past its ttl, then for
 * each: token, milliseconds, how (ask, take, renew), token from which it may be taken; for
 * `replace`, which asks too, how the value begins that counts as none. Answers the values, then 1
 * for each whose token has the right now.
 *
 * One call reads all values: in Lua the calls are what costs (64 keys: a third of the time).
 */
export const LEASE = script(`
${ABOVE}
local function holder(lease)
  local held = redis.call('GET', lease)
  if not held then return false, '' end
  if string.sub(held, -1) == '+' then return string.sub(held, 1, -2), '+' end
  return held, ''
end
${LATE}
local from, now = tonumber(ARGV[2]), ARGV[3]
local count = #KEYS / 2
local answers = redis.call('MGET', unpack(KEYS, 1, count))
for i = 1, count do
  local at = (i - 1) * 4 + 4
  local token, ms, how, replaces = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local value, lease, granted = answers[i], KEYS[count + i], false
  local isNone = how == 'replace' and value and string.sub(value, 1, #replaces) == replaces
  if isLate then granted = false
  elseif how == 'take' or how == 'renew' then
    local held, mark = holder(lease)
    if how == 'take' and held == '${HELD_OFF}' then granted = true
    elseif how == 'take' or held == token then
      granted = redis.call('SET', lease, token .. mark, 'PX', ms)
    end
  elseif not value or isNone or not above(string.sub(value, from + 1, from + #now), now) then
    granted = redis.call('SET', lease, token, 'NX', 'PX', ms)
    if not granted then
      local held, mark = holder(lease)
      if held == '${HELD_OFF}' then granted = true
      elseif held == replaces then granted = redis.call('SET', lease, token .. mark, 'PX', ms)
      elseif mark == '' then redis.call('SET', lease, held .. '+', 'KEEPTTL') end
    end
  end
  answers[count + i] = granted and 1 or 0
end
return answers`)

/**
 * KEYS: the values, then the leases; ARGV: the channel on which those are told who wait, or '',
 * then for each: token, '1' to write and '0' to give the right back, value, milliseconds to live or
 * '' for no limit. Answers 1 for each whose token had the right.
 */
export const FILL = script(`
local count = #KEYS / 2
local answers = redis.call('MGET', unpack(KEYS, count + 1))
local ended, channel = {}, ARGV[1]
for i = 1, count do
  local at = (i - 1) * 4 + 2
  local token, writes, value, ttl = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local isWaitedFor = answers[i] == token .. '+'
  if isWaitedFor or answers[i] == token then
    answers[i] = 1
    ended[#ended + 1] = KEYS[count + i]
    if writes == '1' then
      if ttl == '' then redis.call('SET', KEYS[i], value)
      else redis.call('SET', KEYS[i], value, 'PX', ttl) end
    end
    if isWaitedFor and channel ~= '' then redis.call('PUBLISH', channel, ' ' .. KEYS[i]) end
  else answers[i] = 0 end
end
if #ended > 0 then redis.call('DEL', unpack(ended)) end
return answers`)

/**
 * KEYS: the values, then their leases; ARGV: the moment in milliseconds after which it is too late,
 * or '', milliseconds to live of all, or '' for ever, or `*` and then one after each value; values.
 * One command for a whole batch: the clients spend more on sixty-four than the server on the
 * script, which spends most on its arguments. Mostly there are no rights to end, and to look for
 * them costs less than deleting them.
 */
export const SET_MANY = script(`
${LATE}
if isLate then return redis.error_reply('LATE the write came too late') end
local call, count, common = redis.call, #KEYS / 2, ARGV[2]
if call('EXISTS', unpack(KEYS, count + 1)) > 0 then call('DEL', unpack(KEYS, count + 1)) end
local step = common == '${EACH_ITS_TTL}' and 2 or 1
for i = 1, count do
  local at = 3 + (i - 1) * step
  local ttl = step == 2 and ARGV[at + 1] or common
  if ttl == '' then call('SET', KEYS[i], ARGV[at])
  else call('SET', KEYS[i], ARGV[at], 'PX', ttl) end
end
return count`)
