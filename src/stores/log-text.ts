/**
 * Records of the log as text, as servers keep and push them. JSON, since UTF-8 has no bytes for a
 * lone surrogate and would make one name of them all.
 */
import type { Invalidation, LogRecord, PrefixSeq } from '../core/log.js'

/** What the server keeps and pushes of a record. */
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

/** A tag or prefix as a server knows it. */
export function storedName(name: string): string {
  return JSON.stringify(name)
}

/** Epoch and record of a pushed message; `undefined` for what is not ours. */
export function readPush(message: string): { epoch: string; record: LogRecord } | undefined {
  const [epoch, seq, origin] = message.split(' ', 3)
  if (epoch === undefined || seq === undefined || origin === undefined) return undefined
  const payload = message.slice(epoch.length + seq.length + origin.length + 3)
  if (!Number.isSafeInteger(Number(seq))) return undefined
  return { epoch, record: new TextRecord(Number(seq), origin, payload) }
}

/** The prefix behind its stored name, `namespace:prefix`. */
export function readPrefix(name: string, seq: number): PrefixSeq {
  const colon = name.indexOf(':')
  const prefix = JSON.parse(name.slice(colon + 1)) as string
  return { namespace: name.slice(0, colon), prefix, seq }
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

/**
 * A record whose payload is read when it is asked for: most pushes of a process's own records come
 * after their answers, and are only counted.
 */
export class TextRecord implements LogRecord {
  readonly seq: number
  readonly origin: string
  readonly wantsAcks: boolean
  readonly #payload: string
  #invalidations: readonly Invalidation[] | undefined

  constructor(seq: number, origin: string, payload: string) {
    this.seq = seq
    this.wantsAcks = origin.endsWith('!')
    this.origin = this.wantsAcks ? origin.slice(0, -1) : origin
    this.#payload = payload
  }

  get invalidations(): readonly Invalidation[] {
    this.#invalidations ??= readPayload(this.#payload)
    return this.#invalidations
  }
}

/** What this version cannot read is taken for everything: too much, never too little. */
function readPayload(payload: string): readonly Invalidation[] {
  try {
    return (JSON.parse(payload) as unknown[]).map(toInvalidation)
  } catch {
    return [{ kind: 'all' }]
  }
}

/** A kind that a later version added is taken for everything as well. */
function toInvalidation(item: unknown): Invalidation {
  const [kind, first, second] = item as readonly unknown[]
  const isText = typeof first === 'string'
  if (kind === 't' && isText) return { kind: 'tag', tag: first }
  if (kind === 'k' && isText) return { kind: 'key', namespace: first, key: String(second) }
  if (kind === 'p' && isText) return { kind: 'prefix', namespace: first, prefix: String(second) }
  return { kind: 'all' }
}
