/**
 * The Lua of the invalidation log. All its keys share one slot by the hash tag in their names:
 *
 *   {prefix}!state     hash: epoch, when it began, seq, floor, run (which life of which server
 *                      wrote last); bytes of the log's younger half, and the record before it
 *   {prefix}!log       stream: one entry a record, id `seq-0`; about the last 100 000, and no more
 *                      than 32 MiB: when the younger half has 16, the older one goes
 *   {prefix}!tags      sorted set: tag by its newest record; at most 100 000
 *   {prefix}!prefixes  sorted set: `namespace:prefix` by its newest record; at most 1 000
 *   {prefix}!members   sorted set: process by when its lease ends
 *   {prefix}!push      the channel: `epoch seq origin payload` of each record; an origin that ends
 *                      with `!` asks its readers to confirm; also ` key` of a key that was filled
 *                      while others waited for it (lease-scripts.ts)
 *   {prefix}!push:ID   the channel of a process: `id applied` of those who confirm
 *
 * Every script begins with the same look at the state. Where there is none, or the server is
 * another than the one that wrote last (restarted, failed over), or a member knows of more than the
 * log holds, records may have been lost: a new epoch begins. Its numbers begin at the server's time
 * in milliseconds and above every number that was ever given, and the floor with them. So whatever
 * was stored or loaded under an earlier epoch is out of date: too much, never too little.
 */
import { FORGET_MS, LOST_AT_MOST, type LogLimits } from '../log-limits.js'
import { NOW, type Script, script } from './scripts.js'

/** KEYS[1]: state, KEYS[2]: log. ARGV[1..4]: member, applied, name of a new epoch, run. */
const look = ({ maxRead }: LogLimits) => `
local state = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'floor', 'run', 'began',
  'bytes')
local epoch, seq = state[1], tonumber(state[2] or '0')
local floor, began = tonumber(state[3] or '0'), tonumber(state[5] or '0')
local youngBytes = tonumber(state[6] or '0')
local member, applied, run = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local isOther = run ~= '' and state[4] and state[4] ~= '' and state[4] ~= run
${NOW}
local function text(number) return string.format('%.0f', number) end
if not epoch or isOther or applied > seq then
  local known = math.max(seq, applied)
  epoch, seq = ARGV[3], math.max(known > 0 and known + ${LOST_AT_MOST} or 0, nowMs)
  floor, began, youngBytes = seq, nowMs, 0
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'seq', text(seq), 'floor', text(floor), 'run', run,
    'began', text(began), 'bytes', '0', 'older', text(seq))
end
local function records(upTo)
  if applied < 0 or applied >= upTo then return {} end
  return redis.call('XRANGE', KEYS[2], text(applied + 1) .. '-0', text(upTo) .. '-0',
    'COUNT', ${maxRead})
end`

/**
 * KEYS: state, log, members, prefixes; ARGV[5]: lease, ms; ARGV[6]: '1' for the prefixes as well.
 * Answers epoch, head, floor, time, records, the number of members, prefixes with their records.
 */
const follow = (limits: LogLimits) =>
  script(`${look(limits)}
redis.call('ZADD', KEYS[3], text(nowMs + tonumber(ARGV[5])), member)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(nowMs - ${FORGET_MS}))
local prefixes = {}
if ARGV[6] == '1' then prefixes = redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES') end
local members = redis.call('ZCOUNT', KEYS[3], text(nowMs), '+inf')
return {epoch, text(seq), text(floor), text(nowMs), records(seq), members, prefixes}`)

/**
 * KEYS: state, log, tags, prefixes, members; ARGV[5]: '1' if it is to be confirmed, ARGV[6]:
 * payload; then kind and name of each but the keys: 't', 'p', 'a'. Answers epoch, head (this
 * record), floor, time, the records before this one, and where it is to be confirmed the age of the
 * epoch and the members.
 */
const append = (limits: LogLimits) =>
  script(`${look(limits)}
local function note(key, name, limit)
  redis.call('ZADD', key, text(seq), name)
  if redis.call('ZCARD', key) <= limit then return end
  local popped = redis.call('ZPOPMIN', key)
  floor = math.max(floor, tonumber(popped[2]))
end
seq = seq + 1
local floorBefore = floor
for at = 7, #ARGV, 2 do
  if ARGV[at] == 't' then note(KEYS[3], ARGV[at + 1], ${limits.maxTags})
  elseif ARGV[at] == 'p' then note(KEYS[4], ARGV[at + 1], ${limits.maxPrefixes})
  else floor = seq end
end
youngBytes = youngBytes + #ARGV[6]
redis.call('HSET', KEYS[1], 'seq', text(seq), 'run', run, 'bytes', text(youngBytes))
if floor ~= floorBefore then redis.call('HSET', KEYS[1], 'floor', text(floor)) end
local origin = ARGV[5] == '1' and member .. '!' or member
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${limits.maxRecords}, text(seq) .. '-0',
  'o', origin, 'r', ARGV[6])
if youngBytes > ${limits.maxBytes / 2} then
  local older = tonumber(redis.call('HGET', KEYS[1], 'older') or '0')
  redis.call('XTRIM', KEYS[2], 'MAXLEN', text(seq - math.max(older, seq - ${limits.maxRecords})))
  redis.call('HSET', KEYS[1], 'bytes', '0', 'older', text(seq))
end
redis.call('PUBLISH', string.gsub(KEYS[2], 'log$', 'push'),
  epoch .. ' ' .. text(seq) .. ' ' .. origin .. ' ' .. ARGV[6])
local answer = {epoch, text(seq), text(floor), text(nowMs), records(seq - 1)}
if ARGV[5] == '1' then
  answer[6] = text(nowMs - began)
  answer[7] = redis.call('ZRANGEBYSCORE', KEYS[5], text(nowMs - ${FORGET_MS}), '+inf')
end
return answer`)

/** KEYS: tags, state; ARGV: tags. The newest record of each, '' for none; then the floor. */
const TAG_SEQS = script(`
local seqs = {}
for at = 1, #ARGV do seqs[at] = redis.call('ZSCORE', KEYS[1], ARGV[at]) or '' end
seqs[#ARGV + 1] = redis.call('HGET', KEYS[2], 'floor') or '0'
return seqs`)

export interface LogScripts {
  readonly follow: Script
  readonly append: Script
  readonly tagSeqs: Script
}

export function logScripts(limits: LogLimits): LogScripts {
  return { follow: follow(limits), append: append(limits), tagSeqs: TAG_SEQS }
}
