/**
 * Finds import rings: files that, followed along their imports, lead back to themselves. A ring of
 * types alone counts: it means that two files are one thought, told in two places.
 *
 * Depth-first search; one ring is reported for each edge that closes one. Recursion depth is
 * bounded by the number of files.
 */
import { type ImportSite, resolveRelative } from './source-files.js'

export interface Ring {
  /** In import order; the last imports the first. Never empty. */
  readonly files: readonly string[]
  /** In the first file, of the import that starts the way round. */
  readonly line: number
}

export function findRings(sites: ReadonlyMap<string, readonly ImportSite[]>): Ring[] {
  const rings: Ring[] = []
  const finished = new Set<string>()
  const path: string[] = []
  const lines: number[] = []

  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      rings.push({ files: path.slice(start), line: lines[start] as number })
      return
    }
    if (finished.has(file)) return
    path.push(file)
    for (const site of sites.get(file) ?? []) {
      const target = resolveRelative(file, site.specifier)
      if (target === undefined || !sites.has(target)) continue
      lines[path.length - 1] = site.line
      visit(target)
    }
    path.pop()
    finished.add(file)
  }
  for (const file of sites.keys()) visit(file)
  return rings
}
