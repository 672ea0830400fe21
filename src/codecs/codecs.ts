/**
 * The codecs of a cache: one for each namespace, over one ring of keys; and what server scripts
 * need to know of the envelope.
 */
import type { Codec, Codecs, EntryMeta } from '../core/codec.js'
import type { Clock } from '../core/contracts.js'
import type { EncryptionKeys } from '../core/encryption-keys.js'
import { invalidOption } from '../core/option-reading.js'
import type { Shelf } from '../core/shelf.js'
import type { StoredFormat } from '../core/stored-format.js'
import { checkInstalled } from './compression/algorithms/check-installed.js'
import { Compression } from './compression/compression.js'
import { Turns } from './compression/turns.js'
import { KeyRing } from './encryption/key-ring.js'
import { EntryCodec } from './entry-codec.js'
import {
  BORN_OFFSET,
  bornText,
  envelopeText,
  LIFE_OFFSET,
  lifeText,
  MOMENT_BYTES,
  SERIALIZER_JSON,
} from './envelope.js'

interface CodecsOptions {
  readonly encryptionKeys?: EncryptionKeys | undefined
  /** What comes out of decompression is bounded by it. */
  readonly maxDecompressedBytes: number
  /** How long a reader waits for a value that is decompressed in another thread. */
  readonly patienceMs: number
  readonly clock: Clock
  readonly random: () => number
}

/** Of one cache. A larger value has it for itself. */
const DECOMPRESSED_AT_A_TIME_BYTES = 2 ** 26

/** Throws OPTION_INVALID for keys that are none; the message shows none. */
export function entryCodecs(options: CodecsOptions): Codecs {
  const { encryptionKeys, maxDecompressedBytes, patienceMs, clock, random } = options
  const turns = new Turns(DECOMPRESSED_AT_A_TIME_BYTES, patienceMs, clock)
  const keys = encryptionKeys === undefined ? undefined : new KeyRing(encryptionKeys, 'createCache')
  return {
    forNamespace(
      name: string,
      format: StoredFormat,
      shelf: Shelf | undefined,
      where: string,
    ): Codec {
      checkFormat(format, keys, where)
      const compression = new Compression({
        namespace: name,
        maxDecompressedBytes,
        turns,
        clock,
        random,
        shelf,
      })
      return new EntryCodec(format, keys, compression)
    },

    counterHead(meta: EntryMeta, nowWallMs: number, oldestBorn: number) {
      const head = Buffer.from(envelopeText(meta, SERIALIZER_JSON))
      const expiry = expiryAt(nowWallMs)
      return { head, limits: oldestBorn <= 0 ? [expiry] : [expiry, bornBefore(oldestBorn)] }
    },

    expiryAt,
    bornBefore,

    lifePatch(freshUntilWallMs: number, graceMs: number) {
      return { offset: LIFE_OFFSET, bytes: Buffer.from(lifeText(freshUntilWallMs, graceMs)) }
    },
  }
}

function expiryAt(nowWallMs: number) {
  const now = Buffer.from(lifeText(nowWallMs, 0)).subarray(0, MOMENT_BYTES)
  return { offset: LIFE_OFFSET, now }
}

function bornBefore(seq: number) {
  return { offset: BORN_OFFSET, now: Buffer.from(bornText(seq - 1)) }
}

/** What the format asks for must be there at the start, not at the first write. */
function checkFormat(format: StoredFormat, keys: KeyRing | undefined, where: string): void {
  if (format.isEncrypted && keys === undefined) {
    throw invalidOption(where, 'encrypt', true, 'false where the cache has no encryptionKeys')
  }
  checkInstalled(format.compression?.algorithm ?? 'auto', where, 'compress')
}
