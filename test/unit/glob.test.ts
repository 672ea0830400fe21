import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseGlob } from '../../src/core/glob.js'
import { optionInvalid } from '../support/option-invalid.js'

const matches = (pattern: string, key: string) => parseGlob(pattern, 'test').matches(key)

describe('patterns over keys', () => {
  it.each([
    ['user:*', 'user:42', true],
    ['user:*', 'user:', true],
    ['user:*', 'users:42', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['?', 'a', true],
    ['?', '\u{1f600}', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*:posts:*', 'user:42:posts:1', true],
    ['*a*b*c', 'xxaxxbxxc', true],
    ['*a*b*c', 'xxaxxbxx', false],
    ['[abc]', 'b', true],
    ['[a-c]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['[c-a]', 'b', true],
    ['[a\\]b]', ']', true],
    ['[-a]', '-', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\', '\\', true],
    ['a.b', 'axb', false],
    ['(a+)+$', '(a+)+$', true],
  ])('%j and %j: %s', (pattern, key, expected) => {
    expect(matches(pattern, key)).toBe(expected)
  })

  it('know their literal beginning, and whether that is all they say', () => {
    const facts = (pattern: string) => {
      const { prefix, isPrefix } = parseGlob(pattern, 'test')
      return [prefix, isPrefix]
    }
    expect(facts('user:*')).toEqual(['user:', true])
    expect(facts('a\\*b*')).toEqual(['a*b', true])
    expect(facts('\u{1f600}**')).toEqual(['\u{1f600}', true])
    expect(facts('*')).toEqual(['', true])
    expect(facts('user:42')).toEqual(['user:42', false])
    expect(facts('user:?*')).toEqual(['user:', false])
    expect(facts('a*b')).toEqual(['a', false])
  })

  it('match what a regular expression matches', () => {
    const part = fc.constantFrom('*', '?', 'a', 'b', '.', '\u{1f600}')
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), fc.array(part), (glob, key) => {
        const toRegExp = { '*': '.*', '?': '.' } as Record<string, string>
        const source = glob.map((each) => toRegExp[each] ?? each.replace('.', '\\.')).join('')
        const expected = new RegExp(`^${source}$`, 'su').test(key.join(''))
        expect(matches(glob.join(''), key.join(''))).toBe(expected)
      }),
    )
  })

  it('take no more time than pattern times key, however many stars', () => {
    expect(matches(`${'a*'.repeat(500)}b`, 'a'.repeat(1_000))).toBe(false)
  })

  it.each(['', '[a', 'x'.repeat(1_025), 5, undefined])('refuse %j by name', (pattern) => {
    expect(() => parseGlob(pattern, 'invalidatePattern')).toThrow(
      optionInvalid(/invalidatePattern.*'pattern'.*1 to 1024/),
    )
  })
})
