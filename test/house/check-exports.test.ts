import { describe, expect, test } from 'vitest'
import { checkExports } from '../../scripts/check-exports.js'
import { formatViolation } from '../../scripts/house/violation.js'
import { temporaryTree } from './temporary-tree.js'

function target(stem: string) {
  return { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` }
}

const WHOLE = { '.': target('index'), './package.json': './package.json' }

function check(exports: object, files: Record<string, string>) {
  const manifest = JSON.stringify({ exports })
  return checkExports(temporaryTree({ 'package.json': manifest, ...files }))
}

function complaints(exports: object, files: Record<string, string>): string[] {
  return check(exports, files).violations.map(formatViolation)
}

test('exports and doors that meet are let through', () => {
  const exports = { ...WHOLE, './redis': target('stores/redis/index') }
  const { violations, success } = check(exports, {
    'src/index.ts': `export { a } from './core/a.js'\nconst b = () => import('pg')`,
    'src/core/a.ts': '',
    'src/stores/redis/index.ts': `import '@redis/client'`,
    'src/stores/none/index.ts': '',
  })
  expect(violations).toEqual([])
  expect(success).toBe('exports: 2 subpaths, 3 doors, all met')
})

describe('a subpath', () => {
  test.each([
    ['without its source', target('gone'), 'leads to src/gone.ts, which does not exist'],
    ['that is a plain string', './dist/a.js', 'needs "types" and "default", both below ./dist'],
    ['outside dist', { types: './a.d.ts', default: './a.js' }, 'needs "types" and "default"'],
    ['of two files', { ...target('a'), types: './dist/b.d.ts' }, 'name different files'],
    [
      'with its types last',
      { default: './dist/a.js', types: './dist/a.d.ts' },
      '"types" must come first',
    ],
  ])('%s is refused', (_, value, says) => {
    const found = complaints({ ...WHOLE, './a': value }, { 'src/index.ts': '', 'src/a.ts': '' })
    expect(found).toEqual([expect.stringContaining(says)])
    expect(found[0]).toMatch(/^package\.json: exports\["\.\/a"\] /)
  })
})

describe('a door', () => {
  test.each([
    'src/index.ts',
    'src/testing/index.ts',
    'src/patterns/index.ts',
    'src/stores/redis/index.ts',
    'src/integrations/hono/index.ts',
    'src/facades/unified/index.ts',
  ])('%s without a subpath is refused', (door) => {
    expect(complaints({}, { [door]: '' })).toEqual([
      `${door}: a door without a subpath in package.json`,
    ])
  })

  test('that has a subpath and a reason for having none is refused', () => {
    const exports = { ...WHOLE, './codecs': target('codecs/index') }
    expect(complaints(exports, { 'src/index.ts': '', 'src/codecs/index.ts': '' })).toEqual([
      'src/codecs/index.ts: has a subpath and stands in internalDoors',
    ])
  })
})

describe('the root door', () => {
  test.each([
    ['a driver', 'ioredis'],
    ['a store', '../stores/redis/client.js'],
  ])('is refused when it loads %s through another file', (_, specifier) => {
    const found = complaints(WHOLE, {
      'src/index.ts': `export { a } from './memory/a.js'`,
      'src/memory/a.ts': `\nimport type { B } from '${specifier}'`,
    })
    expect(found).toEqual([`src/memory/a.ts:2: the root door loads '${specifier}'`])
  })
})
