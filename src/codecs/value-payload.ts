/**
 * Values to a payload and back: JSON for small plain data, msgpack with records for the rest, or a
 * user's own codec.
 *
 * Measured (bench/codec): JSON is the faster below half a kilobyte; above it msgpack reads rows of
 * one shape at 0.3 × the time of JSON.parse in 0.45 × the bytes. Graph values keep what JSON would
 * lose. Which one was used is in the envelope, so any may be read. Numbers are JSON whatever the
 * codec: a server counts with them.
 */
import { Packr } from 'msgpackr'
import type { EncodableEntry } from '../core/codec.js'
import type { StoredFormat, ValueCodec } from '../core/stored-format.js'
import { admit } from '../core/value.js'
import { SERIALIZER_GRAPH, SERIALIZER_JSON, SERIALIZER_OWN, SERIALIZER_TREE } from './envelope.js'
import { packGraph, unpackGraph } from './graph-values.js'
import { checkTree } from './packed-check.js'
import { MAX_TREE_DEPTH } from './packed-kinds.js'

export interface Payload {
  readonly serializer: number
  readonly bytes: Buffer | string
}

export interface ReadValue {
  readonly value: unknown
  /** Plain data throughout: freezing it isolates it. */
  readonly plain: boolean
}

/** Below this estimate JSON is the faster. */
const JSON_BELOW_BYTES = 512

/** Without identities to keep, packing takes half the time. */
const treePackr = new Packr({ useRecords: true })

/** Throws what the codec cannot take. */
export function writeValue(
  entry: Pick<EncodableEntry, 'value' | 'form' | 'weightBytes'>,
  { codec, classes }: StoredFormat,
): Payload {
  if (codec !== 'msgpack' && typeof entry.value !== 'number') {
    if (codec !== 'json') return writeOwn(entry.value, codec)
    if (entry.form !== 'graph') return json(entry.value)
  }
  if (entry.form === 'graph') {
    return { serializer: SERIALIZER_GRAPH, bytes: packGraph(entry.value, classes) }
  }
  if (entry.form === 'text' || entry.weightBytes < JSON_BELOW_BYTES) return json(entry.value)
  return { serializer: SERIALIZER_TREE, bytes: treePackr.pack(entry.value) }
}

/**
 * The value; `undefined` where no value or no known serializer stands there. Throws on bad bytes.
 */
export function readValue(
  bytes: Buffer,
  start: number,
  serializer: number,
  { codec, classes }: StoredFormat,
): ReadValue | undefined {
  switch (serializer) {
    case SERIALIZER_JSON:
      return found(readJson(bytes, start), true)
    case SERIALIZER_TREE:
      return found(readTree(bytes, start), true)
    case SERIALIZER_GRAPH:
      return found(unpackGraph(bytes.subarray(start), classes), false)
    default:
      return readOwn(bytes.subarray(start), codec)
  }
}

function found(value: unknown, plain: boolean): ReadValue | undefined {
  return value === undefined ? undefined : { value, plain }
}

/** Where it begins is told: a view of the rest takes as long as a third of the check. */
function readTree(bytes: Buffer, start: number): unknown {
  checkTree(bytes, start)
  return treePackr.unpack(bytes, { start })
}

/** Each level takes two brackets: what is short needs no look. */
function readJson(bytes: Buffer, start: number): unknown {
  const value: unknown = JSON.parse(bytes.toString('utf8', start))
  const mayBeDeep = bytes.length - start > 2 * MAX_TREE_DEPTH
  if (mayBeDeep && !isWithin(value, MAX_TREE_DEPTH)) {
    throw new RangeError(`nested deeper than ${MAX_TREE_DEPTH} levels`)
  }
  return value
}

/** JSON.parse goes down to any depth, and whoever copies or freezes its answer does not. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (levels === 0) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isWithin(value[i], levels - 1)) return false
    return true
  }
  for (const name in value) {
    if (!isWithin((value as Record<string, unknown>)[name], levels - 1)) return false
  }
  return true
}

function json(value: unknown): Payload {
  return { serializer: SERIALIZER_JSON, bytes: JSON.stringify(value) }
}

function writeOwn(value: unknown, codec: ValueCodec): Payload {
  const name = Buffer.from(codec.name)
  const bytes = codec.encode(value)
  const isBytes = typeof bytes === 'string' || bytes instanceof Uint8Array
  if (!isBytes) throw new TypeError(`codec '${codec.name}' must encode to text or bytes`)
  const payload = Buffer.concat([Buffer.of(name.length), name, Buffer.from(bytes as Uint8Array)])
  return { serializer: SERIALIZER_OWN, bytes: payload }
}

/** What the codec answers is copied like what a caller sets: it may keep it, or hold anything. */
function readOwn(bytes: Buffer, codec: StoredFormat['codec']): ReadValue | undefined {
  if (typeof codec === 'string') return undefined
  const end = 1 + bytes[0]!
  if (bytes.toString('utf8', 1, end) !== codec.name) return undefined
  const value = codec.decode(bytes.subarray(end))
  if (value === undefined) return undefined
  const admitted = admit(value)
  return { value: admitted.value, plain: admitted.plain }
}
