/**
 * The keys of a cache: the first seals, all of them open, so that a key is replaced without a
 * flush: first added behind the others everywhere, then moved to the front, then left out once
 * what it has sealed has expired.
 *
 * AES-GCM with random IVs of 96 bits is safe for 2^32 messages a key (NIST SP 800-38D, 8.3), and no
 * process knows how many the others have sealed. So none seals with a key of the ring itself: each
 * draws a salt, derives a key of its own (HKDF, RFC 5869), counts what it seals, and draws another
 * salt long before the limit. The salt travels with the entry.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import type { EncryptionKey, EncryptionKeys } from '../../core/encryption-keys.js'
import { invalidOption } from '../../core/option-reading.js'

/** Process and moment make it unlike any other; two alike would still share 2^32 messages. */
export const SALT_BYTES = 8

export interface SealingKey {
  readonly id: string
  readonly salt: Buffer
  readonly key: KeyObject
}

const KEY_BYTES = 32
const MAX_KEYS = 64
/** Half of what is safe. */
const MAX_MESSAGES = 2 ** 31
/** Processes and their restarts, as far as entries of theirs are still read. */
const MAX_DERIVED = 1_024
const PURPOSE = 'cachewright entry, version 1'

export class KeyRing {
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #writingId: string
  readonly #maxMessages: number
  readonly #derived = new Map<string, KeyObject>()
  #sealing: SealingKey | undefined
  #messages = 0

  /** Throws OPTION_INVALID, which never shows a key. */
  constructor(given: EncryptionKeys, where: string, maxMessages = MAX_MESSAGES) {
    const keys = readKeys(given, where)
    this.#keys = keys
    this.#writingId = [...keys.keys()][0]!
    this.#maxMessages = maxMessages
  }

  /** The key for one more message. */
  sealingKey(): SealingKey {
    if (this.#sealing === undefined || this.#messages >= this.#maxMessages) {
      const salt = randomBytes(SALT_BYTES)
      const key = derive(this.#keys.get(this.#writingId)!, salt)
      this.#sealing = { id: this.#writingId, salt, key }
      this.#messages = 0
    }
    this.#messages++
    return this.#sealing
  }

  /** The key that has sealed under that salt; `undefined` where the ring lacks its id. */
  openingKey(id: string, salt: Buffer): KeyObject | undefined {
    const name = `${id}:${salt.toString('latin1')}`
    const known = this.#derived.get(name)
    if (known !== undefined) return known
    const root = this.#keys.get(id)
    if (root === undefined) return undefined
    // Salts come from the store, and strangers may write any number of them.
    if (this.#derived.size >= MAX_DERIVED) {
      this.#derived.delete(this.#derived.keys().next().value as string)
    }
    const key = derive(root, salt)
    this.#derived.set(name, key)
    return key
  }
}

function derive(root: KeyObject, salt: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', root, salt, PURPOSE, KEY_BYTES)))
}

const ID = /^[\w.-]{1,16}$/
export const ENCRYPTION_KEYS_RANGE =
  "1 to 64 keys, each 'id:key' or { id, key }: ids of 1 to 16 letters, digits and _ . -, no two " +
  'alike; keys of 32 bytes, or their base64 or hex'

function readKeys(given: EncryptionKeys, where: string): ReadonlyMap<string, KeyObject> {
  const refuse = (what: string) =>
    invalidOption(where, 'encryptionKeys', what, ENCRYPTION_KEYS_RANGE)
  const list = typeof given === 'string' ? given.split(',').map((each) => each.trim()) : given
  if (!Array.isArray(list)) throw refuse('no list')
  if (list.length === 0 || list.length > MAX_KEYS) throw refuse(`a list of ${list.length}`)
  const keys = new Map<string, KeyObject>()
  for (const [index, each] of (list as readonly unknown[]).entries()) {
    const { id, key } = partsOf(each)
    const which = `key ${index + 1} of ${list.length}`
    if (id === undefined || !ID.test(id)) throw refuse(`${which}, with no such id`)
    if (keys.has(id)) throw refuse(`${which}, with the id of another`)
    const bytes = bytesOf(key)
    if (bytes?.length !== KEY_BYTES) throw refuse(`${which}, not of 32 bytes`)
    keys.set(id, createSecretKey(bytes))
  }
  return keys
}

function partsOf(given: unknown): { id: string | undefined; key: unknown } {
  if (typeof given === 'string') {
    const colon = given.indexOf(':')
    return { id: given.slice(0, Math.max(0, colon)), key: given.slice(colon + 1) }
  }
  const { id, key } = (given ?? {}) as Partial<EncryptionKey>
  return { id: typeof id === 'string' ? id : undefined, key }
}

const HEX = /^[0-9a-f]{64}$/i
const BASE64 = /^[\w+/-]{43}=?$/

function bytesOf(key: unknown): Buffer | undefined {
  if (key instanceof Uint8Array) return Buffer.from(key)
  if (typeof key !== 'string') return undefined
  if (HEX.test(key)) return Buffer.from(key, 'hex')
  return BASE64.test(key) ? Buffer.from(key, 'base64') : undefined
}
