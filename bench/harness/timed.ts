/**
 * Times a round, and digests what it read.
 */
import { createHash } from 'node:crypto'
import type { Round } from './bench.js'

/** Runs `work` once; what it resolves to is its checksum and becomes part of the answers. */
export async function timed(
  operations: number,
  content: string,
  work: () => Promise<number> | number,
): Promise<Round> {
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  const sum = await work()
  const elapsedMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(cpu)
  return { operations, elapsedMs, cpuMs: (user + system) / 1_000, answers: `${content}:${sum}` }
}

/** A short digest of plain values, in their order. */
export function digest(values: readonly unknown[]): string {
  const hash = createHash('sha256')
  for (const value of values) hash.update(JSON.stringify(value) ?? 'undefined')
  return hash.digest('hex').slice(0, 12)
}
