/** Flat keys by pattern: those of the cache itself and of every registered namespace. */
import type { Cache } from '../core/api.js'
import { parseGlob } from '../core/glob.js'
import { countedRemoval } from './counted-removal.js'
import type { FlatKeys, FlatNamespace } from './flat-keys.js'

/** A namespace, or the cache itself, with the part of a pattern that is about its keys. */
interface Part {
  readonly space: Cache
  /** What its keys begin with: '' for the cache itself. */
  readonly before: string
}

const MAX_AT_ONCE = 10_000

/**
 * Flat keys that match, in arrays of `count`. From the store while it answers, else from memory. A
 * key may come twice. Throws OPTION_INVALID. Where the first part of the pattern is text, one
 * namespace is listed, else each of them.
 */
export async function* listFlatKeys(
  keys: FlatKeys,
  pattern: string,
  count: number,
): AsyncGenerator<string[], void, void> {
  const { matches } = parseGlob(pattern, 'listFlatKeys')
  let page: string[] = []
  for (const { space, before } of partsOf(keys, pattern)) {
    for await (const key of space.keys()) {
      const flatKey = before + key
      if (!matches(flatKey)) continue
      page.push(flatKey)
      if (page.length < count) continue
      yield page
      page = []
    }
  }
  if (page.length > 0) yield page
}

/** Invalidates what matches; how many keys there were. They are listed first, as above. */
export async function removeFlatKeys(keys: FlatKeys, pattern: string): Promise<number> {
  const { matches } = parseGlob(pattern, 'removeFlatKeys')
  const named = namespaceIn(keys, pattern)
  if (named !== undefined) {
    const { space, key } = keys.place(pattern)
    return (await countedRemoval(space, key)).count
  }
  let removed = 0
  for (const { space, before } of partsOf(keys, pattern)) {
    if (before === '') removed += (await countedRemoval(space, pattern)).count
    else removed += await removeThose(space, (key) => matches(before + key))
  }
  return removed
}

/** A key that the store lists again after it was removed counts twice. */
async function removeThose(space: Cache, matches: (key: string) => boolean): Promise<number> {
  let found = new Set<string>()
  let removed = 0
  const remove = async () => {
    removed += found.size
    if (found.size > 0) await space.deleteMany([...found])
    found = new Set()
  }
  for await (const key of space.keys()) {
    if (matches(key)) found.add(key)
    if (found.size >= MAX_AT_ONCE) await remove()
  }
  await remove()
  return removed
}

function partsOf(keys: FlatKeys, pattern: string): readonly Part[] {
  const named = namespaceIn(keys, pattern)
  if (named !== undefined) return [partOf(keys, named)]
  const root: Part = { space: keys.root, before: '' }
  return isText(firstPart(pattern)) ? [root] : [root, ...keys.all().map((n) => partOf(keys, n))]
}

function partOf(keys: FlatKeys, namespace: FlatNamespace): Part {
  return { space: keys.spaceOf(namespace), before: `${namespace.prefix}:` }
}

/** The one that the first part of the pattern names. */
function namespaceIn(keys: FlatKeys, pattern: string): FlatNamespace | undefined {
  const first = firstPart(pattern)
  return keys.all().find(({ prefix }) => prefix === first)
}

/** `undefined` for a pattern without a colon. */
function firstPart(pattern: string): string | undefined {
  const colon = pattern.indexOf(':')
  return colon < 0 ? undefined : pattern.slice(0, colon)
}

function isText(part: string | undefined): boolean {
  return part !== undefined && !/[*?[\\]/.test(part)
}
