/** What was confirmed of late is asked for once more where another server is in charge. */
import { describe, expect, it } from 'vitest'
import type { Invalidation } from '../../src/core/log.js'
import {
  MAX_RECENT_KEYS,
  RECENT_MS,
  RecentInvalidations,
} from '../../src/core/recent-invalidations.js'
import { Unconfirmed } from '../../src/core/unconfirmed.js'
import { fakeClock } from '../../src/testing/index.js'

const tag = (name: string): Invalidation => ({ kind: 'tag', tag: name })

function taken(recent: RecentInvalidations) {
  const all = recent.take()
  return {
    keys: all.flatMap(({ keys }) => [...keys.keys()]),
    others: all.flatMap(({ others }) => others),
  }
}

describe('what was confirmed of late', () => {
  it('is kept for as long as a server is trusted unheard, and handed out once', async () => {
    const clock = fakeClock()
    const recent = new RecentInvalidations(clock)
    recent.noteKey('a', undefined)
    recent.noteOthers([tag('t')])
    await clock.advance(RECENT_MS - 1)
    recent.noteKey('b', undefined)
    await clock.advance(RECENT_MS - 1)
    recent.noteKey('c', undefined)
    expect(taken(recent)).toEqual({ keys: ['a', 'b', 'c'], others: [tag('t')] })
    expect(taken(recent)).toEqual({ keys: [], others: [] })
  })

  it('is forgotten then', async () => {
    const clock = fakeClock()
    const recent = new RecentInvalidations(clock)
    recent.noteKey('a', undefined)
    await clock.advance(2 * RECENT_MS)
    recent.noteKey('b', undefined)
    expect(taken(recent)).toEqual({ keys: ['b'], others: [] })
  })

  it('is everything where it was too much', () => {
    const recent = new RecentInvalidations(fakeClock())
    for (let i = 0; i < MAX_RECENT_KEYS; i++) recent.noteKey(`k${i}`, undefined)
    recent.noteKey('k0', undefined)
    expect(taken(recent).keys).toHaveLength(MAX_RECENT_KEYS)
    for (let i = 0; i <= MAX_RECENT_KEYS + 5; i++) recent.noteKey(`k${i}`, undefined)
    expect(taken(recent)).toEqual({ keys: [], others: [{ kind: 'all' }] })
  })

  it('counts as not confirmed where it is doubted, and else as done', async () => {
    const clock = fakeClock()
    const removed: string[] = []
    const told: Invalidation[] = []
    const unconfirmed = new Unconfirmed({
      clock,
      random: () => 0.5,
      isAway: () => false,
      remove: (storeKey) => removed.push(storeKey),
      tell: (invalidations) => told.push(...invalidations),
    })
    unconfirmed.confirmedKey('a', undefined)
    unconfirmed.confirmedOthers([tag('t')])
    await clock.advance(2_000)
    expect([removed, told, unconfirmed.count]).toEqual([[], [], 0])
    unconfirmed.doubtRecent()
    expect(unconfirmed.count).toBe(2)
    unconfirmed.repeat()
    expect([removed, told]).toEqual([['a'], [tag('t')]])
    unconfirmed.end()
  })
})
