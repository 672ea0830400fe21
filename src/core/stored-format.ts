/**
 * How entries of a namespace are written to the store: by which codec, compressed how, sealed or
 * not. Resolved like all options, cache → namespace → call, field by field.
 *
 * One rule is not a plain fall-through: where a namespace turns encryption on, compression is off
 * unless that namespace asks for it. Compressed first, the length of a secret tells how much of it
 * the text beside it repeats (Kelsey: Compression and Information Leakage of Plaintext, FSE 2002;
 * CRIME, BREACH), so what lies above does not decide that.
 */
import { MsgpackCodec } from './class-registry.js'
import type { Size } from './duration.js'
import { sizeBytes } from './duration.js'
import { checkKnown, invalidOption, readOption } from './option-reading.js'

/** Values to bytes and back, for a format of your own. */
export interface ValueCodec {
  /**
   * Stands in every entry: what was written under another name is a miss. 1 to 32 letters, digits
   * and `_ . -`.
   */
  readonly name: string
  /** Throws what it cannot take. The value is the cache's own copy: it is not to be changed. */
  encode(value: unknown): Uint8Array | string
  /** The value; bytes of strangers may throw. */
  decode(bytes: Uint8Array): unknown
}

export const ALGORITHMS = ['auto', 'gzip', 'brotli', 'zstd', 'lz-string', 'lz4', 'snappy'] as const

export type CompressionAlgorithm = (typeof ALGORITHMS)[number]

export interface CompressionOptions {
  /** Default 'auto', which learns what suits the data. */
  algorithm?: CompressionAlgorithm | undefined
  /** Smaller ones stay as they are, unless there is a dictionary. 64 B to 1 GiB. Default 1 KiB. */
  threshold?: Size | undefined
  /**
   * For `auto`: the smallest result that takes no longer than so many milliseconds to make and to
   * read again, 0.001 to 10 000; left out, the most bytes saved per microsecond.
   */
  performanceTarget?: number | undefined
  /** Small values against a dictionary that is trained from those before. Default false. */
  dictionary?: boolean | undefined
}

export interface FormatOptions {
  /**
   * `'msgpack'`: every kind of value, JSON where that is faster; `msgpack()` to add classes to it.
   * `'json'`: text that other languages can read, plain data alone. Or your own. Default 'msgpack'.
   */
  codec?: 'msgpack' | 'json' | MsgpackCodec | ValueCodec | undefined
  /**
   * `true` for 'auto'. A call can say no more than true and false. Default false. In a namespace
   * that turns encryption on, what its cache says does not count.
   */
  compress?: boolean | CompressionAlgorithm | CompressionOptions | undefined
  /** Seals entries with the first of the cache's `encryptionKeys`. Default false. */
  encrypt?: boolean | undefined
}

export interface CompressionSettings {
  readonly algorithm: CompressionAlgorithm
  readonly thresholdBytes: number
  readonly performanceTargetMs: number | undefined
  readonly usesDictionary: boolean
}

export interface StoredFormat {
  readonly codec: 'msgpack' | 'json' | ValueCodec
  /** Whose instances come back as such. */
  readonly classes: MsgpackCodec | undefined
  readonly compression: CompressionSettings | undefined
  readonly isEncrypted: boolean
}

const MIN_THRESHOLD_BYTES = 64
const MAX_THRESHOLD_BYTES = 2 ** 30
const MAX_TARGET_MS = 10_000

export const DEFAULT_COMPRESSION: CompressionSettings = Object.freeze({
  algorithm: 'auto',
  thresholdBytes: 1_024,
  performanceTargetMs: undefined,
  usesDictionary: false,
})

export const DEFAULT_FORMAT: StoredFormat = Object.freeze({
  codec: 'msgpack',
  classes: undefined,
  compression: undefined,
  isEncrypted: false,
})

/** The format of a scope under that above it. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveFormat(
  above: StoredFormat,
  options: FormatOptions,
  where: string,
): StoredFormat {
  const { codec, compress } = options
  const encrypt = readOption(options, 'encrypt', where) as boolean | undefined
  if (codec === undefined && compress === undefined && encrypt === undefined) return above
  const turnsEncryptionOn = encrypt === true && !above.isEncrypted
  const inherited = turnsEncryptionOn ? undefined : above.compression
  return checked(
    {
      ...(codec === undefined ? above : checkCodec(codec, where)),
      compression: compress === undefined ? inherited : compression(inherited, compress, where),
      isEncrypted: encrypt ?? above.isEncrypted,
    },
    where,
  )
}

/** A dictionary holds pieces of values, and lies beside them as it is. */
function checked(format: StoredFormat, where: string): StoredFormat {
  if (!format.isEncrypted || format.compression?.usesDictionary !== true) {
    return Object.freeze(format)
  }
  throw invalidOption(
    `${where}, compress`,
    'dictionary',
    true,
    'false in a namespace that encrypts',
  )
}

/** The format of one call: it may have its entry compressed or not, no more. */
export function resolveCallFormat(
  above: StoredFormat,
  compress: unknown,
  where: string,
): StoredFormat {
  if (compress === undefined) return above
  if (typeof compress !== 'boolean') {
    throw invalidOption(where, 'compress', compress, 'true | false')
  }
  if (compress && above.compression === undefined && above.isEncrypted) {
    const allowed = 'false, in a namespace that encrypts and does not say compress itself'
    throw invalidOption(where, 'compress', compress, allowed)
  }
  return Object.freeze({ ...above, compression: compression(above.compression, compress, where) })
}

const CODEC_NAME = /^[\w.-]{1,32}$/
const CODEC_RANGE =
  "'msgpack' | msgpack() | 'json' | { name, encode, decode }, the name of 1 to 32 letters, " +
  'digits and _ . -'

function checkCodec(codec: unknown, where: string): Pick<StoredFormat, 'codec' | 'classes'> {
  if (codec === 'msgpack' || codec === 'json') return { codec, classes: undefined }
  if (codec instanceof MsgpackCodec) return { codec: 'msgpack', classes: codec }
  const own = codec as Partial<ValueCodec> | null
  const isCodec =
    typeof own === 'object' &&
    typeof own?.encode === 'function' &&
    typeof own.decode === 'function' &&
    CODEC_NAME.test(String(own.name))
  if (isCodec) return { codec: own as ValueCodec, classes: undefined }
  throw invalidOption(where, 'codec', codec, CODEC_RANGE)
}

const ALGORITHM_RANGE = ALGORITHMS.map((name) => `'${name}'`).join(' | ')
const FIELDS = ['algorithm', 'threshold', 'performanceTarget', 'dictionary']
const COMPRESS_RANGE = `true | false | ${ALGORITHM_RANGE} | { ${FIELDS.join(', ')} }`

function compression(
  above: CompressionSettings | undefined,
  compress: unknown,
  where: string,
): CompressionSettings | undefined {
  if (compress === false) return undefined
  const base = above ?? DEFAULT_COMPRESSION
  if (compress === true) return base
  if (isAlgorithm(compress)) return Object.freeze({ ...base, algorithm: compress })
  if (typeof compress !== 'object' || compress === null || Array.isArray(compress)) {
    throw invalidOption(where, 'compress', compress, COMPRESS_RANGE)
  }
  return resolveCompression(base, compress as CompressionOptions, `${where}, compress`)
}

/** `options` over `base`, field by field. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveCompression(
  base: CompressionSettings,
  options: CompressionOptions,
  where: string,
): CompressionSettings {
  checkKnown(options, FIELDS, where)
  const { algorithm, threshold, performanceTarget, dictionary } = options
  if (algorithm !== undefined && !isAlgorithm(algorithm)) {
    throw invalidOption(where, 'algorithm', algorithm, ALGORITHM_RANGE)
  }
  if (dictionary !== undefined && typeof dictionary !== 'boolean') {
    throw invalidOption(where, 'dictionary', dictionary, 'true | false')
  }
  return Object.freeze({
    algorithm: algorithm ?? base.algorithm,
    thresholdBytes: threshold === undefined ? base.thresholdBytes : bytes(threshold, where),
    performanceTargetMs:
      performanceTarget === undefined ? base.performanceTargetMs : target(performanceTarget, where),
    usesDictionary: dictionary ?? base.usesDictionary,
  })
}

function bytes(threshold: Size, where: string): number {
  const size = sizeBytes(threshold)
  if (size !== undefined && size >= MIN_THRESHOLD_BYTES && size <= MAX_THRESHOLD_BYTES) return size
  throw invalidOption(where, 'threshold', threshold, "64 to '1gb', as bytes or as '4kb'")
}

function target(ms: unknown, where: string): number {
  if (typeof ms === 'number' && ms >= 0.001 && ms <= MAX_TARGET_MS) return ms
  throw invalidOption(where, 'performanceTarget', ms, `0.001 to ${MAX_TARGET_MS} milliseconds`)
}

function isAlgorithm(name: unknown): name is CompressionAlgorithm {
  return (ALGORITHMS as readonly unknown[]).includes(name)
}
