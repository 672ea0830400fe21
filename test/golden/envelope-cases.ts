/**
 * Entries whose bytes are held in envelope-v1/, one file each: what is in the stores of running
 * systems must stay readable, and must be written the same. A case is added here and its file by
 * hand, out of the message of the failing test; bytes that are there are never changed.
 */
import type { EntryMeta } from '../../src/core/contracts.js'

export interface EnvelopeCase {
  readonly says: string
  readonly meta: EntryMeta
  readonly value: unknown
}

const META: EntryMeta = {
  born: 7,
  freshUntilWallMs: Date.UTC(2026, 0, 1),
  graceMs: 3_600_000,
  loadMs: 42,
  tags: [],
}

export const ENVELOPE_CASES: Readonly<Record<string, EnvelopeCase>> = {
  number: { says: 'a number, as a counter is', meta: META, value: 42 },
  null: { says: 'null: known to be absent', meta: { ...META, loadMs: 0 }, value: null },
  record: {
    says: 'a small plain record, in JSON',
    meta: META,
    value: { id: 42, name: 'Ann Ö', tags: ['a', null, true], '': -1.5 },
  },
  tagged: {
    says: 'tags, one of them empty and one beyond ASCII',
    meta: { ...META, tags: ['team:7', '', 'é🧊'] },
    value: 'tagged',
  },
  'for-ever': {
    says: 'no end, no grace',
    meta: { ...META, freshUntilWallMs: Number.POSITIVE_INFINITY, graceMs: 0 },
    value: true,
  },
  'large-numbers': {
    says: 'what needs every digit of the head',
    meta: {
      born: 2 ** 42 - 2,
      freshUntilWallMs: 2 ** 42 - 3,
      graceMs: 2_592_000_000,
      loadMs: 16_383,
      tags: [],
    },
    value: 0,
  },
  text: {
    says: 'what only JSON keeps: a lone surrogate, an own __proto__',
    meta: META,
    value: JSON.parse('{"__proto__":"\\ud800","pad":"\\udc00"}'),
  },
  rows: {
    says: 'rows of one shape, in msgpack with records',
    meta: META,
    value: Array.from({ length: 24 }, (_, id) => ({ id, name: `city ${id}`, big: id % 2 === 0 })),
  },
  builtins: {
    says: 'what plain data cannot hold',
    meta: META,
    value: {
      at: new Date(Date.UTC(2026, 0, 1)),
      map: new Map<unknown, unknown>([['k', new Set([1, 'a'])]]),
      bytes: Buffer.from('bytes'),
      floats: new Float64Array([1.5, Number.NaN]),
      big: 2n ** 70n,
      url: new URL('https://example.org/a?b#c'),
      pattern: /a+/gi,
      none: undefined,
      numbers: [-0, Number.POSITIVE_INFINITY, Number.NaN],
    },
  },
  errors: {
    says: 'errors with what hangs on them, in a table',
    meta: META,
    value: [stackless(new RangeError('r', { cause: 'c' })), manyErrors()],
  },
  cycle: { says: 'a cycle and a shared reference', meta: META, value: cycle() },
}

function cycle(): object {
  const part = { n: 1 }
  const value: Record<string, unknown> = { first: part, again: part }
  value.self = value
  return value
}

function manyErrors(): Error {
  const part = Object.assign(stackless(new TypeError('part')), { code: 'E_PART', status: 404n })
  const many = stackless(new AggregateError([part, 'text'], 'many'))
  return Object.assign(many, { name: 'Many', first: part })
}

/** The stack has paths of this machine. */
function stackless<E extends Error>(error: E): E {
  Reflect.deleteProperty(error, 'stack')
  return error
}
