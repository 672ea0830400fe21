/**
 * The default codec: JSON for small plain values, msgpack with records for the rest.
 *
 * Measured (bench/codec): JSON is the faster below half a kilobyte; above it msgpack reads rows of
 * one shape at 0.3 × the time of JSON.parse in 0.45 × the bytes. Graph values keep what JSON would
 * lose. Which of the three was used is in the envelope, so any may be read. Decoding never throws:
 * the bytes come from a server that others write to as well.
 */
import { Packr } from 'msgpackr'
import type {
  Codec,
  DecodedEntry,
  DecodeFault,
  EncodableEntry,
  EntryMeta,
} from '../core/contracts.js'
import {
  BORN_OFFSET,
  bornText,
  envelopeFault,
  envelopeText,
  LIFE_OFFSET,
  lifeText,
  MOMENT_BYTES,
  readEntry,
  readTags,
  SERIALIZER_GRAPH,
  SERIALIZER_JSON,
  SERIALIZER_TREE,
  serializerOf,
} from './envelope.js'
import { packGraph, unpackGraph } from './graph-values.js'

/** The codec that `createCache` uses where none is given. Stateless: one serves all caches. */
export function entryCodec(): Codec {
  return CODEC
}

/** Below this estimate JSON is the faster. */
const JSON_BELOW_BYTES = 512

/** Without identities to keep, packing takes half the time. */
const treePackr = new Packr({ useRecords: true })

const CODEC: Codec = {
  encode(entry: EncodableEntry): Uint8Array | string {
    if (entry.form === 'graph') return withEnvelope(entry, packGraph(entry.value), SERIALIZER_GRAPH)
    if (entry.form === 'text' || entry.weightBytes < JSON_BELOW_BYTES) {
      return envelopeText(entry, SERIALIZER_JSON) + JSON.stringify(entry.value)
    }
    return withEnvelope(entry, treePackr.pack(entry.value), SERIALIZER_TREE)
  },

  decode(bytes: Uint8Array): DecodedEntry | DecodeFault {
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const fault = envelopeFault(buffer)
    if (fault !== undefined) return fault
    const tags = readTags(buffer)
    if (tags === undefined || tags.end >= buffer.length) return 'truncated'
    const serializer = serializerOf(buffer)
    try {
      const value = decodePayload(buffer, tags.end, serializer)
      if (value === undefined) return serializer > SERIALIZER_TREE ? 'version' : 'payload'
      return readEntry(buffer, value, serializer !== SERIALIZER_GRAPH, tags.names)
    } catch {
      return 'payload'
    }
  },

  counterHead(meta: EntryMeta, nowWallMs: number, oldestBorn: number) {
    const head = Buffer.from(envelopeText(meta, SERIALIZER_JSON))
    const expiry = CODEC.expiryAt(nowWallMs)
    if (oldestBorn <= 0) return { head, limits: [expiry] }
    return { head, limits: [expiry, CODEC.bornBefore(oldestBorn)] }
  },

  expiryAt(nowWallMs: number) {
    const now = Buffer.from(lifeText(nowWallMs, 0)).subarray(0, MOMENT_BYTES)
    return { offset: LIFE_OFFSET, now }
  },

  bornBefore(seq: number) {
    return { offset: BORN_OFFSET, now: Buffer.from(bornText(seq - 1)) }
  },

  lifePatch(freshUntilWallMs: number, graceMs: number) {
    return { offset: LIFE_OFFSET, bytes: Buffer.from(lifeText(freshUntilWallMs, graceMs)) }
  },
}

function withEnvelope(entry: EncodableEntry, payload: Buffer, serializer: number): Buffer {
  const envelope = envelopeText(entry, serializer)
  const start = Buffer.byteLength(envelope)
  const target = Buffer.allocUnsafe(start + payload.length)
  target.write(envelope, 0)
  target.set(payload, start)
  return target
}

/**
 * The value, `undefined` where no value or no known serializer stands there. Throws on bad bytes.
 */
function decodePayload(bytes: Buffer, start: number, serializer: number): unknown {
  switch (serializer) {
    case SERIALIZER_JSON:
      return JSON.parse(bytes.toString('utf8', start))
    case SERIALIZER_TREE:
      return treePackr.unpack(bytes.subarray(start))
    case SERIALIZER_GRAPH:
      return unpackGraph(bytes.subarray(start))
    default:
      return undefined
  }
}
