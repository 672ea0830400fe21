/**
 * Damaged entries, one after another, through every decoder: nothing is thrown, nothing that all
 * share is touched, each answer is an entry or a known fault, and none takes long or much room.
 *
 * A call that took too much is made again, up to three times in all, and counts only if it does so
 * each time: garbage is collected and other processes run whenever they please. What a failure
 * says is enough to see it again: `npm run fuzz -- <seed> 1 <index>`.
 */
import type { Decoded } from '../../src/core/codec.js'
import type { Shelf } from '../../src/core/shelf.js'
import { faultOfAnswer, intrinsicsNow } from './decoded-judge.js'
import { type CodecOptions, type EntryCodecForTests, entryCodec } from './entry-codec.js'
import {
  type CorpusEntry,
  DICTIONARY,
  entryCorpus,
  FUZZ_KEYS,
  fuzzRegistry,
  OWN_CODEC,
} from './entry-corpus.js'
import { fuzzedInput } from './fuzzed-input.js'
import { type MeasuredCall, measuredCall } from './measured-call.js'
import { mutated, oneOf, type Random } from './mutated-bytes.js'

export const MAX_CALL_MS = 50
export const MAX_CALL_BYTES = 64 * 2 ** 20
const TRIES = 3
const LOOK_AROUND_EVERY = 1_000
const MAX_FAILURES = 20

export interface FuzzPlan {
  readonly seed: number
  readonly runs: number
  /** The number of the first. */
  readonly first?: number
  /** Called every thousand inputs. */
  readonly onProgress?: (report: FuzzReport) => void
}

export interface Extreme {
  readonly value: number
  /** Of which input. */
  readonly at: string
}

export interface FuzzReport {
  readonly seed: number
  inputs: number
  calls: number
  readonly outcomes: Record<string, number>
  slowestMs: Extreme
  largestBytes: Extreme
  /** Calls that took too much once, and not again. */
  hiccups: number
  readonly failures: string[]
}

export async function fuzzDecoders(plan: FuzzPlan): Promise<FuzzReport> {
  const { seed, runs, first = 0, onProgress } = plan
  const fuzz = new Fuzz(seed, await entryCorpus())
  const { report } = fuzz
  for (let index = first; index < first + runs && report.failures.length < MAX_FAILURES; index++) {
    await fuzz.run(index)
    if (index % LOOK_AROUND_EVERY !== 0) continue
    fuzz.lookAround(index)
    onProgress?.(report)
  }
  fuzz.lookAround(first + runs)
  return report
}

class Fuzz {
  readonly report: FuzzReport
  readonly #corpus: readonly CorpusEntry[]
  readonly #reader = entryCodec({ ...READER, codec: fuzzRegistry() })
  readonly #others = strangers()
  #intrinsics = intrinsicsNow()

  constructor(seed: number, corpus: readonly CorpusEntry[]) {
    const none: Extreme = { value: 0, at: '' }
    this.#corpus = corpus
    this.report = {
      ...{ seed, inputs: 0, calls: 0, outcomes: {}, hiccups: 0, failures: [] },
      ...{ slowestMs: none, largestBytes: none },
    }
  }

  /** By the format that knows all, and by one that does not. */
  async run(index: number): Promise<void> {
    const { bytes, origin, random } = fuzzedInput(this.#corpus, this.report.seed, index)
    const at = `${this.report.seed} ${index} (${origin}, ${bytes.length} bytes)`
    this.report.inputs++
    await this.#decode(this.#reader, bytes, `${at}`)
    const [name, stranger] = oneOf(random, this.#others)
    await this.#decode(stranger(random), bytes, `${at}, by ${name}`)
  }

  /** Whether anything was touched that everybody shares. */
  lookAround(index: number): void {
    const intrinsics = intrinsicsNow()
    if (intrinsics !== this.#intrinsics) this.#fail(`before ${index}`, 'an intrinsic was changed')
    this.#intrinsics = intrinsics
  }

  async #decode(codec: EntryCodecForTests, bytes: Buffer, at: string): Promise<void> {
    const call = await this.#measure(() => codec.decode(bytes), at)
    const { answer, error } = call
    if (answer === undefined) {
      this.#fail(at, `thrown: ${String(error)}`)
      return
    }
    const outcome = typeof answer === 'string' ? answer : 'an entry'
    this.report.outcomes[outcome] = (this.report.outcomes[outcome] ?? 0) + 1
    const fault = faultOfAnswer(answer)
    if (fault !== undefined) this.#fail(at, fault)
  }

  async #measure(decode: () => Promise<Decoded>, at: string): Promise<MeasuredCall> {
    const { report } = this
    report.calls++
    let call = await measuredCall(decode)
    let { ms, bytes } = call
    for (let tries = 1; tries < TRIES && isTooMuch(ms, bytes); tries++) {
      call = await measuredCall(decode)
      ms = Math.min(ms, call.ms)
      bytes = Math.min(bytes, call.bytes)
      if (!isTooMuch(ms, bytes)) report.hiccups++
    }
    if (ms > report.slowestMs.value) report.slowestMs = { value: ms, at }
    if (bytes > report.largestBytes.value) report.largestBytes = { value: bytes, at }
    if (ms > MAX_CALL_MS) this.#fail(at, `took ${Math.round(ms)} ms`)
    if (bytes > MAX_CALL_BYTES) this.#fail(at, `took ${Math.round(bytes / 2 ** 20)} MiB`)
    return call
  }

  #fail(at: string, what: string): void {
    this.report.failures.push(`${what}: npm run fuzz -- ${at}`)
  }
}

function isTooMuch(ms: number, bytes: number): boolean {
  return ms > MAX_CALL_MS || bytes > MAX_CALL_BYTES
}

const SHELF: Shelf = {
  get: async (name) => (name.endsWith(`:${DICTIONARY.id}`) ? shelved() : undefined),
  put: async () => true,
  remove: async () => {},
}
const READER: CodecOptions = { encryptionKeys: FUZZ_KEYS, shelf: SHELF }

function shelved(): Buffer {
  return Buffer.concat([Buffer.from('F'.padEnd(21, '\0'), 'latin1'), DICTIONARY.bytes])
}

type Stranger = readonly [name: string, codec: (random: Random) => EntryCodecForTests]

/** Those that lack a key, a class, a dictionary, or want another format. */
function strangers(): readonly Stranger[] {
  const otherKeys = [{ id: 'k1', key: Buffer.alloc(32, 9) }]
  const fixed: Record<string, CodecOptions> = {
    'one that knows nothing': {},
    'one of JSON': { ...READER, codec: 'json' },
    'one of its own': { ...READER, codec: OWN_CODEC },
    'one that encrypts': { ...READER, encrypt: true },
    'one with other keys': { ...READER, encryptionKeys: otherKeys, encrypt: true },
    'one of small values': { ...READER, maxDecompressedBytes: 1_024 },
  }
  const made = Object.entries(fixed).map(([name, options]): Stranger => {
    const codec = entryCodec(options)
    return [name, () => codec]
  })
  return [...made, ['one whose shelf is damaged', damagedShelf]]
}

function damagedShelf(random: Random): EntryCodecForTests {
  const whole = { bytes: shelved(), places: [0, 1, 20, 21] }
  const get = async () => mutated(random, whole, DICTIONARY.bytes)
  return entryCodec({ ...READER, shelf: { ...SHELF, get } })
}
