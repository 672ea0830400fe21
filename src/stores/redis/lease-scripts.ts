/**
 * The Lua of the right to fill a key. The right is a key of its own beside the value, in its slot:
 * `{name}!lease` holds the token of the load that has it, and ends by itself.
 */
import { script } from './scripts.js'

/** The names of values hold no brace, so the whole name is the hash tag. */
export function leaseKey(key: string): string {
  return `{${key}}!lease`
}

/**
 * KEYS: value and lease of each; ARGV: offset and bytes of the moment up to which a value is past
 * its ttl, then for each: token, milliseconds, '1' to take it from whoever has it, token from which
 * it may be taken. Answers for each: value or nil, 1 if the token has the right now.
 */
export const LEASE = script(`
local function above(text, limit)
  for i = 1, #limit do
    local one, other = string.byte(text, i) or -1, string.byte(limit, i)
    if one ~= other then return one > other end
  end
  return false
end
local from, now = tonumber(ARGV[1]), ARGV[2]
local answers = {}
for i = 1, #KEYS, 2 do
  local at = (i - 1) * 2 + 3
  local token, ms, takes, replaces = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local value, granted = false, 0
  if takes == '1' then
    redis.call('SET', KEYS[i + 1], token, 'PX', ms)
    granted = 1
  else
    value = redis.pcall('GET', KEYS[i])
    if type(value) == 'table' then value = false end
    if not value or not above(string.sub(value, from + 1, from + #now), now) then
      local holder = redis.call('GET', KEYS[i + 1])
      if not holder or (replaces ~= '' and holder == replaces) then
        redis.call('SET', KEYS[i + 1], token, 'PX', ms)
        granted = 1
      end
    end
  end
  answers[#answers + 1] = value
  answers[#answers + 1] = granted
end
return answers`)

/**
 * KEYS: value and lease of each; ARGV for each: token, '1' to write and '0' to give the right back,
 * value, milliseconds to live or '' for no limit. Answers 1 for each whose token had the right.
 */
export const FILL = script(`
local answers = {}
for i = 1, #KEYS, 2 do
  local at = (i - 1) * 2 + 1
  local token, writes, value, ttl = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local had = redis.call('GET', KEYS[i + 1]) == token
  if had then
    redis.call('DEL', KEYS[i + 1])
    if writes == '1' then
      if ttl == '' then redis.call('SET', KEYS[i], value)
      else redis.call('SET', KEYS[i], value, 'PX', ttl) end
    end
  end
  answers[#answers + 1] = had and 1 or 0
end
return answers`)
