/**
 * A payload sealed with AES-256-GCM, behind an envelope that stays readable:
 *
 *   length of the id (1) · id · salt (8) · IV (12) · ciphertext · tag (16)
 *
 * What is authenticated beside it: the full name of the key in the store, so that an entry which is
 * moved to another key does not open, and the envelope but for its first 13 bytes without the head:
 * the state and the life, which server scripts change in place (`expire`, a soft invalidation).
 * Who can write to the store can thus lengthen a life, or put an old entry of a key back; the log
 * of invalidations tells those that are out of date.
 */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import type { DecodeFault } from '../../core/codec.js'
import { BORN_OFFSET } from '../envelope.js'
import { type KeyRing, SALT_BYTES } from './key-ring.js'

const ALGORITHM = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const OPTIONS = { authTagLength: TAG_BYTES }

/** Random bytes are drawn for many IVs at a time: a draw by itself costs as much as the cipher. */
const POOLED_IVS = 128
const pool = Buffer.allocUnsafe(POOLED_IVS * IV_BYTES)
let drawn = pool.length

function nextIv(): Buffer {
  if (drawn >= pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  const iv = Buffer.from(pool.subarray(drawn, drawn + IV_BYTES))
  drawn += IV_BYTES
  return iv
}

/** Envelope and sealed payload in one piece. */
export function seal(
  ring: KeyRing,
  key: string,
  envelope: Buffer,
  payload: string | Uint8Array,
): Buffer {
  const sealing = ring.sealingKey()
  const iv = nextIv()
  const cipher = createCipheriv(ALGORITHM, sealing.key, iv, OPTIONS)
  cipher.setAAD(associated(key, envelope))
  const first =
    typeof payload === 'string' ? cipher.update(payload, 'utf8') : cipher.update(payload)
  const last = cipher.final()
  const id = Buffer.from(sealing.id)
  const head = [envelope, Buffer.of(id.length), id, sealing.salt, iv]
  return Buffer.concat([...head, first, last, cipher.getAuthTag()])
}

/** What was sealed, or why it does not open. `start`: where the envelope ends. Never throws. */
export function unseal(
  ring: KeyRing | undefined,
  key: string,
  bytes: Buffer,
  start: number,
): Buffer | DecodeFault {
  const idLength = bytes[start] ?? 0
  const saltAt = start + 1 + idLength
  const ivAt = saltAt + SALT_BYTES
  const cipherAt = ivAt + IV_BYTES
  const tagAt = bytes.length - TAG_BYTES
  if (tagAt < cipherAt) return 'truncated'
  const id = bytes.toString('utf8', start + 1, saltAt)
  const opening = ring?.openingKey(id, bytes.subarray(saltAt, ivAt))
  if (opening === undefined) return 'key-unknown'
  const decipher = createDecipheriv(ALGORITHM, opening, bytes.subarray(ivAt, cipherAt), OPTIONS)
  decipher.setAAD(associated(key, bytes.subarray(0, start)))
  decipher.setAuthTag(bytes.subarray(tagAt))
  try {
    const first = decipher.update(bytes.subarray(cipherAt, tagAt))
    const last = decipher.final()
    return last.length === 0 ? first : Buffer.concat([first, last])
  } catch {
    return 'tampered'
  }
}

/** The key has its length in front: none can pass for another and a part of an envelope. */
function associated(key: string, envelope: Buffer): Buffer {
  const name = Buffer.from(key)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(name.length)
  return Buffer.concat([length, name, envelope.subarray(1, 2), envelope.subarray(BORN_OFFSET)])
}
