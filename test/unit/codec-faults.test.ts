/** Bytes that are not ours, damaged or of the future: a fault by name or a value, never a throw. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIXED_BYTES } from '../../src/codecs/envelope.js'
import { admit } from '../../src/core/value.js'
import { entryCodec } from '../support/entry-codec.js'

const codec = entryCodec()
const FAULTS = [
  ...['foreign', 'version', 'truncated', 'payload'],
  ...['too-large', 'algorithm', 'dictionary', 'key-unknown', 'unsealed', 'tampered'],
]
const FORMS: Record<string, unknown> = {
  JSON: { a: [1, 'two', null] },
  tree: { pad: 'x'.repeat(600), rows: [{ id: 1 }, { id: 2 }] },
  graph: { at: new Date(5), map: new Map([['k', Buffer.from('bytes')]]), n: 2n ** 70n },
  number: 42,
}
const TAGS = ['team:7', 'é']

function encoded(value: unknown, tags: readonly string[] = []): Buffer {
  const meta = { born: 1, freshUntilWallMs: 1e12, graceMs: 0, loadMs: 0, tags }
  return codec.encodeNow({ ...meta, ...admit(value) })
}

const forms = Object.entries(FORMS).flatMap(([name, value]) => [
  [name, encoded(value)] as const,
  [`${name}, tagged`, encoded(value, TAGS)] as const,
])

/** Decodes, and says what came out in one word. */
function outcome(bytes: Uint8Array): string {
  const entry = codec.decodeNow(bytes)
  if (typeof entry !== 'string') return 'value'
  expect(FAULTS).toContain(entry)
  return entry
}

describe.each(forms)('bytes of an entry (%s)', (name, bytes) => {
  it('are a value', () => expect(outcome(bytes)).toBe('value'))

  it('cut short anywhere are a fault', () => {
    for (let length = 0; length < bytes.length; length++) {
      // One digit less is still a number.
      if (name.startsWith('number') && length === bytes.length - 1) continue
      expect(outcome(bytes.subarray(0, length))).not.toBe('value')
    }
    expect(outcome(bytes.subarray(0, 0))).toBe('foreign')
    expect(outcome(bytes.subarray(0, 10))).toBe('truncated')
    expect(outcome(bytes.subarray(0, FIXED_BYTES))).toBe('truncated')
  })

  it('with any bit flipped are a fault or a value', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      outcome(flipped)
    }
  })

  it('of another version are told apart', () => {
    for (const version of [0, 2, 3, 4, 5, 6, 7]) {
      const other = Buffer.from(bytes)
      other[1] = (version << 5) | (other[1]! & 31)
      expect(outcome(other)).toBe('version')
    }
  })

  it('that only claim to be compressed or encrypted are a fault', () => {
    for (const flag of [2, 4, 6]) {
      const other = Buffer.from(bytes)
      other[1]! |= flag
      expect(outcome(other)).not.toBe('value')
    }
  })

  it('with an unknown serializer are told apart', () => {
    const other = Buffer.from(bytes)
    other[1]! |= 3 << 3
    expect(outcome(other)).toBe('version')
  })

  it('with more after them are a fault, or the same value', () => {
    const longer = Buffer.concat([bytes, Buffer.from('}')])
    expect(outcome(longer)).toBe('payload')
  })
})

describe('bytes of others', () => {
  it.each(['', '{"a":1}', 'hello', '\x80\x04pickle', 'null', '\0', 'S', 'F', 'FF'])(
    '%j',
    (text) => {
      expect(outcome(Buffer.from(text, 'latin1'))).not.toBe('value')
    },
  )

  it('of any kind never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void outcome(bytes)),
      {
        numRuns: 5_000,
      },
    )
  })

  it('behind an envelope of ours never throw, for any serializer', () => {
    const payloads = fc.uint8Array({ minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        payloads,
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (payload, kind, tagged) => {
          const head = encoded(1).subarray(0, FIXED_BYTES)
          head[1] = (1 << 5) | (kind << 3) | (tagged ? 1 : 0)
          outcome(Buffer.concat([head, payload]))
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('that promise more than they hold do not make room for it', () => {
    const claims = ['dd7fffffff', 'df7fffffff', 'db7fffffff', 'c67fffffff', 'c97fffffff73']
    for (const kind of [0, 2])
      for (const claim of claims) {
        const head = encoded(1).subarray(0, FIXED_BYTES)
        head[1] = (1 << 5) | (kind << 3)
        expect(outcome(Buffer.concat([head, Buffer.from(claim, 'hex')]))).toBe('payload')
      }
  })

  it('nested deeper than a value may be are a fault, in whatever is not small', () => {
    const head = encoded({ a: 1 }).subarray(0, FIXED_BYTES)
    const nested = (open: string, close: string, levels: number) =>
      Buffer.concat([head, Buffer.from(`${open.repeat(levels)}1${close.repeat(levels)}`)])
    for (const [open, close, levels] of [
      ['[', ']', 1_000],
      ['{"a":', '}', 1_000],
      ['[{"a":0,"b":', '}]', 500],
    ] as const) {
      expect(outcome(nested(open, close, levels))).toBe('value')
      expect(outcome(nested(open, close, levels + 1))).toBe('payload')
      expect(outcome(nested(open, close, 50_000))).toBe('payload')
    }
  })

  it('with too many tags for their length are truncated', () => {
    const bytes = encoded(1, ['a'])
    bytes[FIXED_BYTES] = 127
    expect(outcome(bytes)).toBe('truncated')
  })
})
