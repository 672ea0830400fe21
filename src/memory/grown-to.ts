/** The numbers of `from` at the beginning of `into`, which is no shorter. */
export function grownTo<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}
