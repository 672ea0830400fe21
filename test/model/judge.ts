/**
 * The oracle: plain lists of what was written, invalidated and read, and the rules between them.
 *
 *   justified    a value read was set or loaded for that key
 *   alive        it is not past its ttl; for a stand-in, not past its grace
 *   fenced       once a set, delete, clear or refresh has confirmed, nothing that is older than it
 *                is read by a call that begins later
 *   single       loads of one key overlap only if the later one was asked for by `fresh`, or the
 *                earlier was invalidated or has run past its hard timeout
 *
 * Order is told by a counter (`at`), age by the model's clock (`Ms`). It knows nothing of tiers.
 */
import { isSame } from './values.js'

export interface Write {
  readonly key: string
  readonly value: unknown
  /** When its set was called or its loader was. */
  readonly at: number
  /** When its load answered, or its set was called. */
  readonly keptAt: number
  readonly freshUntilMs: number
  readonly deadAtMs: number
  /** Answers only those who waited for it: skipped, or undefined. */
  readonly passing: boolean
}

/** Something after which older values are out of date, once it is confirmed. */
export interface Invalidation {
  readonly covers: (key: string) => boolean
  readonly at: number
  confirmedAt: number | undefined
}

interface Extension {
  readonly key: string
  readonly at: number
  readonly ttlMs: number
  readonly graceMs: number
  endAt: number | undefined
  endMs: number | undefined
  answer: boolean | undefined
}

interface Load {
  readonly key: string
  /** When the call that runs it began. */
  readonly at: number
  readonly fresh: boolean
  readonly freeFromMs: number
  ended: boolean
}

export interface Reading {
  readonly key: string
  readonly value: unknown
  /** When the call began. */
  readonly at: number
  /** Moment at which the value must have been alive. */
  readonly ms: number
  /** `cached`: fresh from a tier. `loading`: also stale, or from a load. `forced`: from a load. */
  readonly mode: 'cached' | 'loading' | 'forced'
}

export class Judge {
  readonly faults: string[] = []
  /** Switched off once a fault has made the order of writes unknowable. */
  fencing = true
  readonly #writes = new Map<string, Write[]>()
  readonly #invalidations: Invalidation[] = []
  readonly #extensions: Extension[] = []
  readonly #loads: Load[] = []
  #repeatedAt = 0
  #at = 0

  /** The next place in the order of things. */
  tick(): number {
    return ++this.#at
  }

  fail(says: string): void {
    this.faults.push(says)
  }

  wrote(write: Write): void {
    const known = this.#writes.get(write.key)
    if (known === undefined) this.#writes.set(write.key, [write])
    else known.push(write)
  }

  invalidate(at: number, covers: (key: string) => boolean): Invalidation {
    const invalidation: Invalidation = { covers, at, confirmedAt: undefined }
    this.#invalidations.push(invalidation)
    return invalidation
  }

  /** What had failed is invalidated now; nobody is told of which keys. */
  repeat(): void {
    this.#repeatedAt = this.tick()
  }

  extend(key: string, at: number, ttlMs: number, graceMs: number): Extension {
    const open = { endAt: undefined, endMs: undefined, answer: undefined }
    const extension: Extension = { key, at, ttlMs, graceMs, ...open }
    this.#extensions.push(extension)
    return extension
  }

  /** A loader was called. */
  loads(key: string, at: number, fresh: boolean, nowMs: number, freeFromMs: number): Load {
    for (const other of this.#loads) {
      if (other.key !== key || other.ended || nowMs >= other.freeFromMs) continue
      // A loader may be reached later than that of a call which began after its own.
      const laterIsFresh = other.at > at ? other.fresh : fresh
      if (laterIsFresh || this.wasInvalidated(key, Math.min(at, other.at))) continue
      this.fail(`loads of ${show(key)} overlap: calls ${other.at} and ${at}`)
    }
    const load = { key, at, fresh, freeFromMs, ended: false }
    this.#loads.push(load)
    return load
  }

  isLoading(key: string): boolean {
    return this.#loads.some((load) => load.key === key && !load.ended)
  }

  /** Whether that call reached its loader. */
  didLoad(key: string, at: number): boolean {
    return this.#loads.some((load) => load.key === key && load.at === at)
  }

  read(reading: Reading): void {
    const { key, value } = reading
    if (value === undefined) return
    const candidates = (this.#writes.get(key) ?? []).filter((write) => isSame(write.value, value))
    const objections = candidates.map((write) => this.#objection(write, reading))
    if (objections.includes(undefined)) return
    const why = candidates.length === 0 ? 'never written' : objections.join('; ')
    this.fail(`call ${reading.at} read ${show(value)} of ${show(key)} at ${reading.ms}: ${why}`)
  }

  /** Why this write does not justify that reading, `undefined` if it does. */
  #objection(write: Write, { key, at, ms, mode }: Reading): string | undefined {
    const older = this.#invalidations.find(
      (each) =>
        each.covers(key) &&
        each.confirmedAt !== undefined &&
        each.confirmedAt < at &&
        write.at < each.at,
    )
    if (older !== undefined && this.fencing) {
      return `begun at ${write.at}, out of date since ${older.at}..${older.confirmedAt}`
    }
    const isLive = mode !== 'cached' && at < write.keptAt
    if (isLive) return undefined
    if (mode === 'forced') return 'cached, though the call was forced to load'
    if (write.passing) return 'not to be kept'
    const limitMs = this.#limitMs(write, at, ms, mode === 'loading')
    return ms < limitMs ? undefined : `past its life since ${limitMs}`
  }

  /** Up to when the value of `write` may live, by its own ttl and by what `expire` made of it. */
  #limitMs(write: Write, at: number, nowMs: number, withGrace: boolean): number {
    const relevant = this.#extensions.filter(
      (each) => each.key === write.key && (each.endAt ?? Number.POSITIVE_INFINITY) > write.at,
    )
    const isReplaced = (after: number) =>
      relevant.some(
        (each) =>
          each.answer === true && each.at > after && each.endAt !== undefined && each.endAt < at,
      )
    const own = withGrace ? write.deadAtMs : write.freshUntilMs
    let limitMs = isReplaced(write.keptAt) ? Number.NEGATIVE_INFINITY : own
    for (const each of relevant) {
      if (each.endAt !== undefined && isReplaced(each.endAt)) continue
      const graceMs = withGrace ? each.graceMs : 0
      limitMs = Math.max(limitMs, (each.endMs ?? nowMs) + each.ttlMs + graceMs)
    }
    return limitMs
  }

  /** Whether an invalidation was under way or began after `since`, or a newer load took over. */
  wasInvalidated(key: string, since: number): boolean {
    const isLater = (endAt: number | undefined) => endAt === undefined || endAt > since
    return (
      isLater(this.#repeatedAt) ||
      this.#invalidations.some((each) => isLater(each.confirmedAt) && each.covers(key)) ||
      this.#loads.some((each) => each.fresh && each.at > since && each.key === key) ||
      this.#extensions.some((each) => isLater(each.endAt) && each.key === key)
    )
  }
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, plain) ?? 'undefined')
  return text.replaceAll('\0', '|').slice(0, 60)
}

function plain(_: string, part: unknown): unknown {
  if (typeof part === 'bigint') return `${part}n`
  return part instanceof Set ? [...part] : part
}
