import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatViolation } from '../../scripts/house/violation.js'
import { checkTidy, updateRatchet } from '../../scripts/tidy.js'
import { temporaryTree } from './temporary-tree.js'

const RATCHET = 'scripts/tidy-ratchet.json'

function complaintsAt(root: string, files: readonly string[]): string[] {
  return checkTidy(root, files).violations.map(formatViolation)
}

function complaints(files: Record<string, string>): string[] {
  return complaintsAt(temporaryTree(files), Object.keys(files))
}

/** A function whose body has so many lines; two more make the file. */
function functionOf(lineCount: number, name = 'long'): string {
  return `export function ${name}() {\n${'  step()\n'.repeat(lineCount)}}\n`
}

test('a tidy tree is let through', () => {
  const files = { 'src/core/deadline-queue.ts': functionOf(40), 'README.md': 'Caches.\n' }
  const { violations, success } = checkTidy(temporaryTree(files), Object.keys(files))
  expect(violations).toEqual([])
  expect(success).toBe('tidy: 2 files, 0 sizes on record')
})

describe('sizes', () => {
  test('a function over what is wanted must be on record', () => {
    expect(complaints({ 'src/a.ts': functionOf(41) })).toEqual([
      'src/a.ts:1: src/a.ts > long: 41 lines, wanted are 40: split it, or record it with --update',
    ])
    expect(complaints({ 'src/a.ts': functionOf(41), [RATCHET]: '{"src/a.ts > long":41}' })).toEqual(
      [],
    )
  })

  test('a recorded size must neither grow nor keep slack', () => {
    const grown = { 'src/a.ts': functionOf(45), [RATCHET]: '{"src/a.ts > long":41}' }
    expect(complaints(grown)).toEqual(['src/a.ts:1: src/a.ts > long: grew from 41 to 45 lines'])
    const shrunk = { 'src/a.ts': functionOf(45), [RATCHET]: '{"src/a.ts > long":50}' }
    expect(complaints(shrunk)).toEqual([
      `${RATCHET}: src/a.ts > long: records 50, is smaller now: run with --update`,
    ])
  })

  test('nothing passes the limit, on record or not', () => {
    const long = { 'src/a.ts': functionOf(71), [RATCHET]: '{"src/a.ts > long":71}' }
    expect(complaints(long)).toContain('src/a.ts:1: src/a.ts > long: 71 lines, the limit is 70')
    expect(complaints({ 'test/a.test.ts': functionOf(71) })).toEqual([
      'test/a.test.ts:1: test/a.test.ts > long: 71 lines, the limit is 70',
    ])
    expect(complaints({ 'src/a.ts': 'step()\n'.repeat(401) })).toEqual([
      'src/a.ts: src/a.ts: 401 lines, the limit is 400',
    ])
  })

  test('outside src/ only the limit counts', () => {
    expect(complaints({ 'bench/a.ts': functionOf(70), 'scripts/b.ts': functionOf(60) })).toEqual([])
  })

  test('--update records what is over wanted, and nothing gone or past the limit', () => {
    const text = functionOf(41) + functionOf(71, 'longest') + functionOf(3, 'short')
    const root = temporaryTree({ 'src/a.ts': text, [RATCHET]: '{"src/gone.ts":350}' })
    updateRatchet(root, ['src/a.ts'])
    expect(JSON.parse(readFileSync(join(root, RATCHET), 'utf8'))).toEqual({ 'src/a.ts > long': 41 })
    expect(complaintsAt(root, ['src/a.ts'])).toEqual([
      'src/a.ts:44: src/a.ts > longest: 71 lines, the limit is 70',
    ])
  })

  test('methods and callbacks have names; chapters of a test are not functions', () => {
    const body = `{\n${'step()\n'.repeat(71)}}`
    const found = complaints({
      'src/a.ts': `class Tier {\nget() ${body}\n}`,
      'src/b.ts': `export const b = () => ${body}`,
      'src/c.ts': `each(() => ${body})`,
      'test/d.test.ts': `describe.each([1])('chapter', () => ${body})`,
      'test/e.test.ts': `sideBySide([1], 'chapter', () => ${body})`,
    })
    expect(found).toEqual([
      'src/a.ts:2: src/a.ts > Tier.get: 71 lines, the limit is 70',
      'src/b.ts:1: src/b.ts > b: 71 lines, the limit is 70',
      'src/c.ts:1: src/c.ts > #1: 71 lines, the limit is 70',
    ])
  })
})

describe('names', () => {
  test.each([
    ['src/core/deadlineQueue.ts', "'deadlineQueue' is not kebab-case"],
    ['src/core/Queue.ts', "'Queue' is not kebab-case"],
    ['src/Core/queue.ts', "'Core' is not kebab-case"],
    ['src/core/utils.ts', "'utils' says nothing: a drawer"],
    ['src/utils/queue.ts', "'utils' says nothing: a drawer"],
    ['src/core/key-utils.ts', "'key-utils' says nothing: a drawer"],
  ])('%s is refused', (file, says) => {
    expect(complaints({ [file]: '' })).toEqual([`${file}: ${says}`])
  })
})

describe('lines and syntax', () => {
  const mark = `TO${'DO'}`
  test.each([
    ['src/a.ts', `// ${'x'.repeat(98)}`, '101 columns, the limit is 100'],
    ['src/a.ts', `// ${mark} later`, `${mark}: do it or drop it`],
    ['src/a.ts', 'export default 1', 'a default export'],
    ['src/a.ts', 'export default function a() {}', 'a default export'],
    ['src/a.ts', 'const a = 1; export { a as default }', 'a default export'],
    ['src/index.ts', `export * from './a.js'`, '`export *` hides what the front door offers'],
    ['test/a.test.ts', `test.only('a', run)`, 'switched off or alone, without `// reason:`'],
    ['test/a.test.ts', `describe.skip('a', run)`, 'switched off or alone'],
    ['test/a.test.ts', `test.todo('a')`, 'switched off or alone'],
    ['test/a.test.ts', `// reason:\ntest.skip('a', run)`, 'switched off or alone'],
  ])('%s with %s is refused', (file, text, says) => {
    expect(complaints({ [file]: text })).toEqual([expect.stringContaining(says)])
  })

  test.each([
    ['vitest.config.ts', 'export default {}'],
    ['examples/a.d.ts', 'export default function a(): void'],
    ['src/core/index.ts', `export * from './a.js'`],
    ['test/a.test.ts', `// reason: needs a cluster\ntest.skip('a', run)`],
    ['test/a.test.ts', `test.skip('a', run) // reason: needs a cluster`],
    ['test/a.test.ts', `const text = "test.only('a')"`],
    ['docs/a.md', `# ${mark}`],
  ])('%s with %s is let through', (file, text) => {
    expect(complaints({ [file]: text })).toEqual([])
  })
})

describe('traces of a machine', () => {
  const registry = `registry.${'npmjs'}.org`
  test.each([
    ['docs/a.md', `cd /${'work'}/main`, 'a path of one machine'],
    ['docs/a.md', `cat /${'home'}/ann/a`, 'a path of one machine'],
    ['src/a.ts', `const a = '/${'root'}/a'`, 'a path of one machine'],
    ['.npmrc', `registry=https://${registry}/`, 'the host of a registry'],
    ['package-lock.json', '"resolved": "https://example.test/a.tgz"', '"resolved" holds an'],
  ])('in %s are refused: %s', (file, text, says) => {
    expect(complaints({ [file]: `\n${text}` })).toEqual([
      `${file}:2: ${says}${says.endsWith(' an') ? ' address' : ''}`,
    ])
  })

  test('are not seen in a longer path, an address, or a file that is not text', () => {
    expect(complaints({ 'docs/a.md': `src/${'work'}/a, example.test/${'home'}/` })).toEqual([])
    expect(complaints({ 'docs/a.bin': `\0/${'root'}/` })).toEqual([])
  })
})
