/**
 * Values of like size, for which one algorithm is best: a class ends at each power of four from
 * 256 bytes to 256 KiB, and what is larger is one class.
 *
 * Below, what a call costs decides; above, what a byte costs. Powers of four keep the cost of a
 * byte comparable within one class, and the classes few enough for each to see many values.
 */
export const SIZE_CLASSES = 7

const FIRST_END_BITS = 8

/** 0 for less than 256 bytes, 6 for 256 KiB and more. */
export function sizeClassOf(rawBytes: number): number {
  const bits = 32 - Math.clz32(Math.min(rawBytes, 2 ** 31))
  if (bits <= FIRST_END_BITS) return 0
  return Math.min(SIZE_CLASSES - 1, (bits - FIRST_END_BITS + 1) >> 1)
}

/** The smallest value of a class. */
export function classStartBytes(sizeClass: number): number {
  return sizeClass === 0 ? 0 : 4 ** (sizeClass - 1) * 2 ** FIRST_END_BITS
}
