import { describe, expect, it } from 'vitest'
import { Invalidations } from '../../src/core/invalidations.js'
import { resolveCacheOptions } from '../../src/core/options.js'
import type { Space } from '../../src/core/space.js'
import { SpaceCounters } from '../../src/core/space-counters.js'
import { noMemory } from '../../src/memory/index.js'
import { entryCodec } from '../support/entry-codec.js'

function space(name = ''): Space {
  return {
    name,
    storePrefix: `cw:${name}:`,
    policy: resolveCacheOptions({}).policy,
    schema: undefined,
    codec: entryCodec().codec,
    memory: noMemory.partition(name),
    counters: new SpaceCounters(),
    gathering: { tick: -1, reads: new Map() },
    clearedAt: 0,
  }
}

describe('invalidations', () => {
  it('fence what began before them, for their key alone', () => {
    const known = new Invalidations()
    const born = known.beginLoad()
    expect(known.isCurrent(space(), 'a', born)).toBe(true)
    known.note('a')
    expect(known.isCurrent(space(), 'a', born)).toBe(false)
    expect(known.isCurrent(space(), 'b', born)).toBe(true)
    expect(known.isCurrent(space(), 'a', known.beginLoad())).toBe(true)
  })

  it('let pass what began after the last of them', () => {
    const known = new Invalidations()
    known.beginRead()
    known.note('a')
    const born = known.beginLoad()
    known.note('b')
    expect(known.isCurrent(space(), 'a', born)).toBe(true)
    known.note('a')
    expect(known.isCurrent(space(), 'a', born)).toBe(false)
  })

  it('of a namespace fence all its keys, and no others', () => {
    const known = new Invalidations()
    const [cleared, other] = [space('x'), space('y')]
    const born = known.beginLoad()
    known.noteSpace(cleared)
    expect(known.isCurrent(cleared, 'a', born)).toBe(false)
    expect(known.isCurrent(other, 'a', born)).toBe(true)
    known.note('z')
    expect(known.isCurrent(cleared, 'a', known.beginLoad())).toBe(true)
  })

  it('fence loads that run beside others, and reads, whichever ends first', () => {
    const known = new Invalidations()
    const [load, read] = [known.beginLoad(), known.beginRead()]
    known.beginLoad()
    known.endLoad()
    known.note('a')
    known.endRead()
    known.note('b')
    expect(['a', 'b', 'c'].map((key) => known.isCurrent(space(), key, load))).toEqual([
      false,
      false,
      true,
    ])
    expect(known.isCurrent(space(), 'a', read)).toBe(false)
  })

  it('that came while nothing was under way fence nothing that begins later', () => {
    const known = new Invalidations()
    known.beginRead()
    known.endRead()
    known.note('a')
    expect(known.isCurrent(space(), 'a', known.beginLoad())).toBe(true)
  })

  it('are told of a fill only while a read is under way', () => {
    const known = new Invalidations()
    const load = known.beginLoad()
    known.noteFill('a')
    expect(known.isCurrent(space(), 'a', load)).toBe(true)
    const read = known.beginRead()
    known.noteFill('a')
    expect(known.isCurrent(space(), 'a', read)).toBe(false)
    known.endRead()
  })

  it('remember at least the last 32 768 keys', () => {
    const known = new Invalidations()
    const born = known.beginLoad()
    known.note('a')
    for (let i = 0; i < 32_768; i++) known.note(`k${i}`)
    expect(known.isCurrent(space(), 'a', born)).toBe(false)
  })

  it('refuse what is older than they remember, also for keys that were never invalidated', () => {
    const known = new Invalidations()
    const born = known.beginLoad()
    for (let i = 0; i < 2 * 32_768 + 1; i++) known.note(`k${i}`)
    expect(known.isCurrent(space(), 'never', born)).toBe(false)
    expect(known.isCurrent(space(), 'k0', born)).toBe(false)
    expect(known.isCurrent(space(), 'never', known.beginLoad())).toBe(true)
  })

  it('never trust too much, however many there were', () => {
    const known = new Invalidations()
    const begun: [key: string, born: number][] = []
    for (let i = 0; i < 150_000; i++) {
      const key = `k${i % 50_000}`
      if (i % 997 === 0) begun.push([key, known.beginLoad()])
      known.note(key)
    }
    for (const [key, born] of begun) expect(known.isCurrent(space(), key, born)).toBe(false)
  })
})
