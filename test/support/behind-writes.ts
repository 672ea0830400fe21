/** Writes as write-behind hands them over, for tests of writers. */
import { expect } from 'vitest'
import type {
  BehindDelete,
  BehindSet,
  BehindWrite,
  VersionedUpserts,
} from '../../src/patterns/index.js'

function writeOf(key: string, version: number) {
  return { key, version, epoch: 1, idempotencyKey: `${key}:${version}`, attempts: 0 }
}

export function setOf<T>(key: string, version: number, value: T): BehindSet<T> {
  return { ...writeOf(key, version), op: 'set', value }
}

export function deleteOf(key: string, version: number): BehindDelete {
  return { ...writeOf(key, version), op: 'delete', value: undefined }
}

/** All of them are written, or the database refuses them. */
export async function writeAll<T>(
  { write }: VersionedUpserts<T>,
  writes: readonly BehindWrite<T>[],
): Promise<void> {
  const { signal } = new AbortController()
  expect(await write(writes, { signal })).toEqual([])
}
