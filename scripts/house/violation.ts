/**
 * How a check of the house speaks: what it found, where, and the one way it ends.
 *
 * A check is a pure function from a folder to findings, so that a test can hand it a small broken
 * folder; only `conclude` prints and sets the exit code, and only for the script that was started.
 */
import { pathToFileURL } from 'node:url'

export interface Violation {
  /** Relative to the root that was checked, with forward slashes. */
  readonly file: string
  /** From 1; absent where the whole file is meant. */
  readonly line?: number
  readonly says: string
}

export interface Verdict {
  readonly violations: readonly Violation[]
  /** The one line printed when there is nothing to complain about. */
  readonly success: string
}

export function formatViolation({ file, line, says }: Violation): string {
  return line === undefined ? `${file}: ${says}` : `${file}:${line}: ${says}`
}

/** Prints the verdict; a violation makes the process end with 1. */
export function conclude(verdict: Verdict): void {
  if (verdict.violations.length === 0) {
    console.log(verdict.success)
    return
  }
  for (const violation of verdict.violations) console.error(formatViolation(violation))
  console.error(`${verdict.violations.length} violation(s)`)
  process.exitCode = 1
}

/** True in the module that was started, false where a test imports it. */
export function isStarted(moduleUrl: string): boolean {
  const started = process.argv[1]
  return started !== undefined && pathToFileURL(started).href === moduleUrl
}
