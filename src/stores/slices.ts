/** In order, each of at most so many. */
export function slices<T>(all: readonly T[], size: number): (readonly T[])[] {
  if (all.length <= size) return [all]
  const parts: (readonly T[])[] = []
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size))
  return parts
}
