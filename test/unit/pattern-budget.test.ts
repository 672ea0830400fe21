/** Patterns of strangers: those of applications pass, those that take long to make do not. */
import { describe, expect, it } from 'vitest'
import { PatternBudget } from '../../src/codecs/pattern-budget.js'

const TOO_LONG = 'take too long'

describe('the patterns of an entry', () => {
  it('pass as applications have them', () => {
    const budget = new PatternBudget()
    for (let n = 0; n < 40; n++) budget.spend(`^\\p{Lu}\\p{L}+-${n}$`, 'u')
    budget.spend('^\\p{RGI_Emoji}$', 'v')
    for (let n = 0; n < 1_000; n++) budget.spend(`^/users/${n}/[a-z]+\\p{L}`, 'gi')
  })

  it('count once where they are equal', () => {
    const budget = new PatternBudget()
    for (let n = 0; n < 1_000; n++) budget.spend('\\p{L}'.repeat(20), 'u')
    expect(() => budget.spend('\\p{L}'.repeat(170), 'u')).toThrow(TOO_LONG)
  })

  it.each([
    ['\\p{L}'.repeat(200), 'u'],
    ['[^\\P{L}]'.repeat(200), 'vi'],
    ['[\\p{RGI_Emoji}]'.repeat(3), 'vi'],
    ['x'.repeat(5_000), 'u'],
  ])('are too much: %.20s with %s', (source, flags) => {
    expect(() => new PatternBudget().spend(source, flags)).toThrow(TOO_LONG)
  })
})
