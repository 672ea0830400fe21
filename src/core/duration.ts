/**
 * Durations and sizes as people write them: the one place where a public number gets its unit.
 *
 * Numbers are seconds (as in Redis and HTTP), strings carry their unit. What cannot be right is
 * refused by a reason that the option table turns into a message; nothing is clamped in silence.
 */
const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const UNIT_BYTES: Record<string, number> = { b: 1, kb: 1_024, mb: 1_024 ** 2, gb: 1_024 ** 3 }

const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/
const SIZE = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)$/i

/** Seconds as a number or `'250ms' | '5s' | '10m' | '1h' | '7d' | '2w'`. */
export type Duration = number | string

/** Bytes as a number or `'512kb' | '128mb' | '1gb'` (powers of 1 024). */
export type Size = number | string

/**
 * Milliseconds, or `undefined` where `input` is no duration at all. The range is the caller's to
 * check.
 */
export function durationMs(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isNaN(input) ? undefined : input * 1_000
  if (typeof input !== 'string') return undefined
  const match = DURATION.exec(input.trim())
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2]!]!
}

/** Bytes, or `undefined` where `input` is no size at all. */
export function sizeBytes(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isNaN(input) ? undefined : input
  if (typeof input !== 'string') return undefined
  const match = SIZE.exec(input.trim())
  return match === null
    ? undefined
    : Math.floor(Number(match[1]) * UNIT_BYTES[match[2]!.toLowerCase()]!)
}

/** A duration as a message shows it: the largest unit that divides it. */
export function showDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'Infinity'
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    if (ms >= UNIT_MS[unit]! && ms % UNIT_MS[unit]! === 0) return `${ms / UNIT_MS[unit]!}${unit}`
  }
  return `${ms}ms`
}

/** A size as a message shows it. */
export function showSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb']) {
    if (bytes >= UNIT_BYTES[unit]! && bytes % UNIT_BYTES[unit]! === 0)
      return `${bytes / UNIT_BYTES[unit]!}${unit}`
  }
  return `${bytes}b`
}
