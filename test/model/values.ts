/**
 * Values that tell where they came from: each write of a run has one of its own.
 */
import { isDeepStrictEqual } from 'node:util'

export const VALUE_KINDS = ['text', 'plain', 'rich', 'large', 'number', 'null'] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

/** The value number `id`. Equal, and made anew, for the same arguments. */
export function makeValue(kind: ValueKind, id: number): unknown {
  switch (kind) {
    case 'text':
      return `s${id}`
    case 'plain':
      return { id, list: [id, 'ü'], inner: { on: true } }
    case 'rich':
      return { id, at: new Date(id), tags: new Set([id]), big: 2n ** 70n, inner: { on: true } }
    case 'large':
      return { id, rows: Array.from({ length: 20 }, (_, row) => ({ row, text: 'a row of text' })) }
    case 'number':
      // Far apart, so that a counter never meets another's value.
      return id * 1_000_000
    case 'null':
      return null
  }
}

export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b)
}

/** What a careless caller does to what it was handed; `false` if the value does not let it. */
export function spoil(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Object.isFrozen(value)) return false
  const record = value as Record<string, unknown>
  record.spoiled = true
  if (Array.isArray(record.list)) record.list.push('spoiled')
  if (record.at instanceof Date) record.at.setTime(0)
  if (record.tags instanceof Set) record.tags.add('spoiled')
  return true
}

/** Whether nothing inside can be changed: what may be handed out by reference. */
export function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen)
}
