/**
 * A compressor at work on real values: what it leaves of them and how long it takes, by itself and
 * as a part of whole entries.
 *
 * Warm-up rounds see the values to learn from, measured rounds the others.
 */
import { writeValue } from '../../src/codecs/value-payload.js'
import type { DecodedEntry, EncodableEntry } from '../../src/core/codec.js'
import type { Round, Setting, StartSubject } from './bench.js'
import type { Compressor } from './compressor.js'
import { passes } from './passes.js'
import { entryOf } from './plain-codec.js'
import { mixedValues, type SetName } from './real-values.js'
import { digest } from './timed.js'

/** Of one half. */
const VALUES_BYTES = 1_000_000
const MAX_VALUES_OF_A_SET = 64
/** What is tried at the start is paid once in the life of a process: it is over by then. */
const LEARNED_VALUES = 3_000
const LEARNED_MS = 2_000

export function compressionSubject(
  names: readonly SetName[],
  make: () => Compressor,
  learns: boolean,
): StartSubject {
  return async (setting) => {
    const compressor = make()
    const bytes = setting.params.bytes as number
    const most = Math.ceil(VALUES_BYTES / bytes / names.length)
    const ofEach = setting.tiny ? 2 : Math.min(MAX_VALUES_OF_A_SET, most)
    const halves = mixedValues(names, bytes, ofEach)
    const learned = materialOf(halves.learned, compressor)
    const unseen = materialOf(halves.unseen, compressor)
    const count = setting.tiny ? learned.payloads.length : LEARNED_VALUES
    const untilMs = setting.tiny ? 0 : performance.now() + LEARNED_MS
    for (let done = 0; learns && (done < count || performance.now() < untilMs); done++) {
      await compressor.compress(learned.payloads[done % learned.payloads.length]!)
    }
    const run = (round: number) => measure(round < 0 ? learned : unseen, setting, compressor)
    return { run, stop: async () => {} }
  }
}

interface Material {
  readonly entries: readonly EncodableEntry[]
  readonly payloads: readonly Buffer[]
  readonly jsonBytes: number
  readonly payloadBytes: number
}

function materialOf(values: readonly unknown[], { format }: Compressor): Material {
  const entries = values.map((value) => entryOf(value, format))
  // Copied: what packs gives views on a buffer of its own.
  const payloads = entries.map((entry) => Buffer.from(writeValue(entry, format).bytes as Buffer))
  const jsonBytes = values.reduce((sum: number, value) => sum + lengthOf(JSON.stringify(value)), 0)
  return { entries, payloads, jsonBytes, payloadBytes: total(payloads) }
}

async function measure(
  { entries, payloads, jsonBytes, payloadBytes }: Material,
  { tiny }: Setting,
  { compress, decompress, codec }: Compressor,
): Promise<Round> {
  const encode = await passes(entries, tiny, (entry) => codec.encode('k', entry))
  const buffers = encode.outputs.map((each) => Buffer.from(each as Buffer))
  const decode = await passes(buffers, tiny, (bytes) => codec.decode('k', bytes))
  const made = await passes(payloads, tiny, compress)
  const small = made.outputs.filter((each) => each !== undefined)
  const back = await passes(small, tiny, decompress)
  const smallBytes = made.outputs.reduce((sum, each, at) => sum + (each ?? payloads[at]!).length, 0)
  const count = payloads.length
  const decompressMicros = small.length === 0 ? 0 : (back.microseconds * small.length) / count
  const micros = made.microseconds + decompressMicros
  return {
    operations: count,
    elapsedMs: (micros * count) / 1_000,
    cpuMs: 0,
    answers: digest(decode.outputs.map((entry) => (entry as DecodedEntry).value)),
    figures: {
      'stored, % of JSON': (100 * total(buffers)) / jsonBytes,
      '% of payload': (100 * smallBytes) / payloadBytes,
      'compress, µs': made.microseconds,
      'decompress, µs': decompressMicros,
      'encode, µs': encode.microseconds,
      'decode, µs': decode.microseconds,
      'saved bytes per µs': (payloadBytes - smallBytes) / count / micros,
      'bytes of JSON': jsonBytes / count,
    },
  }
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text)
}

function total(all: readonly Uint8Array[]): number {
  return all.reduce((sum, { length }) => sum + length, 0)
}
