/** Assertions of the checkers of memory. */

export function same(got: unknown, wanted: unknown, what: string): void {
  claim(Object.is(got, wanted), `${what} is ${String(got)}, not ${String(wanted)}`)
}

export function claim(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Error(`memory tier: ${says}`)
}
