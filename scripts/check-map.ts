/**
 * Holds docs/design/map.md against what it maps, both ways: every symbol of the five documents has
 * a row with its lines, and leads to a name that a face offers, to a variable of the environment or
 * to what comes later; every public name of a face serves a symbol, or stands there with a reason.
 *
 * The symbols lie in docs/design/symbols.json, so the check needs no documents. Whoever has them:
 * `--documents DIR` reads them again and compares, `--write` besides puts the list and the lines of
 * the map right.
 *
 * Run: `tsx scripts/check-map.ts`. Cost: one parse of what the faces import.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'
import { type SymbolLines, symbolsOf } from './house/document-symbols.js'
import { type FaceTypes, faceTypes } from './house/face-types.js'
import { READINGS } from './house/five-documents.js'
import { MAP_PAGE, type MapPage, type MapRow, readMapPage, withLines } from './house/map-page.js'
import { parseSource } from './house/source-files.js'
import { conclude, isStarted, type Verdict, type Violation } from './house/violation.js'

const SYMBOL_LIST = 'docs/design/symbols.json'
const ENVIRONMENT_SOURCE = 'src/environment-table.ts'

/** By face. */
type Symbols = Readonly<
  Record<string, { readonly document: string; readonly symbols: SymbolLines }>
>

export function checkMap(root: string): Verdict {
  const symbols = readSymbols(root)
  const page = readMapPage(readFileSync(join(root, MAP_PAGE), 'utf8'))
  const faces = Object.keys(symbols)
  const types = faceTypes(root, faces)
  const places: Places = { types, faces, variables: variablesOf(root) }
  const violations = [
    ...judgeRows(symbols, page),
    ...page.rows.flatMap((row) => judgeWhere(row, places)),
    ...judgeExports(page, places),
  ]
  const laterCount = page.rows.filter(({ where }) => where.some((each) => isLater(each))).length
  const success = `map: ${page.rows.length} symbols of ${faces.length} documents, all mapped`
  return { violations, success: `${success}; ${laterCount} come later` }
}

function readSymbols(root: string): Symbols {
  const path = join(root, SYMBOL_LIST)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}

function linesText(lines: readonly number[]): string {
  return lines.join(', ')
}

function isLater(where: string): boolean {
  return where.startsWith('later: ')
}

/** Rows against the list of symbols, both ways. */
function judgeRows(symbols: Symbols, page: MapPage): Violation[] {
  const violations: Violation[] = []
  const seen = new Set<string>()
  for (const { face, symbol, lines, where, capability, at } of page.rows) {
    const say = (says: string) => violations.push({ file: MAP_PAGE, line: at, says })
    const name = `${face}: ${symbol}`
    const known = symbols[face]?.symbols[symbol]
    if (seen.has(name)) say(`'${name}' has two rows`)
    seen.add(name)
    if (known === undefined) say(`'${name}' is no symbol of a document`)
    else if (linesText(known) !== lines) {
      say(`'${name}' stands on lines ${linesText(known)}, not ${lines}`)
    }
    if (where.length === 0) say(`'${name}' leads nowhere`)
    if (capability === '' && !where.every(isLater)) say(`'${name}' names no capability`)
  }
  for (const [face, { symbols: ofFace }] of Object.entries(symbols)) {
    for (const [symbol, lines] of Object.entries(ofFace)) {
      if (seen.has(`${face}: ${symbol}`)) continue
      const says = `'${face}: ${symbol}' has no row (line ${linesText(lines)} of the document)`
      violations.push({ file: MAP_PAGE, says })
    }
  }
  return violations
}

interface Places {
  readonly types: FaceTypes
  readonly faces: readonly string[]
  /** What each waits for, if it does. */
  readonly variables: ReadonlyMap<string, string | undefined>
}

function judgeWhere(row: MapRow, places: Places): Violation[] {
  const { face, symbol, where, deviation, at } = row
  return where.flatMap((each) => {
    const [, place = '', path = ''] = /^([\w-]+): (.+)$/.exec(each) ?? []
    const awaits = place === 'environment' ? places.variables.get(path) : undefined
    const silence =
      awaits !== undefined && deviation === ''
        ? `waits for ${awaits}, which its deviation does not say`
        : undefined
    const delay = judgeDelay(face, symbol, each, places)
    const says = judgePlace(place, path, places) ?? delay ?? silence
    return says === undefined ? [] : [{ file: MAP_PAGE, line: at, says: `'${each}' ${says}` }]
  })
}

function judgePlace(place: string, path: string, { types, faces, variables }: Places) {
  if (place === 'later') return undefined
  if (place === 'environment') {
    return variables.has(path) ? undefined : `has no row in ${ENVIRONMENT_SOURCE}`
  }
  if (!faces.includes(place)) return 'is no place: a face, environment or later'
  if (types.exportsOf(place) === undefined)
    return `leads to src/facades/${place}, which is not there`
  const missing = types.missing(place, path)
  return missing === undefined ? undefined : `leads nowhere: cachewright/${place} has no ${missing}`
}

/** What has come is not awaited. */
function judgeDelay(face: string, symbol: string, where: string, { types }: Places) {
  if (!isLater(where)) return undefined
  const name = /^[\w$]+/.exec(symbol)?.[0] ?? ''
  const isThere = types.exportsOf(face)?.includes(name) && types.missing(face, symbol) === undefined
  return isThere ? `is there: cachewright/${face} has ${symbol}` : undefined
}

function judgeExports({ rows, beyond }: MapPage, { types, faces }: Places): Violation[] {
  const violations: Violation[] = []
  const named = new Set(rows.flatMap(({ where }) => where.map(publicName)))
  for (const { name, reason, at } of beyond) {
    const [face = '', own = ''] = name.split(': ')
    const say = (says: string) => violations.push({ file: MAP_PAGE, line: at, says })
    if (!types.exportsOf(face)?.includes(own))
      say(`'${name}' is beyond the documents, and not there`)
    if (named.has(name)) say(`'${name}' is beyond the documents, and serves a symbol`)
    if (reason === '') say(`'${name}' is beyond the documents without a reason`)
    named.add(name)
  }
  for (const face of faces) {
    const file = `src/facades/${face}/index.ts`
    for (const name of types.exportsOf(face) ?? []) {
      if (!named.has(`${face}: ${name}`))
        violations.push({ file, says: `${name} is not on the map` })
    }
  }
  return violations
}

/** `unified: UnifiedCacheManager#get` names `unified: UnifiedCacheManager`. */
function publicName(where: string): string {
  return /^[\w-]+: [\w$]+/.exec(where)?.[0] ?? where
}

/** By syntax: the tree may be one that does not run. */
function variablesOf(root: string): ReadonlyMap<string, string | undefined> {
  const variables = new Map<string, string | undefined>()
  if (!existsSync(join(root, ENVIRONMENT_SOURCE))) return variables
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const name = textIn(node, 'name')
      if (name !== undefined) variables.set(name, textIn(node, 'awaits'))
    }
    ts.forEachChild(node, visit)
  }
  visit(parseSource(root, ENVIRONMENT_SOURCE))
  return variables
}

function textIn(object: ts.ObjectLiteralExpression, key: string): string | undefined {
  const property = object.properties.find((each) => each.name?.getText() === key)
  if (property === undefined || !ts.isPropertyAssignment(property)) return undefined
  return ts.isStringLiteral(property.initializer) ? property.initializer.text : undefined
}

export function readDocuments(folder: string): Symbols {
  const files = readdirSync(folder)
  const entries = READINGS.map((reading) => {
    const file = files.find((name) => name.startsWith(reading.number))
    if (file === undefined) throw new Error(`no file of ${folder} begins with ${reading.number}`)
    const symbols = symbolsOf(readFileSync(join(folder, file), 'utf8'), reading)
    return [reading.face, { document: reading.number, symbols }] as const
  })
  return Object.fromEntries(entries)
}

/** The list against the documents themselves. */
function compareDocuments(listed: Symbols, read: Symbols): Violation[] {
  return Object.keys({ ...listed, ...read }).flatMap((face) => {
    const before = listed[face]?.symbols ?? {}
    const now = read[face]?.symbols ?? {}
    const names = Object.keys({ ...before, ...now })
    return names.flatMap((name) => {
      const [were, are] = [before[name] ?? [], now[name] ?? []].map(linesText)
      const says = `is listed on lines ${were || 'none'}, stands on ${are || 'none'}`
      return were === are ? [] : [{ file: SYMBOL_LIST, says: `'${face}: ${name}' ${says}` }]
    })
  })
}

/** Writes the list, and into the map the lines; the formatter may break long lists anew. */
export function putRight(root: string, read: Symbols): void {
  const text = JSON.stringify(read, undefined, 2)
  // A list of lines is one line.
  const short = text.replace(/\[\s*([\d,\s]+?)\s*\]/g, (_, lines: string) => {
    return `[${lines.replace(/\s+/g, ' ')}]`
  })
  writeFileSync(join(root, SYMBOL_LIST), `${short}\n`)
  const page = join(root, MAP_PAGE)
  if (!existsSync(page)) return
  const linesOf = ({ face, symbol }: MapRow): string | undefined => {
    const lines = read[face]?.symbols[symbol]
    return lines === undefined ? undefined : linesText(lines)
  }
  writeFileSync(page, withLines(readFileSync(page, 'utf8'), linesOf))
}

function main(root: string): void {
  const { values } = parseArgs({
    options: { documents: { type: 'string' }, write: { type: 'boolean', default: false } },
  })
  const read = values.documents === undefined ? undefined : readDocuments(values.documents)
  if (values.write && read !== undefined) putRight(root, read)
  const { violations, success } = checkMap(root)
  const differences = read === undefined ? [] : compareDocuments(readSymbols(root), read)
  conclude({ violations: [...differences, ...violations], success })
}

if (isStarted(import.meta.url)) main(process.cwd())
