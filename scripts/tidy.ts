/**
 * The rules of the house that a machine can hold: sizes with a ratchet, names, line lengths,
 * no default exports, no forgotten marks, no silently skipped tests, no traces of a machine.
 *
 * Run: `tsx scripts/tidy.ts`, with --update to record sizes that are over what is wanted. It looks
 * at what git tracks or would track. Cost: one parse of each TypeScript file.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeSizes, nextRatchet, type Ratchet, type Size, sizesOf } from './house/size-ratchet.js'
import { parseSource } from './house/source-files.js'
import { judgeLines, judgeName, judgeSyntax, judgeTraces } from './house/tidy-rules.js'
import { conclude, isStarted, type Verdict, type Violation } from './house/violation.js'

const RATCHET_FILE = 'scripts/tidy-ratchet.json'
const CODE = /^((src|test|bench|examples|scripts)\/.+|[^/]+)\.[mc]?tsx?$/

function listFiles(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  // A file deleted but not yet committed is still listed.
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}

function readRatchet(root: string): Ratchet {
  const path = join(root, RATCHET_FILE)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}

interface Survey {
  readonly violations: Violation[]
  readonly sizes: Size[]
}

function survey(root: string, files: readonly string[]): Survey {
  const violations: Violation[] = []
  const sizes: Size[] = []
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    // A zero byte means that the file is not text.
    if (!text.includes('\0')) violations.push(...judgeTraces(file, text))
    if (!CODE.test(file)) continue
    const source = parseSource(root, file)
    violations.push(...judgeName(file), ...judgeLines(file, text), ...judgeSyntax(source))
    sizes.push(...sizesOf(source))
  }
  return { violations, sizes }
}

export function checkTidy(root: string, files: readonly string[]): Verdict {
  const { violations, sizes } = survey(root, files)
  const recorded = readRatchet(root)
  const success = `tidy: ${files.length} files, ${Object.keys(recorded).length} sizes on record`
  return { violations: [...violations, ...judgeSizes(sizes, recorded)], success }
}

export function updateRatchet(root: string, files: readonly string[]): void {
  const next = nextRatchet(survey(root, files).sizes)
  writeFileSync(join(root, RATCHET_FILE), `${JSON.stringify(next, null, 2)}\n`)
}

if (isStarted(import.meta.url)) {
  const root = process.cwd()
  const files = listFiles(root)
  if (process.argv.includes('--update')) updateRatchet(root, files)
  conclude(checkTidy(root, files))
}
