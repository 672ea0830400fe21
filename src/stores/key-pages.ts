/**
 * Keys with a prefix in the order of their texts, page by page, without a cursor that a server
 * would keep: each page begins behind the last key of the one before.
 */
import { endOfPrefix, keyOf, textOf } from './key-text.js'

/** Texts from `from` up to before `end`, in their order; `limit` of them where there are more. */
export type ReadPage = (
  from: string,
  end: string | undefined,
  limit: number,
) => Promise<readonly string[]>

const PAGE_KEYS = 1_000

export async function* keyPages(
  prefix: string,
  readPage: ReadPage,
): AsyncGenerator<readonly string[]> {
  let from = textOf(prefix)
  const end = endOfPrefix(from)
  while (true) {
    const page = await readPage(from, end, PAGE_KEYS)
    if (page.length > 0) yield page.map(keyOf)
    if (page.length < PAGE_KEYS) return
    // The next text there can be: none holds U+0000.
    from = `${page.at(-1)!}\u0001`
  }
}
