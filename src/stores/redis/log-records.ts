/** Records of the log as text, and the answers of its scripts as what they mean. */
import type { Invalidation, LogRecord, LogReply, PrefixSeq } from '../../core/log.js'

/** What the server keeps and pushes of a record; JSON keeps lone surrogates as well. */
export function payloadOf(invalidations: readonly Invalidation[]): string {
  return JSON.stringify(invalidations.map(toItem))
}

/** Kind and name of each for the script; keys need none. */
export function namesOf(invalidations: readonly Invalidation[]): string[] {
  return invalidations.flatMap((each) => {
    if (each.kind === 'tag') return ['t', storedName(each.tag)]
    if (each.kind === 'prefix') return ['p', `${each.namespace}:${storedName(each.prefix)}`]
    return each.kind === 'all' ? ['a', ''] : []
  })
}

/** A tag or prefix as a server's key: UTF-8 alone would make one of all lone surrogates. */
export function storedName(name: string): string {
  return JSON.stringify(name)
}

/** Epoch and record of a pushed message; `undefined` for what is not ours. */
export function readPush(message: string): { epoch: string; record: LogRecord } | undefined {
  const [epoch, seq, origin] = message.split(' ', 3)
  if (epoch === undefined || seq === undefined || origin === undefined) return undefined
  const payload = message.slice(epoch.length + seq.length + origin.length + 3)
  const record = toRecord(Number(seq), origin, payload)
  return record === undefined ? undefined : { epoch, record }
}

/** The four answers that all scripts of the log begin with. */
export function readReply(reply: readonly unknown[]): LogReply {
  const [epoch, head, floor, entries] = reply
  const records = (entries as [id: unknown, fields: unknown[]][]).map(([id, fields]) => {
    // Fields: 'o', who, 'r', payload.
    const record = toRecord(Number.parseInt(String(id), 10), String(fields[1]), String(fields[3]))
    if (record === undefined) throw new Error(`the log holds a record that cannot be read: ${id}`)
    return record
  })
  return { epoch: String(epoch), head: Number(head), floor: Number(floor), records }
}

/** Names and scores by turns. */
export function readPrefixes(reply: readonly unknown[]): PrefixSeq[] {
  const prefixes: PrefixSeq[] = []
  for (let at = 0; at < reply.length; at += 2) {
    const name = String(reply[at])
    const colon = name.indexOf(':')
    const prefix = JSON.parse(name.slice(colon + 1)) as string
    prefixes.push({ namespace: name.slice(0, colon), prefix, seq: Number(reply[at + 1]) })
  }
  return prefixes
}

type Item = readonly ['k' | 'p', string, string] | readonly ['t', string] | readonly ['a']

function toItem(what: Invalidation): Item {
  switch (what.kind) {
    case 'key':
      return ['k', what.namespace, what.key]
    case 'tag':
      return ['t', what.tag]
    case 'prefix':
      return ['p', what.namespace, what.prefix]
    case 'all':
      return ['a']
  }
}

/** `undefined` where the payload is not what this version writes: others write to a server too. */
function toRecord(seq: number, origin: string, payload: string): LogRecord | undefined {
  if (!Number.isSafeInteger(seq)) return undefined
  try {
    const items: unknown = JSON.parse(payload)
    return Array.isArray(items)
      ? { seq, origin, invalidations: items.map(toInvalidation) }
      : undefined
  } catch {
    return undefined
  }
}

/** A kind that a later version added is taken for everything: too much, never too little. */
function toInvalidation(item: unknown): Invalidation {
  const [kind, first, second] = item as readonly unknown[]
  const isText = typeof first === 'string'
  if (kind === 't' && isText) return { kind: 'tag', tag: first }
  if (kind === 'k' && isText) return { kind: 'key', namespace: first, key: String(second) }
  if (kind === 'p' && isText) return { kind: 'prefix', namespace: first, prefix: String(second) }
  return { kind: 'all' }
}
