/**
 * Holds package.json's exports against src/, both ways: every subpath leads to a source file that
 * exists, and every door in src/ has a subpath, or a reason here for having none. It also walks
 * what the root door loads, which must hold no driver and no store.
 *
 * Run: `tsx scripts/check-exports.ts`. Reads sources, not dist/: it needs no build.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDriver } from './house/drivers.js'
import { importsOf, parseSource, resolveRelative } from './house/source-files.js'
import { conclude, isStarted, type Verdict, type Violation } from './house/violation.js'

const ROOT_DOOR = 'src/index.ts'

/** Rows that a user may enter by themselves: src/<row>/index.ts is a door. */
const DOOR_ROWS: readonly string[] = [
  'codecs',
  'patterns',
  'observe',
  'http',
  'automate',
  'testing',
]

/** Rows whose every folder is a door of its own. */
const DOOR_FAMILIES: readonly string[] = ['stores', 'integrations', 'facades']

/** Doors without a subpath, each with its reason. An entry that has a subpath is refused. */
const internalDoors: Readonly<Record<string, string>> = {
  'src/stores/none/index.ts': 'the store of a cache that has none: nobody names it',
  'src/codecs/index.ts': 'the engine is given its codec by createCache',
  'src/observe/index.ts': 'what watches a cache is handed out by the cache itself',
}

interface Subpath {
  readonly name: string
  /** The source both conditions come from; undefined when they are wrong. */
  readonly source: string | undefined
  readonly faults: readonly string[]
}

function readSubpath(root: string, name: string, target: unknown): Subpath {
  const { types, default: code } = (target ?? {}) as { types?: unknown; default?: unknown }
  const stem = /^\.\/dist\/(.+)\.js$/.exec(String(code))?.[1]
  if (typeof types !== 'string' || stem === undefined) {
    const says = 'needs "types" and "default", both below ./dist'
    return { name, source: undefined, faults: [says] }
  }
  const faults: string[] = []
  if (Object.keys(target as object)[0] !== 'types') faults.push('"types" must come first')
  if (types !== `./dist/${stem}.d.ts`) faults.push('"types" and "default" name different files')
  const source = `src/${stem}.ts`
  if (!existsSync(join(root, source))) faults.push(`leads to ${source}, which does not exist`)
  return { name, source, faults }
}

function listDoors(root: string): string[] {
  const families = DOOR_FAMILIES.flatMap((family) => {
    const folder = join(root, 'src', family)
    if (!existsSync(folder)) return []
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${family}/${name}`)
  })
  const doors = [...DOOR_ROWS, ...families].map((folder) => `src/${folder}/index.ts`)
  return [ROOT_DOOR, ...doors.sort()].filter((door) => existsSync(join(root, door)))
}

function judgeDoors(root: string, sources: ReadonlySet<string | undefined>): Violation[] {
  const missing = listDoors(root)
    .filter((door) => !sources.has(door) && internalDoors[door] === undefined)
    .map((file) => ({ file, says: 'a door without a subpath in package.json' }))
  const contradicted = Object.keys(internalDoors)
    .filter((door) => sources.has(door))
    .map((file) => ({ file, says: 'has a subpath and stands in internalDoors' }))
  return [...missing, ...contradicted]
}

/** Follows static imports from the root door and names each that loads a driver or a store. */
function judgeRootDoor(root: string): Violation[] {
  const violations: Violation[] = []
  const seen = new Set<string>()
  const open = [ROOT_DOOR]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file) || !existsSync(join(root, file))) continue
    seen.add(file)
    for (const { specifier, line, form } of importsOf(parseSource(root, file))) {
      if (form === 'dynamic') continue
      const target = resolveRelative(file, specifier)
      const isStore = target !== undefined && /^src\/stores\/(?!none\b)[^/]+\//.test(target)
      if (isStore || isDriver(specifier)) {
        violations.push({ file, line, says: `the root door loads '${specifier}'` })
      } else if (target !== undefined) open.push(target)
    }
  }
  return violations
}

export function checkExports(root: string): Verdict {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const subpaths = Object.entries(manifest.exports ?? {})
    .filter(([name]) => name !== './package.json')
    .map(([name, target]) => readSubpath(root, name, target))
  const faults = subpaths.flatMap(({ name, faults: each }) =>
    each.map((says) => ({ file: 'package.json', says: `exports["${name}"] ${says}` })),
  )
  const sources = new Set(subpaths.map(({ source }) => source))
  const violations = [...faults, ...judgeDoors(root, sources), ...judgeRootDoor(root)]
  const success = `exports: ${subpaths.length} subpaths, ${listDoors(root).length} doors, all met`
  return { violations, success }
}

if (isStarted(import.meta.url)) conclude(checkExports(process.cwd()))
