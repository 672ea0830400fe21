/**
 * Where a value holds what JSON would lose, and what that is: the slow look, for a message.
 */
import { isRecord } from './is-record.js'

export type Path = readonly (string | number)[]

export interface Unlike {
  readonly what: string
  readonly path: Path
}

/** `undefined` where it holds nothing of the kind. The value was admitted: its depth is bounded. */
export function unlikeJson(value: unknown): Unlike | undefined {
  const path: (string | number)[] = []
  const above = new Set<unknown>()
  const find = (part: unknown): string | undefined => {
    if (above.has(part)) return 'a cycle'
    const odd = nameOfOdd(part)
    if (odd !== undefined || typeof part !== 'object' || part === null) return odd
    above.add(part)
    const names = Object.keys(part)
    if (Array.isArray(part) && names.length < part.length) return 'a hole'
    for (const each of names) {
      const name = Array.isArray(part) ? Number(each) : each
      path.push(name)
      const found = find((part as Record<string | number, unknown>)[name])
      if (found !== undefined) return found
      path.pop()
    }
    above.delete(part)
    return undefined
  }
  const what = find(value)
  return what === undefined ? undefined : { what, path }
}

function nameOfOdd(value: unknown): string | undefined {
  if (value === undefined) return 'undefined'
  if (typeof value === 'bigint') return 'a bigint'
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return isRecord(value) ? undefined : `a ${(value as object).constructor.name}`
}
