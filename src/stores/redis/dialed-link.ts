/**
 * Keeps one connection of our own alive: dials, probes, backs off, dials anew.
 *
 * The one place with a redial rule, for both libraries: a client object lives for one attempt and
 * is told never to reconnect. What a former attempt reports later is known by identity and dropped.
 * An attempt is ready once PING is answered, so a server that is loading, refuses the user or stays
 * silent after accepting is still away; the whole of it must happen within `connectTimeoutMs`.
 * Waits are at most 500 ms: a server that refused is found within that of its return. One that was
 * cut off in silence would keep an attempt hanging for its whole time; once an attempt has shown
 * how long this server takes, the next ones get a multiple of that, and every fortieth the whole
 * time.
 */
import type { StoreListener } from '../../core/contracts.js'
import type { Dial, RedisConnection, RedisLink, RedisTarget } from './connection.js'
import { ping } from './ping.js'

interface Attempt {
  readonly beganMs: number
  connection: RedisConnection | undefined
  deadline: NodeJS.Timeout | undefined
}

type State =
  | { readonly at: 'idle' }
  | { readonly at: 'dialing' | 'ready'; readonly attempt: Attempt }
  | { readonly at: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly at: 'closed' }

export interface DialedLinkOptions {
  /** Whether its waiting keeps the process alive. Default: it does. */
  readonly keepsAlive?: boolean
  /** Asked before each attempt, in place of the target's own. Where it throws, that has failed. */
  readonly placeOf?: () => { readonly host: string; readonly port: number }
  /** Rejects where the server is not the one that is wanted. Default: PING. */
  readonly probe?: (connection: RedisConnection) => Promise<void>
}

const FIRST_WAIT_MS = 25
const MAX_WAIT_MS = 500
/** How long `close` waits for answers to what is under way. */
const DRAIN_MS = 500
const MIN_REDIAL_MS = 400
const REDIAL_FACTOR = 4
const PATIENT_EVERY = 40

export class DialedLink implements RedisLink {
  readonly #target: RedisTarget
  readonly #load: () => Promise<Dial>
  readonly #options: DialedLinkOptions
  #dial: Dial | undefined
  #listener: StoreListener | undefined
  #state: State = { at: 'idle' }
  #downCause: unknown = new Error('not connected yet')
  #isToldDown = false
  #failures = 0
  #epoch = 0
  /** How long the last attempt took that succeeded. */
  #dialTookMs: number | undefined

  constructor(target: RedisTarget, load: () => Promise<Dial>, options: DialedLinkOptions = {}) {
    this.#target = target
    this.#load = load
    this.#options = options
  }

  open(listener: StoreListener): void {
    this.#listener = listener
    this.#load().then(
      (dial) => {
        if (this.#state.at !== 'idle') return
        this.#dial = dial
        this.#attempt(dial)
      },
      (cause: unknown) => {
        if (this.#state.at === 'idle') this.#tellDown(cause)
      },
    )
  }

  get connection(): RedisConnection | undefined {
    if (this.#state.at !== 'ready') return undefined
    const connection = this.#state.attempt.connection!
    return connection.isReady ? connection : undefined
  }

  get downCause(): unknown {
    return this.#downCause
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Attempts that have failed since the last that did not. */
  get failures(): number {
    return this.#failures
  }

  /** Drops a ready connection. One that is being dialed has a deadline of its own. */
  reconnect(): void {
    if (this.#state.at !== 'ready') return
    this.#lose(this.#state.attempt, new Error('the connection went silent and was dropped'))
  }

  /** There is another place to dial: what leads to the one before is dropped, and nothing waits. */
  redial(): void {
    const before = this.#state
    if (before.at === 'dialing' || before.at === 'ready') {
      this.#lose(before.attempt, new Error('there is another place to dial'))
    }
    // Whoever was told that it is down may have asked for this already.
    if (this.#state.at !== 'waiting') return
    clearTimeout(this.#state.timer)
    this.#attempt(this.#dial!)
  }

  async close(): Promise<void> {
    const state = this.#state
    this.#state = { at: 'closed' }
    this.#downCause = new Error('the store is closed')
    if (state.at === 'waiting') clearTimeout(state.timer)
    if (state.at !== 'dialing' && state.at !== 'ready') return
    clearTimeout(state.attempt.deadline)
    if (state.at === 'ready') await drain(state.attempt.connection!)
    state.attempt.connection?.release()
  }

  #attempt(dial: Dial): void {
    const beganMs = performance.now()
    const attempt: Attempt = { beganMs, connection: undefined, deadline: undefined }
    const limitMs = this.#limitMs()
    this.#state = { at: 'dialing', attempt }
    attempt.deadline = this.#after(limitMs, () => {
      this.#lose(attempt, new Error(`no answer within ${limitMs} ms`))
    })
    try {
      const target = { ...this.#target, ...this.#options.placeOf?.() }
      attempt.connection = dial(target, {
        onUp: () => void this.#probe(attempt),
        onDown: (cause) => this.#lose(attempt, cause),
      })
    } catch (cause) {
      this.#lose(attempt, cause)
    }
    // The dial may have failed before it returned: then nobody else ends this connection.
    if (!this.#isCurrent(attempt)) attempt.connection?.release()
  }

  #after(delayMs: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(run, delayMs)
    return this.#options.keepsAlive === false ? timer.unref() : timer
  }

  /** How long the attempt that begins now may take. */
  #limitMs(): number {
    const { connectTimeoutMs } = this.#target
    const isPatient = this.#failures % PATIENT_EVERY === PATIENT_EVERY - 1
    if (this.#dialTookMs === undefined || isPatient) return connectTimeoutMs
    const usualMs = Math.ceil(this.#dialTookMs * REDIAL_FACTOR)
    return Math.min(connectTimeoutMs, Math.max(MIN_REDIAL_MS, usualMs))
  }

  async #probe(attempt: Attempt): Promise<void> {
    try {
      await (this.#options.probe ?? ping)(attempt.connection!)
    } catch (cause) {
      return this.#lose(attempt, cause)
    }
    if (!this.#isCurrent(attempt) || this.#state.at !== 'dialing') return
    clearTimeout(attempt.deadline)
    this.#state = { at: 'ready', attempt }
    this.#failures = 0
    this.#dialTookMs = performance.now() - attempt.beganMs
    this.#isToldDown = false
    this.#epoch += 1
    this.#listener?.onUp()
  }

  #isCurrent(attempt: Attempt): boolean {
    const state = this.#state
    return (state.at === 'dialing' || state.at === 'ready') && state.attempt === attempt
  }

  #lose(attempt: Attempt, cause: unknown): void {
    if (!this.#isCurrent(attempt)) return
    clearTimeout(attempt.deadline)
    const ceilingMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    // Half fixed, half random: processes that lost one server do not come back as one.
    const waitMs = ceilingMs * (0.5 + Math.random() / 2)
    this.#state = { at: 'waiting', timer: this.#after(waitMs, () => this.#attempt(this.#dial!)) }
    attempt.connection?.release()
    this.#tellDown(cause)
  }

  /** The listener hears of an outage once, callers learn the latest cause. */
  #tellDown(cause: unknown): void {
    this.#downCause = cause
    if (this.#isToldDown) return
    this.#isToldDown = true
    this.#listener?.onDown(cause)
  }
}

/** Replies come in order: once PING is answered, so is all that was sent before. Never rejects. */
async function drain(connection: RedisConnection): Promise<void> {
  if (!connection.isReady) return
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS)
  })
  try {
    await Promise.race([ping(connection), patience])
  } catch {
    // Whatever failed, the connection ends next.
  } finally {
    clearTimeout(timer)
  }
}
