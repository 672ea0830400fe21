/**
 * Calls in groups that are under way together, as requests of one moment are.
 */

/** Makes `total` calls, `atOnce` at a time; sums what `weigh` makes of each answer. */
export async function inGroups<T>(
  total: number,
  atOnce: number,
  call: (number: number) => Promise<T>,
  weigh: (answer: T) => number,
): Promise<number> {
  let sum = 0
  if (atOnce === 1) {
    for (let number = 0; number < total; number++) sum += weigh(await call(number))
    return sum
  }
  for (let first = 0; first < total; first += atOnce) {
    const group: Promise<T>[] = []
    for (let at = 0; at < atOnce; at++) group.push(call(first + at))
    for (const answer of await Promise.all(group)) sum += weigh(answer)
  }
  return sum
}
