import { describe, expect, test } from 'vitest'
import { checkLayers } from '../../scripts/check-layers.js'
import { formatViolation } from '../../scripts/house/violation.js'
import { temporaryTree } from './temporary-tree.js'

function complaints(files: Record<string, string>): string[] {
  return checkLayers(temporaryTree(files)).violations.map(formatViolation)
}

describe('a house in order', () => {
  test('is let through, and counted', () => {
    const { violations, success } = checkLayers(
      temporaryTree({
        'src/index.ts': `export { get } from './core/get.js'
          import { none } from './stores/none.js'
          const redis = () => import('./stores/redis/index.js')`,
        'src/core/get.ts': `import { hash } from 'node:crypto'
          import type { Key } from './key.js'`,
        'src/core/key.ts': `export type Key = string`,
        'src/memory/tier.ts': `import type { Key } from '../core/key.js'\nimport pack from 'pack'`,
        'src/stores/none.ts': '',
        'src/stores/redis/index.ts': `import { none } from '../none.js'
          const client = () => import('ioredis')`,
        'src/patterns/lock.ts': '',
        'src/cli/main.ts': `import './run.js'\nimport { lock } from '../patterns/lock.js'`,
        'src/cli/run.ts': `import { get } from '../core/get.js'`,
        'src/facades/unified/index.ts': `import { get } from '../../index.js'`,
      }),
    )
    expect(violations).toEqual([])
    expect(success).toBe('layers: 10 files in 6 rows, 13 imports, no wrong arrow, no ring')
  })
})

describe('an arrow that points down', () => {
  test.each([
    ['an import', `import { tier } from '../memory/tier.js'`],
    ['an import of a type', `import type { Tier } from '../memory/tier.js'`],
    ['an export from', `export * from '../memory/tier.js'`],
    ['import()', `const load = () => import('../memory/tier.js')`],
    ['a type query', `type Tier = import('../memory/tier.js').Tier`],
  ])('is found in %s', (_, line) => {
    expect(complaints({ 'src/core/get.ts': `\n${line}`, 'src/memory/tier.ts': '' })).toEqual([
      "src/core/get.ts:2: core must not import memory, which lies below it ('../memory/tier.js')",
    ])
  })

  test('is not seen in a string or a comment', () => {
    const text = `// import '../memory/tier.js'\nexport const text = "import '../memory/tier.js'"`
    expect(complaints({ 'src/core/get.ts': text })).toEqual([])
  })
})

describe('what a file may reach', () => {
  test.each([
    ['src/core/a.ts', 'msgpackr', 'core imports nothing outside itself but node: built-ins'],
    ['src/memory/a.ts', '@redis/client', 'a driver is reached by import() only'],
    ['src/index.ts', 'pg/lib/pool', 'a driver is reached by import() only'],
    ['src/stores/redis/a.ts', '../postgres/b.js', 'must not import its sibling stores/postgres'],
    ['src/index.ts', './stores/redis/a.js', 'the front door reaches a store by import() only'],
    ['src/create-cache.ts', './stores/redis/a.js', 'the front door reaches a store by import()'],
    ['src/http/a.ts', '../index.js', 'http must not import the front door'],
    ['src/testing/a.ts', '../create-cache.js', 'testing must not import the front door'],
    ['src/testing/a.ts', 'cachewright/redis', 'src/ must not import itself by package name'],
    ['src/cli/a.ts', '../index.js', 'cli imports core and patterns alone'],
    ['src/cli/a.ts', '../stores/none.js', 'cli imports core and patterns alone'],
    ['src/index.ts', './cli/a.js', 'nothing imports cli: it is a program'],
    ['src/testing/a.ts', '../cli/a.js', 'nothing imports cli: it is a program'],
    ['src/core/a.ts', '../../scripts/b.js', 'src/ must not import what lies outside it'],
  ])('%s is refused %s', (file, specifier, says) => {
    const found = complaints({ [file]: `import { a } from '${specifier}'` })
    expect(found).toEqual([expect.stringContaining(says)])
    expect(found[0]).toMatch(new RegExp(`^${file}:1: `))
  })

  test('a folder without a row is refused', () => {
    expect(complaints({ 'src/shared/a.ts': '' })).toEqual([
      'src/shared/a.ts: folder src/shared has no row in scripts/check-layers.ts',
    ])
  })
})

describe('an import ring', () => {
  test('of types alone is named once, with its way round', () => {
    const found = complaints({
      'src/core/a.ts': `import type { B } from './b.js'`,
      'src/core/b.ts': `import type { D } from './d.js'\nimport type { C } from './c.js'`,
      'src/core/c.ts': `type A = import('./a.js').A`,
      'src/core/d.ts': '',
    })
    expect(found).toEqual([
      'src/core/a.ts:1: import ring: ' +
        'src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts',
    ])
  })

  test('that is entered from the side starts at its own first file', () => {
    const found = complaints({
      'src/core/a.ts': `import './b.js'`,
      'src/core/b.ts': `\nimport './c.js'`,
      'src/core/c.ts': `import './b.js'`,
    })
    expect(found).toEqual([
      'src/core/b.ts:2: import ring: src/core/b.ts -> src/core/c.ts -> src/core/b.ts',
    ])
  })
})
