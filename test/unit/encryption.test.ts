/** Sealed entries: what opens, what does not, and what never shows. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { KeyRing } from '../../src/codecs/encryption/key-ring.js'
import { seal, unseal } from '../../src/codecs/encryption/sealed-payload.js'
import { BORN_OFFSET, FIXED_BYTES } from '../../src/codecs/envelope.js'
import type { EntryMeta } from '../../src/core/codec.js'
import type { EncryptionKeys } from '../../src/core/encryption-keys.js'
import { isCacheError } from '../../src/core/errors.js'
import { admit } from '../../src/core/value.js'
import { entryCodec, KEY } from '../support/entry-codec.js'
import { ALL_VALUES, isSame } from './odd-values.js'

const KEYS = [1, 2, 3].map((n) => ({ id: `k${n}`, key: randomBytes(32) })) as [
  { id: string; key: Buffer },
  { id: string; key: Buffer },
  { id: string; key: Buffer },
]
const [FIRST, SECOND] = KEYS
const META: EntryMeta = { born: 7, freshUntilWallMs: 1e12, graceMs: 5, loadMs: 1, tags: ['t'] }
const SECRET = { token: 'the secret of this session', at: new Date(5) }

const sealing = (encryptionKeys: EncryptionKeys = [FIRST]) =>
  entryCodec({ encrypt: true, encryptionKeys })
const bytesOf = (value: unknown, codec = sealing(), key = KEY) =>
  codec.encodeNow({ ...META, ...admit(value) }, key)

describe('a sealed entry', () => {
  it.each(Object.entries(ALL_VALUES))('comes back the same: %s', (_, value) => {
    const codec = sealing()
    const entry = codec.entryOf(bytesOf(value, codec))
    expect(isSame(entry.value, admit(value).value)).toBe(true)
    expect(entry).toMatchObject(META)
  })

  it('shows nothing of its value', () => {
    const bytes = bytesOf(SECRET)
    expect(bytes.includes('secret')).toBe(false)
    expect(bytes.includes('token')).toBe(false)
  })

  it('does not open under another key of the store', () => {
    const bytes = bytesOf(SECRET)
    expect(sealing().decodeNow(bytes, KEY)).toBeTypeOf('object')
    for (const key of ['p:n:l', 'p:n:', 'q:n:k', `${KEY}k`, ''])
      expect(sealing().decodeNow(bytes, key)).toBe('tampered')
  })

  it('does not open with a bit changed, but for what scripts may change: state and life', () => {
    const codec = sealing()
    const bytes = bytesOf(SECRET, codec)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const place = bit >> 3
      const isLife = place === 0 || (place > 1 && place < BORN_OFFSET)
      const changed = Buffer.from(bytes)
      changed[place]! ^= 1 << (bit & 7)
      const entry = codec.decodeNow(changed)
      if (!isLife) expect(entry, `bit ${bit}`).toBeTypeOf('string')
      else if (typeof entry === 'object') expect(entry.value).toEqual(SECRET)
    }
  })

  it('does not open cut short anywhere', () => {
    const codec = sealing()
    const bytes = bytesOf(SECRET, codec)
    for (let length = 0; length < bytes.length; length++)
      expect(codec.decodeNow(bytes.subarray(0, length))).toBeTypeOf('string')
  })

  it('takes 37 bytes, its id, and the envelope beside the value', () => {
    const plain = entryCodec().encodeNow({ ...META, tags: [], ...admit('value') })
    const sealed = sealing().encodeNow({ ...META, tags: [], ...admit('value') })
    expect(plain.length).toBe(FIXED_BYTES + '"value"'.length)
    expect(sealed.length).toBe(plain.length + 37 + FIRST.id.length)
  })

  it('never looks the same twice', () => {
    const codec = sealing()
    const seen = new Set(
      Array.from({ length: 10_000 }, () => bytesOf(SECRET, codec).toString('latin1')),
    )
    expect(seen.size).toBe(10_000)
  })

  it('is told from one that is plain, where a namespace encrypts', () => {
    const plain = entryCodec().encodeNow({ ...META, ...admit(SECRET) })
    expect(sealing().decodeNow(plain)).toBe('unsealed')
    const small = entryCodec({ compress: { algorithm: 'gzip', threshold: 64 } })
    const long = { text: 'x'.repeat(500) }
    expect(sealing().decodeNow(small.encodeNow({ ...META, ...admit(long) }))).toBe('unsealed')
  })

  it('opens in a namespace that does not encrypt any more, while the key is there', () => {
    const bytes = bytesOf(SECRET)
    expect(entryCodec({ encryptionKeys: [FIRST] }).entryOf(bytes).value).toEqual(SECRET)
    expect(entryCodec().decodeNow(bytes)).toBe('key-unknown')
  })
})

describe('a ring of keys', () => {
  it('reads with all, writes with the first', () => {
    const before = bytesOf(SECRET, sealing([FIRST]))
    const rotated = sealing([SECOND, FIRST])
    expect(rotated.entryOf(before).value).toEqual(SECRET)
    const after = bytesOf(SECRET, rotated)
    expect(sealing([SECOND]).entryOf(after).value).toEqual(SECRET)
    expect(sealing([FIRST]).decodeNow(after)).toBe('key-unknown')
    expect(sealing([SECOND]).decodeNow(before)).toBe('key-unknown')
  })

  it('does not open with another key of the same id', () => {
    const bytes = bytesOf(SECRET, sealing([FIRST]))
    expect(sealing([{ ...SECOND, id: FIRST.id }]).decodeNow(bytes)).toBe('tampered')
  })

  it('derives another key before one has sealed too much, and opens what each has sealed', () => {
    const ring = new KeyRing([FIRST], 'test', 3)
    const envelope = Buffer.from(bytesOf(1).subarray(0, FIXED_BYTES))
    const sealed = Array.from({ length: 9 }, (_, i) => seal(ring, KEY, envelope, `value ${i}`))
    const saltAt = FIXED_BYTES + 1 + FIRST.id.length
    const salts = sealed.map((bytes) => bytes.subarray(saltAt, saltAt + 8).toString('hex'))
    expect(new Set(salts).size).toBe(3)
    expect(salts[0]).toBe(salts[2])
    const reader = new KeyRing([SECOND, FIRST], 'test')
    const opened = sealed.map((bytes) => String(unseal(reader, KEY, bytes, FIXED_BYTES)))
    expect(opened).toEqual(sealed.map((_, i) => `value ${i}`))
  })

  it('is not filled by salts that strangers invent', () => {
    const ring = new KeyRing([FIRST], 'test')
    const bytes = seal(ring, KEY, Buffer.alloc(FIXED_BYTES), 'value')
    const saltAt = FIXED_BYTES + 1 + FIRST.id.length
    for (let i = 0; i < 3_000; i++) {
      const forged = Buffer.from(bytes)
      forged.writeUInt32BE(i, saltAt)
      expect(unseal(ring, KEY, forged, FIXED_BYTES)).toBe('tampered')
    }
    expect(String(unseal(ring, KEY, bytes, FIXED_BYTES))).toBe('value')
  })

  const text = SECOND.key.toString('base64')
  it.each<[string, EncryptionKeys]>([
    ['base64', [`k2:${text}`]],
    ['base64url', [`k2:${SECOND.key.toString('base64url')}`]],
    ['hex', [{ id: 'k2', key: SECOND.key.toString('hex') }]],
    ['one text', `k2:${text}, k1:${FIRST.key.toString('hex')}`],
  ])('is given as %s', (_, keys) => {
    const bytes = bytesOf(SECRET, sealing(keys))
    expect(sealing([SECOND]).entryOf(bytes).value).toEqual(SECRET)
  })

  it.each<[string, unknown]>([
    ['nothing', []],
    ['an empty text', ''],
    ['a number', 5],
    ['no id', [text]],
    ['an odd id', [{ id: 'a b', key: SECOND.key }]],
    ['a long id', [{ id: 'x'.repeat(17), key: SECOND.key }]],
    ['two of one id', [FIRST, { id: FIRST.id, key: SECOND.key }]],
    ['a short key', [{ id: 'a', key: 'c2hvcnQ=' }]],
    ['a long key', [{ id: 'a', key: randomBytes(33) }]],
    ['null', [null]],
    ['too many', Array.from({ length: 65 }, (_, i) => ({ id: `k${i}`, key: SECOND.key }))],
  ])('refuses %s, and shows no key', (_, keys) => {
    let thrown: unknown
    try {
      sealing(keys as EncryptionKeys)
    } catch (error) {
      thrown = error
    }
    expect(isCacheError(thrown, 'OPTION_INVALID')).toBe(true)
    const { message } = thrown as Error
    expect(message).toContain("option 'encryptionKeys'")
    expect(message).not.toContain(text.slice(0, 8))
    expect(message).not.toContain('c2hvcnQ')
  })

  it('must be there where a namespace encrypts', () => {
    expect(() => entryCodec({ encrypt: true })).toThrowError(/'encrypt' is true.*encryptionKeys/)
  })
})
