/**
 * What a compressor takes, to bytes and back: text as its UTF-8, bytes as they are, other values as
 * a cache would store them (value-payload.ts).
 */
import { isUtf8 } from 'node:buffer'
import { CacheError } from '../../../core/errors.js'
import { DEFAULT_FORMAT } from '../../../core/stored-format.js'
import { admit } from '../../../core/value.js'
import { SERIALIZER_GRAPH, SERIALIZER_JSON, SERIALIZER_TREE } from '../../envelope.js'
import { readValue, writeValue } from '../../value-payload.js'

/** `json`, `tree` and `graph`: as the serializers of the envelope. */
export const VALUE_FORMATS = ['text', 'buffer', 'bytes', 'json', 'tree', 'graph'] as const

export type ValueFormat = (typeof VALUE_FORMATS)[number]

const SERIALIZERS = { json: SERIALIZER_JSON, tree: SERIALIZER_TREE, graph: SERIALIZER_GRAPH }

export interface ValueBytes {
  readonly format: ValueFormat
  readonly bytes: Buffer
  /** The caller's memory, which he may write to. */
  readonly isForeign: boolean
}

/** Throws VALUE_UNSUPPORTED for what no cache can keep. */
export function bytesOf(value: unknown): ValueBytes {
  // A lone surrogate has no UTF-8: such a text goes as JSON.
  if (typeof value === 'string' && value.isWellFormed()) {
    return { format: 'text', bytes: Buffer.from(value), isForeign: false }
  }
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return { format: Buffer.isBuffer(value) ? 'buffer' : 'bytes', bytes, isForeign: true }
  }
  if (value === undefined) {
    throw new CacheError('VALUE_UNSUPPORTED', 'compress: undefined is not a value')
  }
  const { serializer, bytes: written } = writeValue(admit(value, false), DEFAULT_FORMAT)
  const bytes = typeof written === 'string' ? Buffer.from(written) : written
  return { format: formatOf(serializer), bytes, isForeign: false }
}

function formatOf(serializer: number): ValueFormat {
  if (serializer === SERIALIZER_JSON) return 'json'
  return serializer === SERIALIZER_TREE ? 'tree' : 'graph'
}

/** The value; `undefined` where the bytes are none. Throws on bad ones. */
export function valueFrom(format: ValueFormat, bytes: Buffer): unknown {
  switch (format) {
    case 'text':
      return isUtf8(bytes) ? bytes.toString() : undefined
    case 'buffer':
      return bytes
    case 'bytes':
      return new Uint8Array(bytes)
    default:
      return readValue(bytes, 0, SERIALIZERS[format], DEFAULT_FORMAT)?.value
  }
}
