/**
 * The dictionaries of a namespace: which one writes, and all that are read.
 *
 * What lies in the store beside the entries: each dictionary under its id, and the id of the one
 * that processes take up when they begin. A process that finds none gathers samples of what it
 * writes, trains one, and writes with it once the store has it. Two that do so at the same time end
 * with two dictionaries, which both can read, and take up the same one before long.
 *
 * A dictionary lives for 30 days in the store; who still uses it writes it again once a day. When
 * values have come to look different, another one is trained, an hour after the last at the
 * earliest. Bounded: samples, dictionaries in memory, questions to the store about one id.
 *
 * A dictionary holds pieces of values as they are: there are none where a namespace encrypts.
 */
import type { Clock } from '../../../core/contracts.js'
import type { Shelf } from '../../../core/shelf.js'
import { envelopeText, FIXED_BYTES, SERIALIZER_OWN } from '../../envelope.js'
import { Dictionary, MAX_DICTIONARY_BYTES, MAX_VALUE_BYTES, MIN_VALUE_BYTES } from './dictionary.js'
import { Samples } from './samples.js'
import { trainDictionary } from './train-dictionary.js'

const DAY_MS = 86_400_000
const KEPT_MS = 30 * DAY_MS
const RETRAINED_AFTER_MS = 3_600_000
/** Values between two looks at which dictionary others have taken up. */
const LOOK_EVERY = 1_024
/** After samples of which none could be trained. */
const REST_VALUES = 16_384
const MAX_KNOWN = 16
const DOCUMENT_BYTES = 1_024
const ROW_DICTIONARY_BYTES = 2 ** 12
const DOCUMENT_DICTIONARY_BYTES = 2 ** 13
/** An id that the store does not know is not asked for again so soon. */
const ID = /^[0-9a-f]{12}$/
const MISSING_MS = 10_000
const MAX_MISSING = 256
/** A quarter more bytes than at the beginning: the values have changed. */
const WORSE_BY = 1.25
/** Of so many values the latest count half. */
const RATIO_WINDOW = 256

export interface DictionariesOptions {
  readonly namespace: string
  readonly shelf: Shelf
  readonly clock: Clock
}

interface Known {
  readonly dictionary: Dictionary
  /** When this process last wrote it to the store. */
  storedAtMs: number
}

export class Dictionaries {
  readonly #shelf: Shelf
  readonly #clock: Clock
  readonly #name: string
  readonly #known = new Map<string, Known>()
  readonly #asked = new Map<string, Promise<Dictionary | undefined>>()
  readonly #missingUntilMs = new Map<string, number>()
  #samples: Samples | undefined = new Samples()
  #writing: Known | undefined
  #isBusy = false
  /** Values to come before the next look; the first is due at once. */
  #untilLook = 1
  #trainedAtMs = Number.NEGATIVE_INFINITY
  /** Stored out of raw bytes, when it was taken up and of late. */
  #firstRatio = 0
  #ratio = 0
  #values = 0

  constructor({ namespace, shelf, clock }: DictionariesOptions) {
    this.#shelf = shelf
    this.#clock = clock
    this.#name = `dictionary:${namespace}`
  }

  /** `undefined` for a payload that is not made smaller by one, or while there is none. */
  compress(payload: Buffer): Buffer | undefined {
    if (payload.length < MIN_VALUE_BYTES || payload.length > MAX_VALUE_BYTES) return undefined
    this.#notice(payload)
    const writing = this.#writing
    if (writing === undefined) return undefined
    const small = writing.dictionary.compress(payload)
    this.#weigh((small?.length ?? payload.length) / payload.length)
    this.#keepUp(writing)
    return small
  }

  /** The dictionary of that id: at once where it is known, else out of the store. Never rejects. */
  find(id: string): Dictionary | Promise<Dictionary | undefined> | undefined {
    const known = this.#known.get(id)
    if (known !== undefined) {
      this.#keepUp(known)
      return known.dictionary
    }
    const asked = this.#asked.get(id)
    if (asked !== undefined) return asked
    if (!ID.test(id)) return undefined
    if ((this.#missingUntilMs.get(id) ?? 0) > this.#clock.monotonicMs()) return undefined
    if (this.#asked.size >= MAX_MISSING) return undefined
    const asking = this.#ask(id).finally(() => this.#asked.delete(id))
    this.#asked.set(id, asking)
    return asking
  }

  async #ask(id: string): Promise<Dictionary | undefined> {
    const bytes = await this.#shelf.get(`${this.#name}:${id}`)
    const dictionary = bytes === undefined ? undefined : unpack(bytes)
    if (dictionary?.id === id) return this.#keep(dictionary).dictionary
    if (this.#missingUntilMs.size >= MAX_MISSING) this.#missingUntilMs.clear()
    this.#missingUntilMs.set(id, this.#clock.monotonicMs() + MISSING_MS)
    return undefined
  }

  /** Gathers samples, and now and then looks what others have taken up. */
  #notice(payload: Buffer): void {
    this.#samples?.add(payload)
    if (--this.#untilLook > 0 || this.#isBusy) return
    this.#isBusy = true
    void this.#look().finally(() => {
      this.#isBusy = false
    })
  }

  async #look(): Promise<void> {
    const bytes = await this.#shelf.get(this.#name)
    const id = bytes && String(Buffer.from(bytes.subarray(FIXED_BYTES)))
    const own = this.#writing?.dictionary
    const isOther = id !== undefined && id !== own?.id
    const other = isOther ? await this.find(id) : undefined
    this.#untilLook = this.#samples?.lacking ?? LOOK_EVERY
    if (other !== undefined) this.#write(this.#keep(other))
    else if (this.#samples?.isFull === true) await this.#train(this.#samples.take())
    // A store that was emptied: who begins now must be able to read what is written here.
    else if (id === undefined && own !== undefined) await this.#publish(own)
  }

  async #train(samples: readonly Buffer[]): Promise<void> {
    this.#trainedAtMs = this.#clock.monotonicMs()
    this.#untilLook = REST_VALUES
    // Not in the call that has brought the last sample.
    await new Promise((resolve) => setImmediate(resolve))
    const bytes = trainDictionary(samples, sizeFor(samples))
    if (bytes === undefined) return
    const dictionary = new Dictionary(bytes)
    if (await this.#publish(dictionary)) this.#write(this.#keep(dictionary))
  }

  /** Whether the store has it. Processes that begin will write with it as well. */
  async #publish(dictionary: Dictionary): Promise<boolean> {
    if (!(await this.#store(dictionary))) return false
    const id = Buffer.from(envelope() + dictionary.id, 'latin1')
    await this.#shelf.put(this.#name, id, KEPT_MS)
    return true
  }

  #store({ id, bytes }: Dictionary): Promise<boolean> {
    const packed = Buffer.concat([Buffer.from(envelope(), 'latin1'), bytes])
    return this.#shelf.put(`${this.#name}:${id}`, packed, KEPT_MS)
  }

  #write(known: Known): void {
    if (this.#writing === known) return
    this.#writing = known
    this.#samples = undefined
    this.#untilLook = LOOK_EVERY
    this.#values = 0
    this.#ratio = 0
  }

  #keep(dictionary: Dictionary): Known {
    const known = this.#known.get(dictionary.id)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) {
      const oldest = [...this.#known.keys()].find((id) => id !== this.#writing?.dictionary.id)
      this.#known.delete(oldest!)
    }
    const kept = { dictionary, storedAtMs: this.#clock.monotonicMs() }
    this.#known.set(dictionary.id, kept)
    return kept
  }

  /** Once a day: what is read or written with it must outlive nothing. */
  #keepUp(known: Known): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - known.storedAtMs < DAY_MS) return
    known.storedAtMs = nowMs
    if (known === this.#writing) void this.#publish(known.dictionary)
    else void this.#store(known.dictionary)
  }

  /** Gathers anew when values have come to look different. */
  #weigh(ratio: number): void {
    this.#values++
    this.#ratio += (ratio - this.#ratio) / Math.min(this.#values, RATIO_WINDOW)
    if (this.#values === RATIO_WINDOW) this.#firstRatio = this.#ratio
    if (this.#values <= RATIO_WINDOW || this.#samples !== undefined) return
    const isDue = this.#clock.monotonicMs() - this.#trainedAtMs >= RETRAINED_AFTER_MS
    if (isDue && this.#ratio > this.#firstRatio * WORSE_BY) {
      this.#samples = new Samples()
      this.#untilLook = this.#samples.lacking
    }
  }
}

/** Rows gain little beyond 4 KiB, documents of some kilobytes a bit more (bench/dictionary). */
function sizeFor(samples: readonly Buffer[]): number {
  const totalBytes = samples.reduce((sum, { length }) => sum + length, 0)
  return totalBytes / samples.length < DOCUMENT_BYTES
    ? ROW_DICTIONARY_BYTES
    : DOCUMENT_DICTIONARY_BYTES
}

/** Newer than any record of the log: no sweep takes it for something that was cleared. */
function envelope(): string {
  const forEver = { freshUntilWallMs: Number.POSITIVE_INFINITY, graceMs: 0, loadMs: 0, tags: [] }
  return envelopeText({ ...forEver, born: 2 ** 42 - 1 }, SERIALIZER_OWN)
}

function unpack(bytes: Uint8Array): Dictionary | undefined {
  const isDictionary =
    bytes.length > FIXED_BYTES && bytes.length <= FIXED_BYTES + MAX_DICTIONARY_BYTES
  return isDictionary ? new Dictionary(Buffer.from(bytes.subarray(FIXED_BYTES))) : undefined
}
