/**
 * What the log has after a place in it, page by page: for what was kept outside of memory while
 * this process was not there to hear.
 *
 * Judged by a mirror of its own, as if a process had been there at that place and had slept since.
 * Bounded by what the log keeps; where a page is missing there is no answer at all.
 */
import type { InvalidatedSince, SinceFault } from '../core/coherence.js'
import type { FollowReply, Log, LogMember, LogRecord } from '../core/log.js'
import { isContinuous, Mirror } from './mirror.js'

const MAX_PAGES = 10_000
const TRIES = 3

/** From the member's `applied` up to `upTo`, in that epoch. Never rejects. */
export async function replayAfter(
  log: Log,
  member: LogMember,
  epoch: string,
  upTo: number,
): Promise<InvalidatedSince | SinceFault> {
  const replay = new Replay(member.applied)
  for (let page = 0; replay.applied < upTo; page++) {
    if (page === MAX_PAGES) return 'unheard'
    const reply = await ask(log, { ...member, applied: replay.applied })
    if (reply === undefined) return 'unheard'
    if (reply.epoch !== epoch || reply.head < upTo) return 'epoch'
    if (!isContinuous(reply, replay.applied)) return 'trimmed'
    for (const record of reply.records) replay.take(record)
  }
  return replay
}

async function ask(log: Log, member: LogMember): Promise<FollowReply | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await log.follow(member)
    } catch {
      // What failed is an event of the store.
    }
  }
  return undefined
}

class Replay implements InvalidatedSince {
  readonly #from: number
  readonly #mirror = new Mirror({ guard: { generation: 0, leaseUntilMs: 0 } })
  /** No namespace holds a colon. */
  readonly #keys = new Set<string>()

  constructor(from: number) {
    this.#from = from
    this.#mirror.reset({ head: from, floor: 0, prefixes: [] })
  }

  get applied(): number {
    return this.#mirror.applied
  }

  take({ seq, invalidations }: LogRecord): void {
    if (seq <= this.applied) return
    this.#mirror.apply(seq, invalidations)
    for (const each of invalidations) {
      if (each.kind === 'key') this.#keys.add(`${each.namespace}:${each.key}`)
    }
  }

  names(namespace: string, key: string, tags: readonly string[]): boolean {
    if (this.#keys.has(`${namespace}:${key}`)) return true
    return this.#mirror.judge(namespace, key, tags, this.#from) !== 'current'
  }
}
