/**
 * Warm restart: what was hot in one process is in the memory of the next.
 *
 *   start   the snapshot is read, judged and taken in the background, once
 *   run     a snapshot every while, where something has changed
 *   close   one more
 *
 * What was invalidated is never brought back. With a log, a snapshot names its place there, and who
 * takes it asks for all that came after (restore-values.ts). Without one, only a process that has
 * done nothing since can vouch for its snapshot: it is written when the cache closes, by whom
 * anything is set or invalidated after that it is removed again, and at the start it is taken out
 * of the way before the cache can be used. A crash is a cold start.
 *
 * No request waits for it or fails by it. Where anything goes wrong, there is an event.
 */

import type { Timer } from '../contracts.js'
import type { Engine } from '../engine.js'
import type { ColdReason } from '../events.js'
import { invalidOption } from '../option-reading.js'
import { Capture } from './capture.js'
import { restoreNames } from './restore-names.js'
import { type Restored, restoreValues } from './restore-values.js'
import { ShelfPlace } from './shelf-place.js'
import { openSnapshot, type Snapshot } from './snapshot-format.js'
import type { OwnPlace, SnapshotPlace } from './snapshot-place.js'
import type { WarmRestartSettings } from './warm-restart-options.js'

/** What `close` waits for at the most. */
const CLOSE_LIMIT_MS = 2_000
/** For how long the log may stay silent at the start. */
const JOIN_LIMIT_MS = 10_000
const JOIN_RETRY_MS = 250
const JITTER_RATIO = 0.2
/** Alone: something is set or invalidated while it is written. */
const LAST_TRIES = 3
/** What two clocks, or two readings of one, may differ by. */
const CLOCK_SLACK_MS = 1_000
/** Half of the ttl of a snapshot in the store, at the least: it is written again before that. */
const REWRITTEN_MS = 1_800_000

export class WarmRestart {
  readonly #engine: Engine
  readonly #settings: WarmRestartSettings
  readonly #place: SnapshotPlace
  /** Where nobody but the process itself knows what was invalidated. */
  readonly #own: OwnPlace | undefined
  /** The restore, or the snapshot that is being written. */
  #work: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #isClosing = false
  #isOver = false
  /** Of memory when it was last written, as far as counters tell. */
  #written = ''
  #writtenAtMs = Number.NEGATIVE_INFINITY

  /** Throws OPTION_INVALID where the settings ask for a store, or a log, that is not there. */
  constructor(engine: Engine, settings: WarmRestartSettings, file: OwnPlace | undefined) {
    checkPlace(engine, settings)
    this.#engine = engine
    this.#settings = settings
    this.#place = file ?? shelfPlace(engine, settings)
    const isVouched = settings.what === 'names' || engine.coherence.isShared
    this.#own = isVouched ? undefined : file
  }

  /** Called once, in the turn in which the cache is made. */
  open(): void {
    const engine = this.#engine
    engine.beforeClose.push(() => this.#close())
    const bootSince = engine.invalidations.beginRead()
    const bootApplied = engine.coherence.applied
    let isThere: boolean
    try {
      isThere = this.#own === undefined || this.#own.claim()
    } catch (error) {
      this.#fail('read', error)
      isThere = false
    }
    const restored = isThere
      ? this.#restore(bootSince, bootApplied)
      : Promise.resolve(cold('absent'))
    this.#work = this.#settle(restored).finally(() => {
      engine.invalidations.endRead()
      this.#arm()
    })
  }

  /** Tells how it went. Never rejects. */
  async #settle(restored: Promise<Outcome>): Promise<void> {
    const outcome = await restored.catch((error: unknown) => {
      this.#fail('read', error)
      return cold('failed')
    })
    this.#engine.events.emit('warm-restart', outcome)
    this.#written = this.#state()
  }

  async #restore(bootSince: number, bootApplied: number): Promise<Outcome> {
    const engine = this.#engine
    const { coherence, settings } = engine
    const { what, maxBytes } = this.#settings
    if (coherence.isShared && !(await this.#hasJoined())) {
      return cold(this.#isClosing ? 'closed' : 'unheard')
    }
    const bytes = await this.#place.read(maxBytes)
    if (bytes === undefined) return cold('absent')
    if (typeof bytes === 'string') return cold(bytes)
    const snapshot = await openSnapshot(bytes, what, settings.prefix)
    if (typeof snapshot === 'string') return cold(snapshot)
    // Of another time, with a log, nobody knows what was invalidated meanwhile.
    if (this.#own !== undefined && snapshot.token !== '') return cold('epoch', snapshot.count)
    const isOfFuture = snapshot.wallMs > engine.now().wallMs + CLOCK_SLACK_MS
    if (what === 'values' && isOfFuture) return cold('clock', snapshot.count)
    const count = roomFor(engine, snapshot)
    const isOver = () => this.#isOver
    const restoring = { engine, snapshot, count, bootSince, bootApplied, isOver }
    const restore = what === 'values' ? restoreValues : restoreNames
    return outcome(await restore(restoring), snapshot.count)
  }

  async #hasJoined(): Promise<boolean> {
    const { clock, coherence } = this.#engine
    const untilMs = clock.monotonicMs() + JOIN_LIMIT_MS
    while (!this.#isClosing && clock.monotonicMs() < untilMs) {
      if ((await coherence.renew()) && coherence.isJoined) return true
      await new Promise<void>((resolve) => void clock.setTimer(resolve, JOIN_RETRY_MS, true))
    }
    return false
  }

  #arm(): void {
    if (this.#isClosing || this.#own !== undefined) return
    const { clock, random } = this.#engine
    const { everyMs } = this.#settings
    const write = () => {
      this.#work = this.#snapshot(everyMs / 2).finally(() => this.#arm())
    }
    // Processes that were started together would all write the one that they have in common.
    this.#timer = clock.setTimer(write, everyMs * (1 + JITTER_RATIO * (random() - 0.5)), true)
  }

  /** Within its limit. Never rejects. */
  async #close(): Promise<void> {
    this.#isClosing = true
    this.#timer?.cancel()
    const { clock } = this.#engine
    let limit: Timer | undefined
    const limited = new Promise<void>((resolve) => {
      limit = clock.setTimer(resolve, CLOSE_LIMIT_MS, false)
    })
    await Promise.race([this.#last(), limited])
    limit?.cancel()
    this.#isOver = true
  }

  async #last(): Promise<void> {
    await this.#work
    if (this.#own === undefined) return this.#snapshot(0)
    for (let tries = 0; tries < LAST_TRIES; tries++) {
      if (this.#isOver || (await this.#vouch(this.#own))) return
    }
    this.#fail('write', new Error('something was set or invalidated while it was written'))
  }

  /** Never rejects. One that all processes have in common is left to who wrote it of late. */
  async #snapshot(notWithinMs: number): Promise<void> {
    const { clock, coherence } = this.#engine
    const state = this.#state()
    const nowMs = clock.monotonicMs()
    const keptMs = Math.max(REWRITTEN_MS, this.#settings.everyMs)
    if (state === this.#written && nowMs - this.#writtenAtMs < keptMs) return
    if (!coherence.isJoined) return
    const isSameLog = (token: string) => epochOf(token) === epochOf(coherence.token)
    const mayReplace = (capture: Capture) =>
      capture.token === '' || (coherence.isJoined && isSameLog(capture.token))
    if (!(await this.#write(this.#place, mayReplace, notWithinMs))) return
    this.#written = state
    this.#writtenAtMs = nowMs
  }

  /**
   * Alone: it stands for as long as nothing is set or invalidated after it was begun. `false` where
   * that has happened before it was in its place.
   */
  async #vouch(place: OwnPlace): Promise<boolean> {
    let isTrue = true
    let isThere = false
    this.#engine.invalidations.onNext(() => {
      isTrue = false
      if (isThere) this.#withdraw(place)
    })
    const mayReplace = () => {
      isThere = isTrue
      return isThere
    }
    await this.#write(place, mayReplace, 0)
    return isTrue || isThere
  }

  #withdraw(place: OwnPlace): void {
    try {
      place.remove()
    } catch (error) {
      this.#fail('write', error)
    }
  }

  async #write(
    place: SnapshotPlace,
    mayReplace: (capture: Capture) => boolean,
    notWithinMs: number,
  ): Promise<boolean> {
    const capture = new Capture(this.#engine, this.#settings, () => this.#isOver)
    const terms = { mayReplace: () => !this.#isOver && mayReplace(capture), notWithinMs }
    try {
      if (!(await place.write(capture.parts(), terms))) return false
      const { entries, bytes } = capture
      this.#engine.events.emit('snapshot', { entries, bytes })
      return true
    } catch (error) {
      this.#fail('write', error)
      return false
    }
  }

  #state(): string {
    let changes = 0
    for (const { counters } of this.#engine.spaces()) {
      const { sets, fills, deletes, storeHits, evictions, expirations } = counters
      changes += sets + fills + deletes + storeHits + evictions + expirations
    }
    return `${this.#engine.coherence.token} ${changes}`
  }

  #fail(op: 'read' | 'write', error: unknown): void {
    const { events, storeCounters } = this.#engine
    storeCounters.snapshotErrors++
    if (events.wants('snapshot-failed')) events.emit('snapshot-failed', { op, error })
  }
}

interface Outcome {
  readonly taken: number
  readonly left: number
  readonly reason?: ColdReason
}

function cold(reason: ColdReason, left = 0): Outcome {
  return { taken: 0, left, reason }
}

function outcome({ taken, reason }: Restored, count: number): Outcome {
  const counts = { taken, left: count - taken }
  return reason === undefined ? counts : { ...counts, reason }
}

/** Of its entries, the hottest: as many as memory has room for without letting go of others. */
function roomFor({ memory }: Engine, snapshot: Snapshot): number {
  const maxCount = Math.min(snapshot.count, memory.maxEntries - memory.entryCount)
  let room = memory.maxBytes - memory.byteCount
  let count = 0
  while (count < maxCount) {
    room -= snapshot.entryAt(count).weightBytes
    if (room < 0) break
    count++
  }
  return count
}

function epochOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

function shelfPlace({ shelf, codecs, coherence, clock }: Engine, settings: WarmRestartSettings) {
  const wallMs = () => clock.monotonicMs() + coherence.wallAheadMs
  return new ShelfPlace({ shelf: shelf!, codecs, wallMs, everyMs: settings.everyMs })
}

function checkPlace({ store, coherence }: Engine, { file, what }: WarmRestartSettings): void {
  const where = 'createCache, memory, warmRestart'
  if (what === 'names' && store === undefined) {
    throw invalidOption(where, 'what', what, `'values' where there is no store`)
  }
  if (file !== undefined || what === 'names') return
  const allowed = 'a path, where there is no store, or one that keeps no log'
  if (!coherence.isShared) throw invalidOption(where, 'file', file, allowed)
}
