/** The names of keys that bring their namespaces along, by the byte: stored data depends on it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nameOf, namesIn } from '../../src/integrations/key-path.js'

interface Golden {
  readonly names: readonly (readonly [space: string, key: string, name: string])[]
  readonly long: readonly {
    readonly space: string
    /** How it begins, and what follows so many times. */
    readonly key: readonly [string, string, number]
    readonly name: string
  }[]
}

const golden = JSON.parse(
  readFileSync(new URL('./path-v1/paths.json', import.meta.url), 'utf8'),
) as Golden

describe('the path format, version 1', () => {
  it.each(golden.names)('in %j %j lies under %j', (space, key, name) => {
    expect(nameOf(space, key)).toBe(name)
    expect(name.startsWith(namesIn(space))).toBe(true)
  })

  it.each(golden.long)('a long key in $space lies under a hash', ({ space, key, name }) => {
    const [start, unit, count] = key
    expect(nameOf(space, start + unit.repeat(count))).toBe(name)
  })
})
