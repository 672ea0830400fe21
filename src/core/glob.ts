/**
 * Patterns over keys, as Redis writes them: `*` any run of characters, `?` one, `[abc]`, `[a-z]`
 * and `[^a]` one of a set, `\` takes the next character as it is. Characters are code points.
 *
 * Matched without backtracking into earlier stars (Cox: Glob Matching Can Be Simple And Fast Too,
 * 2017): linear in the key for each part of the pattern, whatever the pattern.
 */
import { invalidOption } from './option-reading.js'

type Part = '*' | ((character: string) => boolean)

export interface Glob {
  /** What every match begins with, literally. */
  readonly prefix: string
  /** Whether the pattern is `prefix` and one star: then it says no more than the prefix. */
  readonly isPrefix: boolean
  matches(key: string): boolean
}

const MAX_PATTERN_CHARS = 1_024
const RANGE = `a pattern of 1 to ${MAX_PATTERN_CHARS} characters, such as 'user:*'`

/** Throws OPTION_INVALID. */
export function parseGlob(pattern: unknown, where: string): Glob {
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > MAX_PATTERN_CHARS) {
    throw invalidOption(where, 'pattern', pattern, RANGE)
  }
  const characters = [...pattern]
  const parts: Part[] = []
  let prefix = ''
  let isLiteral = true
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!
    if (character === '*') {
      isLiteral = false
      if (parts.at(-1) !== '*') parts.push('*')
    } else if (character === '?') {
      isLiteral = false
      parts.push(() => true)
    } else if (character === '[') {
      isLiteral = false
      const end = closingBracket(characters, at)
      if (end === undefined) throw invalidOption(where, 'pattern', pattern, `${RANGE}, with a ']'`)
      parts.push(setOf(characters.slice(at + 1, end)))
      at = end
    } else {
      const literal = character === '\\' ? (characters[++at] ?? '\\') : character
      parts.push((other) => other === literal)
      if (isLiteral) prefix += literal
    }
  }
  const isPrefix = parts.at(-1) === '*' && parts.length === [...prefix].length + 1
  return { prefix, isPrefix, matches: (key) => matches(parts, [...key]) }
}

function closingBracket(characters: readonly string[], open: number): number | undefined {
  for (let at = open + 1; at < characters.length; at++) {
    if (characters[at] === '\\') at++
    else if (characters[at] === ']') return at
  }
  return undefined
}

function setOf(content: readonly string[]): (character: string) => boolean {
  const isNegated = content[0] === '^'
  const ranges: [from: number, to: number][] = []
  for (let at = isNegated ? 1 : 0; at < content.length; at++) {
    if (content[at] === '\\') at++
    const from = codeOf(content[at])
    const isRange = content[at + 1] === '-' && at + 2 < content.length
    const to = isRange ? codeOf(content[at + 2]) : from
    if (isRange) at += 2
    ranges.push([Math.min(from, to), Math.max(from, to)])
  }
  return (character) => {
    const code = codeOf(character)
    return ranges.some(([from, to]) => from <= code && code <= to) !== isNegated
  }
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1
}

function matches(parts: readonly Part[], key: readonly string[]): boolean {
  let part = 0
  let at = 0
  /** Where to go on after a mismatch: the last star, taking one character more. */
  let star = -1
  let starAt = 0
  while (at < key.length) {
    const current = parts[part]
    if (current === '*') {
      star = part++
      starAt = at
    } else if (current?.(key[at]!) === true) {
      part++
      at++
    } else if (star >= 0) {
      part = star + 1
      at = ++starAt
    } else return false
  }
  while (parts[part] === '*') part++
  return part === parts.length
}
