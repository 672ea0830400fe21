/** How a document is read: which of its names are symbols, and what the map calls them. */

/** How to read one document. */
export interface Reading {
  /** Of the door that serves it: `cachewright/<face>`. */
  readonly face: string
  /** With which the name of the document's file begins. */
  readonly number: string
  /** What a name or the answer of a call (`getCache()`) is: `Type.` or `Class#`, or a whole name */
  readonly roots: Readonly<Record<string, string>>
  /**
   * Whose keys an object has: by the place of an argument (`callee:index`), by its variable, by the
   * key that holds it or by the line of its fence. '': the user's own.
   */
  readonly shapes: Readonly<Record<string, string>>
  /** The class of signatures that stand in none. */
  readonly members: string
  /** Of the lists of methods, by heading. */
  readonly headings: Readonly<Record<string, string>>
  /** Names that the document does not promise, each with the reason. */
  readonly ignored: Readonly<Record<string, string>>
  /** What stands in comments, tables and prose: `'line symbol'`. */
  readonly besides: readonly string[]
}

/** Of arrays, numbers and functions. */
const BUILT_IN_MEMBERS: readonly string[] = ['map', 'toFixed', 'call', 'length', 'push']

/** What the map calls a path; undefined for what the document does not promise. */
export function symbolFor(path: string, { roots, ignored }: Reading): string | undefined {
  const root = Object.keys(roots)
    .filter((each) => path === each || path.startsWith(`${each}.`))
    .sort((a, b) => b.length - a.length)[0]
  if (path === root) {
    const own = roots[root] as string
    if (own !== '' && !/[#.]$/.test(own)) return own
  }
  if (root === undefined || path === root) {
    const first = /^(?:new )?([\w$]+)/.exec(path)?.[1] ?? path
    return ignored[first] !== undefined || path.endsWith(')') ? undefined : path
  }
  const rest = path.slice(root.length + 1).split('.')
  const last = rest.at(-1) as string
  if (BUILT_IN_MEMBERS.includes(last) || last.endsWith(')')) return undefined
  const isChain = rest.some((each) => each.endsWith(')'))
  return `${roots[root]}${isChain ? last : rest.join('.')}`
}
