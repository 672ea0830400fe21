/** Where a value holds an instance of a class that comes back as plain data, for an event. */
import type { KnownClasses } from './class-registry.js'
import { isRecord } from './is-record.js'
import { showPath } from './show-path.js'
import { isBuiltin } from './value-builtins.js'

export interface FoundInstance {
  /** `value.items[0].price` */
  readonly path: string
  readonly className: string
}

/** The value was admitted: its depth is bounded. Members of Maps and Sets are not looked into. */
export function firstInstance(
  value: unknown,
  classes: KnownClasses | undefined,
): FoundInstance | undefined {
  const path: (string | number)[] = []
  const seen = new Set<unknown>()
  const find = (part: unknown): string | undefined => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return undefined
    seen.add(part)
    const isList = Array.isArray(part)
    if (!isList && !isRecord(part)) {
      const isKept = isBuiltin(part) || classes?.of(part) !== undefined
      return isKept ? undefined : (part.constructor?.name ?? '')
    }
    for (const each of Object.keys(part)) {
      const name = isList ? Number(each) : each
      path.push(name)
      const found = find((part as Record<string | number, unknown>)[name])
      if (found !== undefined) return found
      path.pop()
    }
    return undefined
  }
  const className = find(value)
  return className === undefined ? undefined : { path: showPath(path), className }
}
