import { describe, expect, it } from 'vitest'
import { MAX_PREFIXES, Mirror } from '../../src/coherence/mirror.js'
import type { Invalidation, PrefixSeq } from '../../src/core/log.js'
import { softNamespace, softTag } from '../../src/core/soft.js'

const tag = (name: string): Invalidation => ({ kind: 'tag', tag: name })
const prefix = (text: string, namespace = ''): Invalidation => ({
  kind: 'prefix',
  namespace,
  prefix: text,
})

function mirrorAt(head: number, maxTags?: number, prefixes: PrefixSeq[] = []) {
  const guard = { generation: 1, leaseUntilMs: 0 }
  const mirror = new Mirror({ guard, ...(maxTags === undefined ? {} : { maxTags }) })
  mirror.reset({ head, floor: 0, prefixes })
  return { mirror, guard }
}

describe('the mirror', () => {
  it('judges by tag: what was born before its newest record is out of date', () => {
    const { mirror } = mirrorAt(10)
    mirror.apply(11, [tag('t')])
    mirror.apply(12, [tag('other')])
    const judge = (born: number) => mirror.judge('', 'k', ['t'], born)
    expect([judge(10), judge(11), judge(12)]).toEqual(['invalidated', 'current', 'current'])
    expect(mirror.judge('', 'k', undefined, 10)).toBe('current')
  })

  it('does not know the past of a tag that it never heard of', () => {
    const { mirror } = mirrorAt(10)
    expect(mirror.judge('', 'k', ['t'], 9)).toBe('unknown')
    expect(mirror.judge('', 'k', ['t'], 10)).toBe('current')
    const names = ['t', softTag('t'), 'u', softTag('u')]
    expect(mirror.unknownTags(['t', 'u'], 9)).toEqual(names)
    mirror.learn(names, [8, 0, 0, 0], 10)
    expect(mirror.judge('', 'k', ['t', 'u'], 7)).toBe('invalidated')
    expect(mirror.judge('', 'k', ['t', 'u'], 8)).toBe('current')
    expect(mirror.unknownTags(['t', 'u'], 7)).toEqual([])
  })

  it('judges by soft names as well, which never make anything worse than stale', () => {
    const { mirror } = mirrorAt(10)
    const judge = (born: number, tags = ['t']) => mirror.judge('n', 'k1', tags, born)
    mirror.apply(11, [tag(softTag('t'))])
    expect([judge(10), judge(11)]).toEqual(['soft', 'current'])
    mirror.apply(12, [tag('t')])
    expect([judge(10), judge(11), judge(12)]).toEqual(['invalidated', 'invalidated', 'current'])
    mirror.apply(13, [{ kind: 'prefix', namespace: softNamespace('n'), prefix: 'k' }])
    expect([judge(11), judge(12), judge(13)]).toEqual(['invalidated', 'soft', 'current'])
    expect(mirror.judge('other', 'k1', [], 12)).toBe('current')
    expect(judge(9, ['u'])).toBe('unknown')
    mirror.learn(['u', softTag('u')], [0, 10], 13)
    expect([judge(9, ['u']), judge(13, ['u'])]).toEqual(['soft', 'current'])
  })

  it('keeps the newer of what it learns and what it applied', () => {
    const { mirror } = mirrorAt(10)
    mirror.apply(11, [tag('t')])
    mirror.learn(['t'], [0], 10)
    expect(mirror.judge('', 'k', ['t'], 10)).toBe('invalidated')
  })

  it('lets the tag go that it heard of longest ago, and asks again', () => {
    const { mirror } = mirrorAt(10, 2)
    mirror.apply(11, [tag('a')])
    mirror.apply(12, [tag('b')])
    mirror.apply(13, [tag('a')])
    mirror.apply(14, [tag('c')])
    expect(mirror.tagCount).toBe(2)
    expect(mirror.judge('', 'k', ['b'], 11)).toBe('unknown')
    expect(mirror.judge('', 'k', ['b'], 12)).toBe('current')
    expect(mirror.judge('', 'k', ['a'], 12)).toBe('invalidated')
  })

  it('does not learn what may be older than what it has let go of', () => {
    const { mirror } = mirrorAt(10, 1)
    mirror.apply(11, [tag('a')])
    mirror.apply(12, [tag('b')])
    // The answer was on its way while the record of `a` came and went.
    mirror.learn(['a'], [0], 10)
    expect(mirror.judge('', 'k', ['a'], 10)).toBe('unknown')
  })

  it('judges by prefix, in its namespace alone', () => {
    const { mirror } = mirrorAt(10)
    mirror.apply(11, [prefix('user:'), prefix('', 'n')])
    expect(mirror.judge('', 'user:1', undefined, 10)).toBe('invalidated')
    expect(mirror.judge('', 'user:', undefined, 10)).toBe('invalidated')
    expect(mirror.judge('', 'user', undefined, 10)).toBe('current')
    expect(mirror.judge('', 'user:1', undefined, 11)).toBe('current')
    expect(mirror.judge('n', 'anything', undefined, 10)).toBe('invalidated')
    expect(mirror.judge('n.m', 'user:1', undefined, 10)).toBe('current')
  })

  it('begins with the prefixes of the log', () => {
    const { mirror } = mirrorAt(10, undefined, [{ namespace: '', prefix: 'a', seq: 9 }])
    expect(mirror.judge('', 'ab', undefined, 8)).toBe('invalidated')
    expect(mirror.judge('', 'ab', undefined, 9)).toBe('current')
  })

  it('raises the floor where there are too many prefixes', () => {
    const { mirror } = mirrorAt(0)
    for (let seq = 1; seq <= MAX_PREFIXES + 1; seq++) mirror.apply(seq, [prefix(`p${seq}:`)])
    expect([mirror.prefixCount, mirror.floor]).toEqual([MAX_PREFIXES, 1])
    expect(mirror.judge('', 'p1:x', undefined, 0)).toBe('invalidated')
    expect(mirror.judge('', 'unrelated', undefined, 0)).toBe('invalidated')
    expect(mirror.judge('', 'unrelated', undefined, 1)).toBe('current')
  })

  it('everything is a floor', () => {
    const { mirror } = mirrorAt(10)
    mirror.apply(11, [{ kind: 'all' }])
    expect([10, 11].map((born) => mirror.judge('n', 'k', undefined, born))).toEqual([
      'invalidated',
      'current',
    ])
  })

  it('takes what is about to be invalidated for invalidated', () => {
    const { mirror } = mirrorAt(10)
    const judge = (key: string, tags?: string[]) => mirror.judge('', key, tags, 10)
    const undo = [
      mirror.anticipate([tag('t'), prefix('p'), { kind: 'key', namespace: '', key: 'k' }]),
      mirror.anticipate([tag('t')]),
      mirror.anticipate([{ kind: 'all' }]),
    ]
    expect([judge('k', ['t']), judge('px'), judge('k')]).toEqual(Array(3).fill('invalidated'))
    undo[2]!()
    expect([judge('k', ['t']), judge('px'), judge('k')]).toEqual([
      'invalidated',
      'invalidated',
      'current',
    ])
    undo[0]!()
    expect([judge('k', ['t']), judge('px')]).toEqual(['invalidated', 'current'])
    undo[1]!()
    expect(judge('k', ['t'])).toBe('current')
  })

  it('tells memory to judge anew for all but keys', () => {
    const { mirror, guard } = mirrorAt(10)
    const before = guard.generation
    mirror.apply(11, [{ kind: 'key', namespace: '', key: 'k' }])
    expect(guard.generation).toBe(before)
    mirror.apply(12, [tag('t')])
    mirror.apply(13, [prefix('p')])
    mirror.apply(14, [{ kind: 'all' }])
    mirror.raiseFloor(14)
    expect(guard.generation).toBe(before + 3)
    mirror.raiseFloor(15)
    expect(guard.generation).toBe(before + 4)
    mirror.anticipate([{ kind: 'key', namespace: '', key: 'k' }])()
    expect(guard.generation).toBe(before + 4)
    mirror.anticipate([tag('t')])()
    expect(guard.generation).toBe(before + 5)
  })

  it('takes any string for a name', () => {
    const { mirror } = mirrorAt(1)
    const odd = ['*', '__proto__', '', 'constructor', '\ud800']
    mirror.apply(2, odd.map(tag))
    mirror.apply(
      3,
      odd.map((text) => prefix(text, text)),
    )
    for (const name of odd) {
      expect(mirror.judge('', 'k', [name], 1)).toBe('invalidated')
      expect(mirror.judge(name, `${name}x`, undefined, 2)).toBe('invalidated')
    }
    expect(mirror.judge('z', 'k', ['toString'], 1)).toBe('current')
  })
})
