/**
 * Defends the arrows between the folders of src/: a row imports only from rows above it and from
 * itself, type imports included. The list ROWS below is the architecture; a folder without a row
 * is refused. Files directly in src/ are the front door: they see every row, but reach a store
 * through import() alone, so that loading the package loads no driver.
 *
 * Run: `tsx scripts/check-layers.ts`. Cost: one parse of src/, no type check.
 */

import { isDriver } from './house/drivers.js'
import { findRings } from './house/rings.js'
import {
  type ImportSite,
  importsOf,
  listSources,
  parseSource,
  resolveRelative,
} from './house/source-files.js'
import { conclude, isStarted, type Verdict, type Violation } from './house/violation.js'

const ROWS: readonly string[] = [
  'core',
  'memory',
  'stores',
  'codecs',
  'coherence',
  'patterns',
  'observe',
  'http',
  'automate',
  'integrations',
  'facades',
  'cli',
  'testing',
]

/** These build on the package as a user does, so they may come in through src/index.ts. */
const FRONT_DOOR_GUESTS: readonly string[] = ['automate', 'integrations', 'facades', 'testing']

/** A program: it needs no part that a user's module brings along, and nothing needs it. */
const PROGRAM = 'cli'
const PROGRAM_IMPORTS: readonly string[] = ['core', 'patterns', PROGRAM]

const FRONT = 'src/'

interface Place {
  /** A row's name, or FRONT for a file directly in src/. */
  readonly row: string
  /** The folder below the row: `redis` in stores/redis/client.ts. */
  readonly room: string | undefined
}

/** Where in the house a path lies; undefined outside src/. */
function placeOf(path: string): Place | undefined {
  const [top, row, room, ...below] = path.split('/')
  if (top !== 'src' || row === undefined) return undefined
  if (room === undefined) return { row: FRONT, room: undefined }
  return { row, room: below.length > 0 ? room : undefined }
}

function isNoneStore(path: string): boolean {
  return path === 'src/stores/none.ts' || path.startsWith('src/stores/none/')
}

/** What is wrong with a file of src/ importing a file of src/; undefined when nothing is. */
function judgeArrow(from: Place, target: string, form: ImportSite['form']): string | undefined {
  const to = placeOf(target)
  if (to === undefined) return 'src/ must not import what lies outside it'
  if (to.row === PROGRAM && from.row !== PROGRAM)
    return `nothing imports ${PROGRAM}: it is a program`
  if (from.row === PROGRAM && !PROGRAM_IMPORTS.includes(to.row)) {
    return `${PROGRAM} imports core and patterns alone`
  }
  if (from.row === FRONT) {
    if (to.row !== 'stores' || form === 'dynamic' || isNoneStore(target)) return undefined
    return 'the front door reaches a store by import() only'
  }
  if (to.row === FRONT) {
    if (target === 'src/index.ts' && FRONT_DOOR_GUESTS.includes(from.row)) return undefined
    return `${from.row} must not import the front door`
  }
  if (ROWS.indexOf(to.row) > ROWS.indexOf(from.row)) {
    return `${from.row} must not import ${to.row}, which lies below it`
  }
  const areSiblings = from.row === 'stores' && to.row === 'stores'
  if (areSiblings && from.room && to.room && from.room !== to.room) {
    return `stores/${from.room} must not import its sibling stores/${to.room}`
  }
  return undefined
}

function judgePackage(from: Place, specifier: string, form: ImportSite['form']) {
  if (/^cachewright(\/|$)/.test(specifier)) return 'src/ must not import itself by package name'
  if (isDriver(specifier) && form === 'static') return 'a driver is reached by import() only'
  if (from.row === 'core' && !specifier.startsWith('node:')) {
    return 'core imports nothing outside itself but node: built-ins'
  }
  return undefined
}

function judgeFile(file: string, sites: readonly ImportSite[]): Violation[] {
  const from = placeOf(file)
  if (from === undefined) return []
  if (from.row !== FRONT && !ROWS.includes(from.row)) {
    return [{ file, says: `folder src/${from.row} has no row in scripts/check-layers.ts` }]
  }
  return sites.flatMap(({ specifier, line, form }) => {
    const target = resolveRelative(file, specifier)
    const says =
      target === undefined ? judgePackage(from, specifier, form) : judgeArrow(from, target, form)
    return says === undefined ? [] : [{ file, line, says: `${says} ('${specifier}')` }]
  })
}

export function checkLayers(root: string): Verdict {
  const files = listSources(root, 'src')
  const sites = new Map(files.map((file) => [file, importsOf(parseSource(root, file))]))
  const violations = files.flatMap((file) => judgeFile(file, sites.get(file) ?? []))
  for (const ring of findRings(sites)) {
    const says = `import ring: ${[...ring.files, ring.files[0]].join(' -> ')}`
    violations.push({ file: ring.files[0] as string, line: ring.line, says })
  }
  const importCount = [...sites.values()].reduce((sum, each) => sum + each.length, 0)
  const rowCount = ROWS.filter((row) => files.some((file) => placeOf(file)?.row === row)).length
  const success = `layers: ${files.length} files in ${rowCount} rows, ${importCount} imports`
  return { violations, success: `${success}, no wrong arrow, no ring` }
}

if (isStarted(import.meta.url)) conclude(checkLayers(process.cwd()))
