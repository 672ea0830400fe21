/**
 * Which server the sentinels call the master, and until when that can be relied on.
 *
 * A master that was cut off does not know that another took its place, nor does a sentinel that was
 * cut off with it. So an answer counts only from a sentinel that reaches a majority of its kind
 * (SENTINEL CKQUORUM), and if its epoch is no older than any seen before. The master is trusted for
 * 2 s from when such an answer was asked for, the same bound as that of the lease on memory.
 *
 * Bounded: one connection for each sentinel that was named, one question at a time over each.
 */
import type { RedisConnection } from '../connection.js'
import type { DialedLink } from '../dialed-link.js'
import { TRUST_MS } from '../trust-ms.js'

interface Master {
  readonly address: string
  readonly epoch: number
}

interface Sentinel {
  readonly link: DialedLink
  askedAtMs: number | undefined
  /** Whether the last attempt to reach or ask it came to nothing. */
  hasFailed: boolean
}

const BEAT_MS = 500
const URGENT_MS = 100
const SILENT_MS = 1_000

export class SentinelWatch {
  readonly #name: string
  readonly #sentinels: readonly Sentinel[]
  #onHeard: () => void = () => {}
  #master: Master | undefined
  #confirmedAtMs = Number.NEGATIVE_INFINITY
  #cause: unknown = new Error('no sentinel has answered yet')
  #timer: NodeJS.Timeout | undefined
  #isOpen = false
  #isMissed = true

  /** `name`: of the master, as the sentinels know it. */
  constructor(name: string, links: readonly DialedLink[]) {
    this.#name = name
    this.#sentinels = links.map((link) => ({ link, askedAtMs: undefined, hasFailed: false }))
  }

  /** `onHeard`: called when there is news of the master, or none for too long. */
  open(onHeard: () => void): void {
    this.#isOpen = true
    this.#onHeard = onHeard
    for (const sentinel of this.#sentinels) {
      sentinel.link.open({
        onUp: () => void this.#ask(sentinel),
        onDown: (cause) => {
          sentinel.askedAtMs = undefined
          this.#fail(sentinel, cause)
        },
      })
    }
    this.#beatAfter(URGENT_MS)
  }

  /** `host:port`, as last heard. */
  get address(): string | undefined {
    return this.#master?.address
  }

  /** Why nothing is known. */
  get cause(): unknown {
    return this.#cause
  }

  get areAllFailing(): boolean {
    return this.#sentinels.every(({ hasFailed }) => hasFailed)
  }

  /** Whether the master cannot be used: then the sentinels are asked more often. */
  miss(isMissed: boolean): void {
    const isNews = isMissed && !this.#isMissed
    this.#isMissed = isMissed
    if (isNews) this.#beatAfter(URGENT_MS)
  }

  isTrusted(address: string): boolean {
    return this.address === address && performance.now() - this.#confirmedAtMs < TRUST_MS
  }

  async close(): Promise<void> {
    this.#isOpen = false
    clearTimeout(this.#timer)
    await Promise.all(this.#sentinels.map(({ link }) => link.close()))
  }

  #beat(): void {
    for (const sentinel of this.#sentinels) void this.#ask(sentinel)
    this.#onHeard()
    this.#beatAfter(this.#isMissed ? URGENT_MS : BEAT_MS)
  }

  #beatAfter(delayMs: number): void {
    clearTimeout(this.#timer)
    // Spread, so that the processes that lost a master do not ask as one.
    const spreadMs = delayMs * (0.75 + Math.random() / 4)
    if (this.#isOpen) this.#timer = setTimeout(() => this.#beat(), spreadMs).unref()
  }

  async #ask(sentinel: Sentinel): Promise<void> {
    const nowMs = performance.now()
    const { connection } = sentinel.link
    if (connection === undefined || !this.#isOpen) return
    if (sentinel.askedAtMs !== undefined) {
      if (nowMs - sentinel.askedAtMs < SILENT_MS) return
      sentinel.askedAtMs = undefined
      sentinel.link.reconnect()
      return
    }
    sentinel.askedAtMs = nowMs
    try {
      const master = await this.#masterOf(connection)
      if (this.#isOpen) this.#take(master, nowMs)
      sentinel.hasFailed = false
    } catch (cause) {
      this.#fail(sentinel, cause)
    }
    if (sentinel.askedAtMs === nowMs) sentinel.askedAtMs = undefined
  }

  async #masterOf(connection: RedisConnection): Promise<Master> {
    const [address, fields] = await connection.sendMany([
      // Names the next master a second before the fields below do.
      ['sentinel', 'get-master-addr-by-name', this.#name],
      ['sentinel', 'master', this.#name],
      ['sentinel', 'ckquorum', this.#name],
    ])
    const texts = (fields as readonly unknown[]).map(String)
    const epoch = Number(texts[texts.indexOf('config-epoch') + 1])
    const [host, port] = address as readonly unknown[]
    return { address: `${String(host)}:${String(port)}`, epoch }
  }

  #fail(sentinel: Sentinel, cause: unknown): void {
    this.#cause = cause
    sentinel.hasFailed = true
    this.#onHeard()
  }

  #take(master: Master, askedAtMs: number): void {
    if (this.#master !== undefined && master.epoch < this.#master.epoch) return
    this.#master = master
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, askedAtMs)
    this.#onHeard()
  }
}
