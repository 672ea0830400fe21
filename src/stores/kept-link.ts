/**
 * Keeps one connection of our own alive, to whatever server: dials, probes, backs off, dials anew.
 *
 * The one place with a redial rule, for all libraries: a client object lives for one attempt and is
 * told never to reconnect. What a former attempt reports later is known by identity and dropped. An
 * attempt is ready once the probe is answered, so a server that is loading, refuses the user or
 * stays silent after accepting is still away; all of it must happen within `connectTimeoutMs`.
 * Waits are at most 500 ms: a server that refused is found within that of its return. One that was
 * cut off in silence would keep an attempt hanging for its whole time; once an attempt has shown
 * how long this server takes, the next ones get a multiple of that, and every fortieth the whole
 * time.
 */
import type { StoreListener } from '../core/contracts.js'
import { LinkNews } from './link-news.js'

export interface KeptConnection {
  /** Whether a call made now goes to the socket, not into a queue. */
  readonly isReady: boolean
  /** Ends it now: calls under way reject. */
  release(): void
}

/** Told of one connection. Repeats and late calls are the receiver's to sort out. */
export interface ConnectionListener {
  onUp(): void
  onDown(cause: unknown): void
}

/**
 * Makes a client object and starts it. Never throws later than at once; all else goes to the
 * listener.
 */
export type DialTo<T, C> = (target: T, listener: ConnectionListener) => C

/** Where a connection is found, by whoever neither opens it nor ends it. */
export interface SourceOf<C> {
  /** The connection if it takes calls now. */
  readonly connection: C | undefined
  /** Why there is none. */
  readonly downCause: unknown
  /** Rises each time a connection comes up. */
  readonly epoch: number
}

export interface LinkTo<C> extends SourceOf<C> {
  /** Called once. Never throws. */
  open(listener: StoreListener): void
  reconnect(): void
  /** Never rejects. */
  close(): Promise<void>
}

interface Attempt<C> {
  readonly beganMs: number
  connection: C | undefined
  deadline: NodeJS.Timeout | undefined
}

type State<C> =
  | { readonly at: 'idle' }
  | { readonly at: 'dialing' | 'ready'; readonly attempt: Attempt<C> }
  | { readonly at: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly at: 'closed' }

export interface KeptLinkOptions<T, C> {
  /** Answered once the server works, and after everything that was sent before. */
  readonly ping: (connection: C) => Promise<void>
  /** Whether its waiting keeps the process alive. Default: it does. */
  readonly keepsAlive?: boolean | undefined
  /** Asked before each attempt, in place of the target's own. Where it throws, that has failed. */
  readonly placeOf?: (() => Partial<T>) | undefined
  /** Rejects where the server is not the one that is wanted. Default: `ping`. */
  readonly probe?: ((connection: C) => Promise<void>) | undefined
}

const FIRST_WAIT_MS = 25
const MAX_WAIT_MS = 500
/** How long `close` waits for answers to what is under way. */
const DRAIN_MS = 500
const MIN_REDIAL_MS = 400
const REDIAL_FACTOR = 4
const PATIENT_EVERY = 40

export class KeptLink<T extends { readonly connectTimeoutMs: number }, C extends KeptConnection>
  implements LinkTo<C>
{
  readonly #target: T
  readonly #load: () => Promise<DialTo<T, C>>
  readonly #options: KeptLinkOptions<T, C>
  #dial: DialTo<T, C> | undefined
  #state: State<C> = { at: 'idle' }
  readonly #news = new LinkNews(new Error('not connected yet'))
  #failures = 0
  /** How long the last attempt took that succeeded. */
  #dialTookMs: number | undefined

  constructor(target: T, load: () => Promise<DialTo<T, C>>, options: KeptLinkOptions<T, C>) {
    this.#target = target
    this.#load = load
    this.#options = options
  }

  open(listener: StoreListener): void {
    this.#news.tell(listener)
    this.#load().then(
      (dial) => {
        if (this.#state.at !== 'idle') return
        this.#dial = dial
        this.#attempt(dial)
      },
      (cause: unknown) => {
        if (this.#state.at === 'idle') this.#news.down(cause)
      },
    )
  }

  get connection(): C | undefined {
    if (this.#state.at !== 'ready') return undefined
    const connection = this.#state.attempt.connection!
    return connection.isReady ? connection : undefined
  }

  get downCause(): unknown {
    return this.#news.downCause
  }

  get epoch(): number {
    return this.#news.epoch
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
    this.#news.closed()
    if (state.at === 'waiting') clearTimeout(state.timer)
    if (state.at !== 'dialing' && state.at !== 'ready') return
    clearTimeout(state.attempt.deadline)
    if (state.at === 'ready') await this.#drain(state.attempt.connection!)
    state.attempt.connection?.release()
  }

  #attempt(dial: DialTo<T, C>): void {
    const beganMs = performance.now()
    const attempt: Attempt<C> = { beganMs, connection: undefined, deadline: undefined }
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

  async #probe(attempt: Attempt<C>): Promise<void> {
    try {
      await (this.#options.probe ?? this.#options.ping)(attempt.connection!)
    } catch (cause) {
      return this.#lose(attempt, cause)
    }
    if (!this.#isCurrent(attempt) || this.#state.at !== 'dialing') return
    clearTimeout(attempt.deadline)
    this.#state = { at: 'ready', attempt }
    this.#failures = 0
    this.#dialTookMs = performance.now() - attempt.beganMs
    this.#news.up()
  }

  #isCurrent(attempt: Attempt<C>): boolean {
    const state = this.#state
    return (state.at === 'dialing' || state.at === 'ready') && state.attempt === attempt
  }

  #lose(attempt: Attempt<C>, cause: unknown): void {
    if (!this.#isCurrent(attempt)) return
    clearTimeout(attempt.deadline)
    const ceilingMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    // Half fixed, half random: processes that lost one server do not come back as one.
    const waitMs = ceilingMs * (0.5 + Math.random() / 2)
    this.#state = { at: 'waiting', timer: this.#after(waitMs, () => this.#attempt(this.#dial!)) }
    attempt.connection?.release()
    this.#news.down(cause)
  }

  /** Replies come in order: once this one is there, so are all before it. Never rejects. */
  async #drain(connection: C): Promise<void> {
    if (!connection.isReady) return
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_MS)
    })
    try {
      await Promise.race([this.#options.ping(connection), patience])
    } catch {
      // Whatever failed, the connection ends next.
    } finally {
      clearTimeout(timer)
    }
  }
}
