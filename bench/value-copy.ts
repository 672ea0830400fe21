/**
 * Copying a value on its way into the cache: the walk that copies, checks, weighs and freezes in
 * one, against a frozen spread at each level, which does no more than copy, and against
 * structuredClone.
 */
import { admit } from '../src/core/value.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const ROWS = 1_024
const CALLS: Record<string, number> = { '100 B': 500_000, '2 KB': 30_000 }

function subject(copy: (row: Row) => Row): StartSubject {
  return async (setting) => {
    const size = setting.params.size as Size
    const rows = Array.from({ length: ROWS }, (_, id) => makeRow(size, id))
    const content = digest(rows.map(copy))
    const calls = setting.tiny ? ROWS : CALLS[size]!
    const loop = () => {
      let sum = 0
      for (let call = 0; call < calls; call++) sum += copy(rows[call % ROWS]!).id
      return sum
    }
    return { run: () => timed(calls, content, loop), stop: async () => {} }
  }
}

function frozenSpread<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(frozenSpread)) as T
  const copy = { ...value } as Record<string, unknown>
  for (const name in copy) {
    const part = copy[name]
    if (typeof part === 'object') copy[name] = frozenSpread(part)
  }
  return Object.freeze(copy) as T
}

export const subjects = {
  admit: subject((row) => admit(row).value as Row),
  'frozen spread': subject(frozenSpread),
  structuredClone: subject((row) => structuredClone(row)),
}

export const bench: Bench = {
  name: 'value-copy',
  says:
    'Copying, checking, weighing and freezing a value (`admit`) against a frozen spread at each ' +
    'level and against structuredClone.',
  async run(lab) {
    const rows = []
    for (const size of Object.keys(CALLS)) {
      for (const bare of ['frozen spread', 'structuredClone']) {
        const compared = await lab.compare({
          case: `${size}, against ${bare}`,
          params: { size },
          bare: [bare],
          ours: [{ subject: 'admit' }],
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
