/**
 * A unit for `fc.string`, the same as its 'binary': any code point but halves of pairs. That one
 * makes a table of all of them first, in each process, for most of a second.
 */
import fc from 'fast-check'

const FIRST_HALF = 0xd800
const HALVES = 0x800
const MAX_CODE_POINT = 0x10ffff

export const anyCodePoint: fc.Arbitrary<string> = fc.nat(MAX_CODE_POINT - HALVES).map(
  (at) => String.fromCodePoint(at < FIRST_HALF ? at : at + HALVES),
  (text) => placeOf(text),
)

/** Throws for what is no single code point: fast-check then knows that it did not make it. */
function placeOf(text: unknown): number {
  const [only, ...others] = String(text)
  const codePoint = only?.codePointAt(0)
  if (codePoint === undefined || others.length > 0 || !only!.isWellFormed()) {
    throw new RangeError('not one code point')
  }
  return codePoint < FIRST_HALF ? codePoint : codePoint - HALVES
}
