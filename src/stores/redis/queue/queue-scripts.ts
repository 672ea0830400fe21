/**
 * The Lua of a write queue. All keys of a partition lie in one slot:
 *
 *   writes  hash   key → `version|attempts|op|bytes`
 *   due     zset   key → when it is due
 *   since   zset   key → since when it waits
 *   dead    hash   key → `diedAt|length of the error|error` and the write as above
 *   state   hash   `version` (the newest), `epoch`, `holder`, `until`, `doneAt` (when a write was
 *                  last settled as done), `mark` (says nothing: it is written to be confirmed); of
 *                  the first partition also `partitions`, how many
 *                  there are
 *
 * Moments are the server's, in milliseconds. A version is the server's time in microseconds, or one
 * above the version before: it rises also where the server has lost its data.
 */
import { FULL_AGAIN_MS } from '../../../core/write-queue.js'
import { NOW, type Script, script } from '../scripts.js'

export const QUEUE_KEYS = ['writes', 'due', 'since', 'dead', 'state'] as const

const NAMES = 'local writes, due, since, dead, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]'

/** The parts of a stored write, as far as the bytes. */
const PARTS = `local function parts(stored)
  local version, attempts, op, from = string.match(stored, '^(%d+)|(%d+)|(%a+)|()')
  return version, tonumber(attempts), op, from
end`

const HOLDS = `local function holds(epoch)
  return redis.call('HGET', state, 'epoch') == epoch
    and tonumber(redis.call('HGET', state, 'until') or '0') > nowMs
end`

/** ARGV: how many partitions. Answers how many there are. */
export const PREPARE: Script = script(`
${NAMES}
redis.call('HSETNX', state, 'partitions', ARGV[1])
return redis.call('HGET', state, 'partitions')`)

/**
 * KEYS: of one partition or several, one after another. ARGV: the moment after which it is too late
 * or '', delay, most that wait in a partition, most that its oldest has waited; then of each
 * partition how many writes, and key, op and bytes of each. Answers in how many milliseconds it is
 * too late, or '', then the version of each, with a `-` before it where it was refused.
 */
export const PUT: Script = script(`
${NOW}
${PARTS}
if ARGV[1] ~= '' and nowMs > tonumber(ARGV[1]) then
  return redis.error_reply('LATE the write came too late')
end
local delayMs, maxPending = tonumber(ARGV[2]), tonumber(ARGV[3])
local maxAgeMs = tonumber(ARGV[4])
local answers = {ARGV[1] ~= '' and string.format('%.0f', ARGV[1] - nowMs) or ''}
local function put(writes, due, since, dead, state, from, to)
  local version = math.max(tonumber(redis.call('HGET', state, 'version') or '0'),
    time[1] * 1000000 + time[2])
  local oldest = redis.call('ZRANGE', since, 0, 0, 'WITHSCORES')[2]
  local isOld = oldest and nowMs - tonumber(oldest) > maxAgeMs
  for at = from, to, 3 do
    local key, op, bytes = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local former = redis.call('HGET', writes, key)
    version = version + 1
    local text = string.format('%.0f', version)
    if not former and (isOld or redis.call('HLEN', writes) >= maxPending) then
      answers[#answers + 1] = '-' .. text
    else
      redis.call('HSET', writes, key, text .. '|0|' .. op .. '|' .. bytes)
      redis.call('HDEL', dead, key)
      if not former then
        redis.call('ZADD', due, nowMs + delayMs, key)
        redis.call('ZADD', since, nowMs, key)
      else
        local _, attempts = parts(former)
        local dueMs = tonumber(redis.call('ZSCORE', due, key))
        if attempts > 0 and dueMs > nowMs + delayMs then
          redis.call('ZADD', due, nowMs + delayMs, key)
        end
      end
      answers[#answers + 1] = text
    end
  end
  redis.call('HSET', state, 'version', string.format('%.0f', version))
end
local from = 5
for at = 1, #KEYS, ${QUEUE_KEYS.length} do
  local to = from + 3 * tonumber(ARGV[from])
  put(KEYS[at], KEYS[at + 1], KEYS[at + 2], KEYS[at + 3], KEYS[at + 4], from + 1, to)
  from = to + 1
end
return answers`)

/**
 * ARGV: holder, milliseconds of its lease, most writes, most bytes, milliseconds before which a
 * write counts as due. Answers the epoch or '', in how many milliseconds something is due or '',
 * then key and stored form of each.
 */
export const CLAIM: Script = script(`
${NAMES}
${NOW}
local holder = redis.call('HGET', state, 'holder')
local untilMs = tonumber(redis.call('HGET', state, 'until') or '0')
if holder and holder ~= ARGV[1] and untilMs > nowMs then
  return {'', string.format('%.0f', untilMs - nowMs)}
end
local keys = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs + ARGV[5], 'LIMIT', 0, ARGV[3])
if #keys == 0 then
  if holder == ARGV[1] then redis.call('HDEL', state, 'holder', 'until') end
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
  return {'', first and string.format('%.0f', first - nowMs) or ''}
end
local epoch = redis.call('HGET', state, 'epoch')
if holder ~= ARGV[1] or not epoch then
  epoch = string.format('%.0f', redis.call('HINCRBY', state, 'epoch', 1))
end
redis.call('HSET', state, 'holder', ARGV[1], 'until', string.format('%.0f', nowMs + ARGV[2]))
local answers, bytes = {epoch, '0'}, 0
for _, key in ipairs(keys) do
  local stored = redis.call('HGET', writes, key)
  bytes = bytes + #stored
  if #answers > 2 and bytes > tonumber(ARGV[4]) then break end
  answers[#answers + 1] = key
  answers[#answers + 1] = stored
end
return answers`)

/** ARGV: holder, milliseconds of its lease, epoch. 1 if it had it. */
export const RENEW: Script = script(`
${NAMES}
${NOW}
${HOLDS}
if not holds(ARGV[3]) then return 0 end
redis.call('HSET', state, 'until', string.format('%.0f', nowMs + ARGV[2]))
return 1`)

/**
 * ARGV: epoch, then of each: key, version, what (done, later, retry, dead), milliseconds or the
 * most dead letters, error. Answers settled, newer or full for each; nothing at all where another
 * holds it.
 */
export const SETTLE: Script = script(`
${NAMES}
${NOW}
${PARTS}
${HOLDS}
if not holds(ARGV[1]) then return false end
local answers, isDone = {}, false
local function forget(key)
  redis.call('HDEL', writes, key)
  redis.call('ZREM', due, key)
  redis.call('ZREM', since, key)
end
local function failed(key, stored, afterMs)
  local version, attempts, op, from = parts(stored)
  redis.call('HSET', writes, key,
    version .. '|' .. (attempts + 1) .. '|' .. op .. '|' .. string.sub(stored, from))
  redis.call('ZADD', due, nowMs + afterMs, key)
end
for at = 2, #ARGV, 5 do
  local key, version, what = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local number, error = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local stored = redis.call('HGET', writes, key)
  local answer = 'settled'
  if what == 'done' then isDone = true end
  if not stored or parts(stored) ~= version then
    answer = 'newer'
    if stored then
      redis.call('ZADD', due, nowMs, key)
      if what == 'done' then redis.call('ZADD', since, nowMs, key) end
    end
  elseif what == 'done' then forget(key)
  elseif what == 'later' then redis.call('ZADD', due, nowMs + number, key)
  elseif what == 'retry' then failed(key, stored, number)
  elseif redis.call('HLEN', dead) >= number then
    answer = 'full'
    failed(key, stored, ${FULL_AGAIN_MS})
  else
    redis.call('HSET', dead, key,
      string.format('%.0f', nowMs) .. '|' .. #error .. '|' .. error .. stored)
    forget(key)
  end
  answers[#answers + 1] = answer
end
if isDone then redis.call('HSET', state, 'doneAt', string.format('%.0f', nowMs)) end
return answers`)

/** ARGV: epoch. */
export const RELEASE: Script = script(`
${NAMES}
if redis.call('HGET', state, 'epoch') == ARGV[1] then
  redis.call('HDEL', state, 'holder', 'until')
end
return 1`)

/**
 * How many wait, for how long the oldest, how many are dead, 1 if somebody holds it, and how long
 * ago a write was settled as done or ''.
 */
export const STATE: Script = script(`
${NAMES}
${NOW}
local oldest = redis.call('ZRANGE', since, 0, 0, 'WITHSCORES')[2]
local isHeld = tonumber(redis.call('HGET', state, 'until') or '0') > nowMs
local doneAt = redis.call('HGET', state, 'doneAt')
return {redis.call('HLEN', writes), oldest and math.max(0, nowMs - oldest) or 0,
  redis.call('HLEN', dead), isHeld and 1 or 0,
  doneAt and string.format('%.0f', math.max(0, nowMs - doneAt)) or ''}`)

/** ARGV: keys. How many were there. */
export const REPLAY: Script = script(`
${NAMES}
${NOW}
local count = 0
for _, key in ipairs(ARGV) do
  local letter = redis.call('HGET', dead, key)
  if letter then
    local length, from = string.match(letter, '^%d+|(%d+)|()')
    redis.call('HDEL', dead, key)
    redis.call('HSET', writes, key, string.sub(letter, from + length))
    redis.call('ZADD', due, nowMs, key)
    redis.call('ZADD', since, nowMs, key)
    count = count + 1
  end
end
return count`)

/** ARGV: most. Key and letter of each. */
export const LETTERS: Script = script(`
${NAMES}
local most, answers, cursor = tonumber(ARGV[1]), {}, '0'
repeat
  local page = redis.call('HSCAN', dead, cursor, 'COUNT', 100)
  cursor = page[1]
  for i = 1, #page[2] do
    if #answers < 2 * most then answers[#answers + 1] = page[2][i] end
  end
until cursor == '0' or #answers >= 2 * most
return answers`)

/** ARGV: keys. */
export const WAITING: Script = script(`
${NAMES}
return redis.call('HMGET', writes, unpack(ARGV))`)

/** ARGV: keys. How many were there. */
export const DROP: Script = script(`
${NAMES}
return redis.call('HDEL', dead, unpack(ARGV))`)
