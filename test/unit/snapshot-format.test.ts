/** The bytes of a snapshot: damaged anywhere, cut anywhere, grown or forged, it is none. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  entryBytes,
  headBytes,
  openSnapshot,
  type Snapshot,
  type SnapshotFault,
} from '../../src/core/warm-restart/snapshot-format.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { mutated } from '../support/mutated-bytes.js'

const HEAD = { prefix: 'cw', token: 'epoch-1.42', wallMs: 1_767_225_600_000 }
const ENTRIES: readonly (readonly [string, string, number, Buffer])[] = [
  ['', 'hottest', 120, Buffer.from('first')],
  ['users.active', 'clé 🔑', 9_000, Buffer.from([0, 255, 7])],
  ['n', '', 80, Buffer.alloc(0)],
]

function signed(...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

const WHOLE = signed(headBytes('values', HEAD), ...ENTRIES.map((each) => entryBytes(...each)))
const open = (bytes: Uint8Array, kind: 'values' | 'names' = 'values', prefix = 'cw') =>
  openSnapshot(bytes, kind, prefix)

function contentOf(snapshot: Snapshot | SnapshotFault): unknown {
  if (typeof snapshot === 'string') return snapshot
  const { count, prefix, token, wallMs } = snapshot
  const entries = Array.from({ length: count }, (_, i) => Object.values(snapshot.entryAt(i)))
  return { head: { prefix, token, wallMs }, entries }
}

describe('a snapshot', () => {
  it('comes back as it was', async () => {
    expect(contentOf(await open(WHOLE))).toEqual({ head: HEAD, entries: ENTRIES })
  })

  it('is of one cache and of one kind', async () => {
    expect(await open(WHOLE, 'names')).toBe('foreign')
    expect(await open(WHOLE, 'values', 'c')).toBe('foreign')
  })

  it('is none with any byte changed in any bit', async () => {
    for (let at = 0; at < WHOLE.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = Buffer.from(WHOLE)
        bytes[at]! ^= 1 << bit
        expect(await open(bytes), `byte ${at}`).toBeTypeOf('string')
      }
    }
  })

  it('is none cut short anywhere, or with anything behind it', async () => {
    for (let length = 0; length < WHOLE.length; length++)
      expect(await open(WHOLE.subarray(0, length)), `${length} bytes`).toBeTypeOf('string')
    expect(await open(Buffer.concat([WHOLE, Buffer.of(0)]))).toBe('damaged')
    expect(await open(Buffer.concat([WHOLE, WHOLE]))).toBe('damaged')
  })

  it('of a newer version is told apart, whatever it holds', async () => {
    const bytes = Buffer.from(WHOLE)
    bytes[6] = 2
    expect(await open(bytes)).toBe('version')
  })

  it('with a right sum and wrong insides is none, or one of its own length', async () => {
    const random = seededRandom(11)
    const body = WHOLE.subarray(0, -32)
    const source = { bytes: body, places: [8, 9, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80] }
    const outcomes = new Set<string>()
    for (let run = 0; run < 20_000; run++) {
      const snapshot = await open(signed(mutated(random, source, body)))
      outcomes.add(typeof snapshot === 'string' ? snapshot : 'a snapshot')
      // Whatever it says, reading all of it neither throws nor leaves the bytes.
      expect(() => contentOf(snapshot)).not.toThrow()
    }
    expect([...outcomes].sort()).toEqual(['a snapshot', 'damaged', 'foreign', 'version'])
  })

  it('is walked in slices, however many entries it has', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => entryBytes('', `k${i}`, 1, Buffer.of(1)))
    const bytes = signed(
      headBytes('names', HEAD),
      ...many,
      entryBytes('', 'big', 1, Buffer.alloc(3e6)),
    )
    let turns = 0
    const count = () => {
      turns++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const snapshot = (await open(bytes, 'names')) as Snapshot
    clearImmediate(counting)
    expect([snapshot.count, snapshot.entryAt(9_999).key]).toEqual([10_001, 'k9999'])
    expect(turns).toBeGreaterThan(3)
  })
})
