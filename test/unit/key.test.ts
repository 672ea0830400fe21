import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkNamespace, decodeKey, encodeKey, MAX_KEY_BYTES } from '../../src/core/key.js'

/** Any UTF-16, and often what the format treats in its own way. */
const anyKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(
      fc.constantFrom('~', '~e', '~h', '{', '}', '\\', '\\u', '\\u007b', '\ud800', '\udc00', 'a'),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
)
const encode = (key: string) => encodeKey(key, 'hash')

const ODD_KEYS = {
  empty: '',
  space: ' ',
  newline: 'line\nbreak\r\n',
  NUL: 'nul\0byte',
  emoji: '🧊 ice',
  proto: '__proto__',
  constructor: 'constructor',
  'a glob': 'user:*[a-z]?',
  colons: 'a:b::c',
  'a lone high surrogate': '\ud800',
  'a lone low surrogate': '\udfff',
  'two lone surrogates the wrong way round': '\udc00\ud800',
  'a hash tag': '{tag}:rest',
  'a tilde first': '~e',
  'what an escape looks like': '~e\\u007b',
  'a backslash': 'back\\slash',
  'a backslash and a brace': '\\u007b{',
}

describe('keys', () => {
  it.each(Object.entries(ODD_KEYS))('%s comes back as it was', (_, key) => {
    expect(decodeKey(encode(key))).toBe(key)
    expect(encode(key).isWellFormed()).toBe(true)
  })

  it('are written as they are where that is safe', () => {
    for (const key of [
      '',
      'a:b',
      'line\nbreak',
      'nul\0byte',
      '🧊',
      '__proto__',
      '*?[x]',
      'a~b',
      '\\',
    ])
      expect(encode(key)).toBe(key)
  })

  it('with braces hold none in the store: no cluster hash tag', () => {
    for (const key of ['{a}', '}', '🧊{', 'a{b}c']) expect(encode(key)).not.toMatch(/[{}]/)
  })

  it('never collide and always come back, whatever the string', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (one, other) => {
        expect(decodeKey(encode(one))).toBe(one)
        expect(encode(one).isWellFormed()).toBe(true)
        expect(encode(one) === encode(other)).toBe(one === other)
      }),
      { numRuns: 2_000 },
    )
  })

  it('do not collide with the hash or the escape of another', () => {
    const long = 'x'.repeat(MAX_KEY_BYTES + 1)
    const forged = encode(long)
    expect(encode(forged)).not.toBe(forged)
    expect(encode(encode('{'))).not.toBe(encode('{'))
    expect(decodeKey(encode(forged))).toBe(forged)
  })
})

describe('long keys', () => {
  const limits: [string, string][] = [
    ['ASCII', 'x'.repeat(MAX_KEY_BYTES)],
    ['two bytes each', 'é'.repeat(MAX_KEY_BYTES / 2)],
    ['four bytes each', '🧊'.repeat(MAX_KEY_BYTES / 4)],
  ]
  it.each(limits)('at the limit are kept as they are: %s', (_, key) => {
    expect(encodeKey(key, 'refuse')).toBe(key)
  })

  it.each(limits)('over the limit are hashed: %s', (_, key) => {
    const over = `${key}x`
    const digest = createHash('sha256').update(over, 'utf16le').digest('base64url')
    expect(encode(over)).toBe(`~h${digest}`)
    expect(decodeKey(encode(over))).toBeUndefined()
  })

  it('are told apart by a lone surrogate', () => {
    const long = 'x'.repeat(2_000)
    expect(encode(`${long}\ud800`)).not.toBe(encode(`${long}\ud801`))
    expect(encode(`${long}\ud800`)).not.toBe(encode(`${long}\ufffd`))
  })

  it('are refused where asked, by a named error that shows little of them', () => {
    const key = `secret-${'x'.repeat(MAX_KEY_BYTES)}`
    expect(() => encodeKey(key, 'refuse')).toThrow(
      expect.objectContaining({ code: 'KEY_TOO_LONG', message: expect.stringContaining('1031') }),
    )
    try {
      encodeKey(key, 'refuse')
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200)
    }
  })

  it('stay below the 2 KiB that a store is promised, also escaped', () => {
    for (const unit of ['{', '\ud800', '~', '\\{'])
      for (const count of [1, 100, 341, 512, 1_024])
        expect(encode(unit.repeat(count)).length).toBeLessThan(2_048 - 64 - 64 - 2)
  })
})

describe('what is no key', () => {
  it.each([undefined, null, 42, 1n, {}, [], Symbol('k'), () => 'k'])('is refused: %s', (key) => {
    expect(() => encodeKey(key as string, 'hash')).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    )
  })
})

describe('namespace names', () => {
  it.each(['a', 'users', 'a.b.c', 'v1@2', 'x-y_z', 'a/b+c=', '__proto__', 'x'.repeat(64)])(
    'may be %s',
    (name) => expect(() => checkNamespace(name)).not.toThrow(),
  )
  it.each(['', 'a:b', 'a b', 'a*', 'ü', '🧊', '{a}', 'x'.repeat(65), 'a\n', 42, undefined])(
    'may not be %s',
    (name) =>
      expect(() => checkNamespace(name)).toThrow(
        expect.objectContaining({ code: 'NAMESPACE_INVALID' }),
      ),
  )
})
