/**
 * Writes the tables of the docs out of the tables of the code: options, environment, error codes.
 *
 * A table stands between `<!-- reference:NAME -->` and `<!-- /reference -->`; all else on a page is
 * written by hand and left alone.
 *
 * Run: `tsx scripts/write-reference.ts`, with --check to compare and write nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES } from '../src/core/errors.js'
import { range } from '../src/core/option-reading.js'
import type { OptionRow, OptionScope } from '../src/core/option-row.js'
import { OPTION_TABLE } from '../src/core/option-table.js'
import { ENVIRONMENT_TABLE, type EnvironmentRow } from '../src/environment-table.js'
import { conclude, isStarted, type Verdict, type Violation } from './house/violation.js'

interface Table {
  readonly page: string
  readonly name: string
  readonly rows: () => readonly (readonly string[])[]
}

const TABLES: readonly Table[] = [
  { page: 'docs/options.md', name: 'options-cache', rows: () => optionRows('cache') },
  { page: 'docs/options.md', name: 'options-memory', rows: () => optionRows('memory') },
  { page: 'docs/options.md', name: 'options-life', rows: lifeRows },
  { page: 'docs/environment.md', name: 'environment', rows: () => environmentRows(false) },
  { page: 'docs/environment.md', name: 'environment-later', rows: () => environmentRows(true) },
  { page: 'docs/errors.md', name: 'errors', rows: errorRows },
]

/** Options that stand in one scope alone: the others have a table of their own. */
function optionRows(scope: OptionScope): string[][] {
  const rows = OPTION_TABLE.filter((row) => row.scopes.includes(scope) && !hasManyScopes(row))
  return [
    ['Option', 'Range', 'Default', 'What it says'],
    ...rows.map((row) => [code(row.name), rangeOf(row), defaultOf(row), row.says]),
  ]
}

function lifeRows(): string[][] {
  const rows = OPTION_TABLE.filter((row) => hasManyScopes(row) || !isOfCache(row))
  return [
    ['Option', 'Range', 'Default', 'Where', 'What it says'],
    ...rows.map((row) => [
      code(row.name),
      rangeOf(row),
      defaultOf(row),
      row.scopes.join(', '),
      row.says,
    ]),
  ]
}

function hasManyScopes(row: OptionRow): boolean {
  return row.scopes.includes('cache') && row.scopes.length > 1
}

function isOfCache(row: OptionRow): boolean {
  return row.scopes.includes('cache') || row.scopes.includes('memory')
}

/** Some defaults are values, some are words. */
function defaultOf(row: OptionRow): string {
  return row.default.includes(' ') ? row.default : code(row.default)
}

/** How a duration or a size is written is said once on the page, not in every row. */
function rangeOf(row: OptionRow): string {
  if (row.kind === 'other' || row.kind === 'text') return ''
  if (row.choices !== undefined) return row.choices.map((choice) => code(`'${choice}'`)).join(', ')
  return range(row).replace(/, as (seconds|bytes) or as .*$/, '')
}

function environmentRows(isLater: boolean): string[][] {
  const rows = ENVIRONMENT_TABLE.filter((row) => (row.awaits !== undefined) === isLater)
  return [
    ['Variable', 'Value', 'What it says', ...(isLater ? ['Waits for'] : [])],
    ...rows.map((row) => [
      code(row.name),
      allowedIn(row),
      row.says,
      ...(isLater ? [row.awaits ?? ''] : []),
    ]),
  ]
}

const VALUE_OF_KIND: Readonly<Record<string, string>> = {
  url: 'a URL',
  text: 'text',
  secret: 'text; no message shows it',
  keys: 'id:key, with commas between; no message shows them',
  port: '1 to 65535',
  flag: 'true, 1, yes, on; false, 0, no, off',
  nodes: 'host:port, with commas between',
  prefix: '1 to 64 letters, digits and _ . -',
  table: '1 to 40 letters, digits and _',
  json: 'a JSON object',
}

function allowedIn(row: EnvironmentRow): string {
  if (row.choices !== undefined) return row.choices.map(code).join(', ')
  const known = VALUE_OF_KIND[row.kind]
  return known ?? `${row.min} to ${row.max}`
}

function errorRows(): string[][] {
  return [
    ['Code', 'What it says', 'May the same call succeed later?'],
    ...Object.entries(ERROR_CODES).map(([name, { says, retryable }]) => [
      `[${code(name)}](#${name.toLowerCase()})`,
      says,
      retryable ? 'yes' : 'no',
    ]),
  ]
}

function code(text: string): string {
  return `\`${text}\``
}

function toMarkdown(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')))
  const lines = [head!, head!.map(() => '---'), ...body]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The page with its tables as they should be; `undefined` where a table has no place on it. */
function withTable(text: string, { name, rows }: Table): string | undefined {
  const place = new RegExp(`(<!-- reference:${name} -->\n)[\\s\\S]*?(<!-- /reference -->)`)
  if (!place.test(text)) return undefined
  return text.replace(place, (_, open: string, end: string) => {
    return `${open}\n${toMarkdown(rows())}\n\n${end}`
  })
}

/** Compares the tables in the docs with those in the code; writes nothing. */
export function checkReference(root: string): Verdict {
  const violations: Violation[] = []
  for (const table of TABLES) {
    const text = readFileSync(join(root, table.page), 'utf8')
    const wanted = withTable(text, table)
    if (wanted === text) continue
    const says =
      wanted === undefined
        ? `has no place for the table '${table.name}'`
        : `the table '${table.name}' is out of date: run tsx scripts/write-reference.ts`
    violations.push({ file: table.page, says })
  }
  return { violations, success: `reference: ${TABLES.length} tables, all current` }
}

function writeReference(root: string): void {
  for (const table of TABLES) {
    const path = join(root, table.page)
    const text = withTable(readFileSync(path, 'utf8'), table)
    if (text !== undefined) writeFileSync(path, text)
  }
}

if (isStarted(import.meta.url)) {
  if (!process.argv.includes('--check')) writeReference(process.cwd())
  conclude(checkReference(process.cwd()))
}
