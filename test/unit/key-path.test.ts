/** Names for keys that hold their namespaces: none is shared, and a space finds all of its own. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSpace, nameOf, namesIn, pathOf } from '../../src/integrations/key-path.js'

/** Colons and oddities in any order, now and then far too long. */
const anyKey = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('a', 'b', ':', '::', '~', '~e', '~h', '{', '}') },
      { weight: 2, arbitrary: fc.constantFrom('\\', '\\u007b', '\ud800', '\udc00', '🧊', '\0') },
      { weight: 1, arbitrary: fc.constantFrom('k'.repeat(400), '{'.repeat(200), ':'.repeat(900)) },
      { weight: 1, arbitrary: fc.constantFrom('k'.repeat(1_100), 'part:'.repeat(250)) },
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const anySpace = fc
  .array(fc.constantFrom('app', 'users', '{x}', '~', 'é', '\ud800', 'n'.repeat(100)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(':'))

describe('names of paths', () => {
  it('can stand in any store', () => {
    fc.assert(
      fc.property(anySpace, anyKey, (space, key) => {
        const name = nameOf(space, key)
        expect(name.isWellFormed()).toBe(true)
        expect(name).not.toMatch(/[{}]/)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(1_536)
      }),
      { numRuns: 500 },
    )
  })

  it('are never shared, and tell their path unless it is hashed', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        expect(nameOf('app', a) === nameOf('app', b)).toBe(a === b)
        const path = pathOf(nameOf('app', a))
        if (path === undefined) expect(Buffer.byteLength(a)).toBeGreaterThan(200)
        else expect(path).toBe(`app:${a}`)
      }),
      { numRuns: 500 },
    )
  })

  it('begin as those of the space do, for the keys in it and for no others', () => {
    fc.assert(
      fc.property(anySpace, anySpace, anyKey, (space, other, key) => {
        const start = namesIn(space)
        expect(nameOf(space, key).startsWith(start)).toBe(true)
        const isInside = `${other}:${key}`.startsWith(`${space}:`)
        expect(nameOf(other, key).startsWith(start)).toBe(isInside)
      }),
      { numRuns: 500 },
    )
  })

  it('are the same however space and key share the path', () => {
    fc.assert(
      fc.property(anySpace, anySpace, anyKey, (outer, inner, key) => {
        expect(nameOf(`${outer}:${inner}`, key)).toBe(nameOf(outer, `${inner}:${key}`))
      }),
    )
  })

  it.each([[42], [null], [undefined], [{}]])('refuse %j for a key', (key) => {
    expect(() => nameOf('app', key)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  })
})

describe('a space', () => {
  const check = (space: unknown) => () => checkSpace(space, 'here', 'there', space)

  it('takes at most 512 bytes, as it is written', () => {
    expect(check('n'.repeat(511))).not.toThrow()
    expect(check('é'.repeat(255))).not.toThrow()
    const message = expect.stringMatching(/^here: option 'there' is '.*range is .* 512 bytes/)
    for (const space of ['n'.repeat(512), 'é'.repeat(256), '{'.repeat(85), '', 7, undefined]) {
      expect(check(space)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
    expect(check('n'.repeat(512))).toThrow(expect.objectContaining({ message }))
  })

  it('of the greatest size still holds its longest keys', () => {
    const space = `${'n'.repeat(255)}:${'é'.repeat(127)}`
    expect(check(space)).not.toThrow()
    for (const key of ['k'.repeat(9_000), 'k:'.repeat(2_000), '{}'.repeat(700)]) {
      expect(nameOf(space, key).startsWith(namesIn(space))).toBe(true)
    }
  })
})
