/**
 * What strangers have written, as a terminal may show it: on one line, and without characters that
 * move its cursor, turn the direction of its text or hide.
 */
import { inspect } from 'node:util'

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
const MAX_CHARS = 200
const SHORT = {
  ...{ depth: 4, maxArrayLength: 20, maxStringLength: MAX_CHARS },
  ...{ breakLength: Number.POSITIVE_INFINITY, compact: true, customInspect: false },
} as const

/** Such characters as JSON escapes them: what was JSON stays the same JSON. */
export function escaped(text: string): string {
  return text.replace(UNSEEN, (found) => {
    const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at))
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}

/** At most 200 characters of it. */
export function shortened(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`
}

/** As Node shows values, shortened. Calls nothing of the value. */
export function shownValue(value: unknown): string {
  return shortened(inspect(value, SHORT))
}

/** The message of an error, or what was thrown in its place; its first line. */
export function shownError(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : shownValue(error)
  return escaped(shortened(text.split('\n')[0]!))
}
