/**
 * The seed that found each planted bug last, in known-seeds.json: tried before a search, it saves a
 * minute. A change of the order in which things happen makes it any seed, and only costs that
 * search.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('known-seeds.json', import.meta.url))

/** By the name of the bug. */
export type KnownSeeds = Readonly<Record<string, number>>

export function readKnownSeeds(): KnownSeeds {
  return JSON.parse(readFileSync(FILE, 'utf8')) as KnownSeeds
}

export function writeKnownSeeds(seeds: ReadonlyMap<string, number>): void {
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`)
}
