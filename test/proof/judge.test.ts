/** The judge on evidence made by hand: what it must accuse, and what it must let pass. */
import { expect, it } from 'vitest'
import { BOUND_MS, judge } from './judge.js'
import type { Evidence, Invalidation, Sighting } from './messages.js'

const NOTHING: Evidence = {
  sightings: [],
  invalidations: [],
  failed: 0,
  misses: 0,
  stillLoadsMs: [],
  straddling: 0,
  errors: [],
}
const INVALIDATION: Invalidation = {
  keys: ['k'],
  beganMs: 1_000,
  confirmedMs: 1_010,
  isApplied: false,
}

/** The process 0 has invalidated `k`; the process `by` saw a value of it. */
function judged(
  by: number,
  loadedAtMs: number,
  lastBeganMs: number,
  { key = 'k', isApplied = false } = {},
) {
  const sighting: Sighting = { key, loadedAtMs, lastBeganMs, gets: 1 }
  const told: Evidence[][] = [
    [{ ...NOTHING, invalidations: [{ ...INVALIDATION, isApplied }] }],
    [NOTHING],
  ]
  told[by]!.push({ ...NOTHING, sightings: [sighting] })
  return judge(told)
}

it('accuses the process that invalidated from the confirmation on', () => {
  expect(judged(0, 999, 1_009).violations).toEqual([])
  const [violation] = judged(0, 999, 1_011).violations
  expect(violation).toMatchObject({ by: 0, invalidatedBy: 0, staleForMs: 1 })
})

it('accuses another process when the bound is over', () => {
  const within = judged(1, 999, 1_010 + BOUND_MS)
  expect(within.violations).toEqual([])
  expect(within.corrections).toEqual([{ confirmedMs: 1_010, staleForMs: [BOUND_MS] }])
  const [violation] = judged(1, 999, 1_011 + BOUND_MS).violations
  expect(violation).toMatchObject({ by: 1, invalidatedBy: 0, staleForMs: BOUND_MS + 1 })
})

it('accuses every process at once where all were waited for', () => {
  const [violation] = judged(1, 999, 1_011, { isApplied: true }).violations
  expect(violation).toMatchObject({ by: 1, staleForMs: 1, invalidation: { isApplied: true } })
  expect(judged(1, 999, 1_009, { isApplied: true }).violations).toEqual([])
})

it('lets pass what was loaded since, and other keys', () => {
  expect(judged(0, 1_000, 9_000).violations).toEqual([])
  expect(judged(1, 1_001, 9_000).violations).toEqual([])
  expect(judged(0, 999, 9_000, { key: 'other' }).violations).toEqual([])
})

it('weighs a value against each invalidation since its load', () => {
  const invalidations = [3_000, 1_000, 2_000].map((beganMs) => {
    return { keys: ['a', 'k'], beganMs, confirmedMs: beganMs + 1, isApplied: false }
  })
  const sighting: Sighting = { key: 'k', loadedAtMs: 1_500, lastBeganMs: 4_500, gets: 7 }
  const told = [[{ ...NOTHING, invalidations }], [{ ...NOTHING, sightings: [sighting] }]]
  const { violations, corrections } = judge(told)
  expect(violations.map((each) => each.invalidation.beganMs)).toEqual([2_000])
  expect(corrections.map(({ staleForMs }) => staleForMs)).toEqual([[0], [2_499], [1_499]])
})
