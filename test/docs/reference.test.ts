/** What the code lists, the docs list: options, variables, error codes, events, counters. */
import ts from 'typescript'
import { expect, test } from 'vitest'
import { parseSource } from '../../scripts/house/source-files.js'
import { checkReference } from '../../scripts/write-reference.js'
import { Counters, snapshotCounters } from '../../src/core/counters.js'
import { ERROR_CODES } from '../../src/core/errors.js'
import { temporaryTree } from '../house/temporary-tree.js'
import { type Page, readPage } from './markdown.js'

const root = process.cwd()

/** Rows of tables whose first cell is code. */
function firstCells(page: Page): string[] {
  return [...page.text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!)
}

/** The names of the members of an interface, or the strings of a union. */
function namesIn(file: string, type: string): string[] {
  const names: string[] = []
  for (const statement of parseSource(root, file).statements) {
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === type) {
      for (const { name } of statement.members)
        if (name !== undefined && 'text' in name) names.push(String(name.text))
    }
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === type) {
      names.push(...stringsIn(statement.type))
    }
  }
  return [...new Set(names)]
}

/** `kind` of the members of a union of objects, or the members of a union of strings. */
function stringsIn(node: ts.Node): string[] {
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return [node.literal.text]
  if (ts.isPropertySignature(node) && node.name.getText() !== 'kind') return []
  const strings: string[] = []
  ts.forEachChild(node, (part) => {
    strings.push(...stringsIn(part))
  })
  return strings
}

test('the generated tables are current', () => {
  expect(checkReference(root).violations).toEqual([])
})

test('a table that is out of date is found', () => {
  const table = '<!-- reference:options-cache -->\n\n| old |\n\n<!-- /reference -->\n'
  const empty = { 'docs/environment.md': '', 'docs/errors.md': '' }
  const elsewhere = temporaryTree({ 'docs/options.md': table, ...empty })
  const found = checkReference(elsewhere).violations.map(({ file, says }) => `${file}: ${says}`)
  expect(found.slice(0, 2)).toEqual([
    "docs/options.md: the table 'options-cache' is out of date: run tsx scripts/write-reference.ts",
    "docs/options.md: has no place for the table 'options-memory'",
  ])
})

test('every error code has its paragraph, and every paragraph its code', () => {
  const page = readPage(root, 'docs/errors.md')
  const described = page.headings.filter((heading) => /^[A-Z_]+$/.test(heading))
  expect(described).toEqual(Object.keys(ERROR_CODES))
  for (const code of described) {
    const paragraph = page.text.split(`### ${code}\n`)[1]!.split('\n#')[0]!.trim()
    expect(paragraph.length, code).toBeGreaterThan(80)
  }
})

test('every event is on its page, and no other', () => {
  const names = namesIn('src/core/events.ts', 'CacheEvents')
  expect(names).toContain('store-down')
  const reasons = [
    ...namesIn('src/core/codec.ts', 'DecodeFault'),
    ...namesIn('src/core/events.ts', 'MissReason'),
    ...namesIn('src/core/events.ts', 'ColdReason'),
  ]
  expect(firstCells(readPage(root, 'docs/events.md')).sort()).toEqual([...names, ...reasons].sort())
})

test('every counter is on its page, and no other', () => {
  const names = Object.keys(snapshotCounters(new Counters()))
  const calls = namesIn('src/core/contracts.ts', 'TimedCall')
  expect(calls).toContain('load')
  expect(firstCells(readPage(root, 'docs/statistics.md')).sort()).toEqual(
    [...names, ...calls].sort(),
  )
})

/** Lists that stand in prose or in tables by hand: nothing may be left out. */
const BEHIND = 'src/patterns/write-behind'
const VERSIONED = `${BEHIND}/versioned-upserts-options.ts`

const NAMED_ON: readonly (readonly [page: string, file: string, type: string])[] = [
  ['docs/getting-started.md', 'src/core/api.ts', 'Cache'],
  ['docs/get-or-set.md', 'src/core/api.ts', 'LoaderContext'],
  ['docs/get-or-set.md', 'src/core/options.ts', 'LifeOptions'],
  ['docs/get-or-set.md', 'src/core/options.ts', 'CallOptions'],
  ['docs/compression.md', 'src/core/stored-format.ts', 'CompressionOptions'],
  ['docs/values.md', 'src/core/stored-format.ts', 'ValueCodec'],
  ['docs/values.md', 'src/core/class-registry.ts', 'ClassRules'],
  ['docs/redis.md', 'src/stores/redis/options.ts', 'RedisOptions'],
  ['docs/keyv.md', 'src/integrations/open-guarded.ts', 'StoreOptions'],
  ['docs/keyv.md', 'src/integrations/keyv/keyv-store.ts', 'KeyvStoreOptions'],
  ['docs/bentocache.md', 'src/integrations/open-guarded.ts', 'StoreOptions'],
  [
    'docs/bentocache.md',
    'src/integrations/bentocache/bentocache-driver.ts',
    'BentocacheDriverOptions',
  ],
  ['docs/writing-a-store.md', 'src/core/contracts.ts', 'Store'],
  ['docs/writing-a-store.md', 'src/core/contracts.ts', 'StoreAbilities'],
  ['docs/writing-a-policy.md', 'src/core/eviction-policy.ts', 'EvictionPolicy'],
  ['docs/writing-a-policy.md', 'src/core/eviction-policy.ts', 'PolicyRoom'],
  ['docs/testing.md', 'src/testing/store-fault.ts', 'StoreFault'],
  ['docs/errors.md', 'src/core/errors.ts', 'CacheErrorDetails'],
  ['docs/versioned-upserts.md', VERSIONED, 'VersionedUpsertsOptions'],
  ['docs/write-behind.md', `${BEHIND}/write-behind-options.ts`, 'WriteBehindOptions'],
  ['docs/write-behind.md', `${BEHIND}/write-behind.ts`, 'WriteBehind'],
  ['docs/write-behind.md', `${BEHIND}/write-behind.ts`, 'WriteBehindStatus'],
]

for (const [page, file, type] of NAMED_ON) {
  test(`${page} names every part of ${type}`, () => {
    const { text } = readPage(root, page)
    const names = namesIn(file, type)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
  })
}
