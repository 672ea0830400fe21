/** The answers of the log's scripts as what they mean. */
import type { AppendReply, FollowReply, LogReply, PrefixSeq } from '../../core/log.js'
import { readPrefix, TextRecord } from '../log-text.js'

/** The five answers that all scripts of the log begin with. */
function readReply(reply: readonly unknown[]): LogReply {
  const [epoch, head, floor, now, entries] = reply
  const records = (entries as [id: unknown, fields: unknown[]][]).map(([id, fields]) => {
    // Fields: 'o', who, 'r', payload.
    return new TextRecord(Number.parseInt(String(id), 10), String(fields[1]), String(fields[3]))
  })
  const [seq, lowest, nowMs] = [Number(head), Number(floor), Number(now)]
  return { epoch: String(epoch), head: seq, floor: lowest, nowMs, records }
}

export function readFollowed(reply: readonly unknown[]): FollowReply {
  return { ...readReply(reply), memberCount: Number(reply[5]) }
}

export function readAppended(reply: readonly unknown[]): AppendReply {
  const read = readReply(reply)
  const epochAgeMs = reply[5] === undefined ? Number.POSITIVE_INFINITY : Number(reply[5])
  const members = ((reply[6] as unknown[] | undefined) ?? []).map(String)
  return { ...read, seq: read.head, members, epochAgeMs }
}

/** Names and scores by turns. */
export function readPrefixes(reply: readonly unknown[]): PrefixSeq[] {
  const prefixes: PrefixSeq[] = []
  for (let at = 0; at < reply.length; at += 2) {
    prefixes.push(readPrefix(String(reply[at]), Number(reply[at + 1])))
  }
  return prefixes
}
