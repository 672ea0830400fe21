/**
 * Sizes that may only shrink. What is over `wanted` must stand in scripts/tidy-ratchet.json with
 * its size, and fails when it grows; what is over `limit` fails whatever the record says.
 *
 * A record that is larger than what it records, or of something gone, fails too: otherwise the
 * slack would be spent by the next change, unseen.
 */
import type ts from 'typescript'
import { functionSizes } from './function-sizes.js'
import { LIMITS } from './tidy-limits.js'
import type { Violation } from './violation.js'

/** `src/core/cache.ts` or `src/core/cache.ts > Cache.get` to its lines. */
export type Ratchet = Readonly<Record<string, number>>

export interface Size {
  readonly key: string
  readonly file: string
  readonly line: number | undefined
  readonly lineCount: number
  readonly wanted: number
  readonly limit: number
}

export function sizesOf(source: ts.SourceFile): Size[] {
  const file = source.fileName
  const lineCount = source.text.replace(/\n$/, '').split('\n').length
  const whole = { key: file, file, line: undefined, lineCount, ...LIMITS.fileLines }
  const parts = functionSizes(source).map((each) => ({
    key: `${file} > ${each.name}`,
    file,
    line: each.line,
    lineCount: each.lineCount,
    ...LIMITS.functionLines,
  }))
  return [whole, ...parts]
}

function judgeSize(size: Size, recorded: number | undefined): string | undefined {
  const { key, lineCount, wanted, limit } = size
  if (lineCount > limit) return `${key}: ${lineCount} lines, the limit is ${limit}`
  if (!size.file.startsWith('src/') || lineCount <= wanted) return undefined
  if (recorded === undefined) {
    return `${key}: ${lineCount} lines, wanted are ${wanted}: split it, or record it with --update`
  }
  return lineCount > recorded ? `${key}: grew from ${recorded} to ${lineCount} lines` : undefined
}

export function judgeSizes(sizes: readonly Size[], ratchet: Ratchet): Violation[] {
  const now = nextRatchet(sizes)
  const grown = sizes.flatMap((size) => {
    const says = judgeSize(size, ratchet[size.key])
    return says === undefined ? [] : [locate(size, says)]
  })
  const slack = Object.entries(ratchet)
    .filter(([key, recorded]) => recorded > (now[key] ?? 0))
    .map(([key, recorded]) => ({
      file: 'scripts/tidy-ratchet.json',
      says: `${key}: records ${recorded}, is smaller now: run with --update`,
    }))
  return [...grown, ...slack]
}

function locate({ file, line }: Size, says: string): Violation {
  return line === undefined ? { file, says } : { file, line, says }
}

/** What --update writes: everything of src/ between wanted and limit; never what is past it. */
export function nextRatchet(sizes: readonly Size[]): Ratchet {
  const kept = sizes.filter(
    ({ file, lineCount, wanted, limit }) =>
      file.startsWith('src/') && lineCount > wanted && lineCount <= limit,
  )
  return Object.fromEntries(kept.map(({ key, lineCount }) => [key, lineCount]).sort())
}
