/** What the code lists, the docs list: options, variables, error codes, events, counters. */
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { parseSource } from '../../scripts/house/source-files.js'
import { checkReference } from '../../scripts/write-reference.js'
import { Counters, snapshotCounters } from '../../src/core/counters.js'
import { ERROR_CODES } from '../../src/core/errors.js'
import { type Page, readPage } from './markdown.js'

const root = process.cwd()

/** Rows of tables whose first cell is code. */
function firstCells(page: Page): string[] {
  return [...page.text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!)
}

/** The names of the properties of an interface or of a union of strings. */
function namesIn(file: string, type: string): string[] {
  const names: string[] = []
  for (const statement of parseSource(root, file).statements) {
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === type)
      for (const member of statement.members)
        if (member.name !== undefined && 'text' in member.name) names.push(String(member.name.text))
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === type)
      statement.type.forEachChild((part) => {
        if (ts.isLiteralTypeNode(part) && ts.isStringLiteral(part.literal))
          names.push(part.literal.text)
      })
  }
  return names
}

test('the generated tables are current', () => {
  expect(checkReference(root).violations).toEqual([])
})

test('a table that is out of date is found', () => {
  const elsewhere = join(root, 'test/docs/stale')
  expect(checkReference(elsewhere).violations.map(({ file, says }) => `${file}: ${says}`)).toEqual([
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
  expect(firstCells(readPage(root, 'docs/events.md')).sort()).toEqual(
    [...names, ...namesIn('src/core/events.ts', 'MissReason')].sort(),
  )
})

test('every counter is on its page, and no other', () => {
  const names = Object.keys(snapshotCounters(new Counters()))
  const calls = namesIn('src/core/contracts.ts', 'TimedCall')
  expect(calls).toContain('load')
  expect(firstCells(readPage(root, 'docs/statistics.md')).sort()).toEqual(
    [...names, ...calls].sort(),
  )
})
