/** The pages hang together: links resolve, every page can be reached, named files exist. */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { anchorOf, listPages, type Page, readPage } from './markdown.js'

const root = process.cwd()
const pages = listPages(root).map((path) => readPage(root, path))
const byPath = new Map(pages.map((page) => [page.path, page]))

interface Target {
  readonly path: string
  readonly anchor: string | undefined
}

/** What a link means; `undefined` for one that leaves the repository. */
function targetOf(page: Page, target: string): Target | undefined {
  if (/^[a-z]+:/.test(target)) return undefined
  const [path, anchor] = target.split('#') as [string, string?]
  const full = path === '' ? page.path : posix.normalize(posix.join(dirname(page.path), path))
  return { path: full.replace(/\/$/, ''), anchor }
}

test('every link leads somewhere', () => {
  const broken = pages.flatMap((page) =>
    page.links
      .filter(({ target }) => {
        const to = targetOf(page, target)
        if (to === undefined) return false
        if (!existsSync(join(root, to.path))) return true
        const anchors = byPath.get(to.path)?.headings.map(anchorOf)
        return to.anchor !== undefined && anchors?.includes(to.anchor) !== true
      })
      .map(({ target, line }) => `${page.path}:${line}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('every page is reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const path of reached) {
    const page = byPath.get(path)
    for (const { target } of page?.links ?? []) {
      const to = targetOf(page!, target)?.path
      if (to === undefined || !existsSync(join(root, to))) continue
      // A link to a folder shows the reader all of its pages.
      const isFolder = statSync(join(root, to)).isDirectory()
      if (!isFolder) reached.add(to)
      else for (const each of byPath.keys()) if (each.startsWith(`${to}/`)) reached.add(each)
    }
  }
  expect(pages.map((page) => page.path).filter((path) => !reached.has(path))).toEqual([])
})

test('every file that a page names exists', () => {
  const isPath = /^(src|test|scripts|examples|bench|docs|\.ci)\/[\w./-]+$/
  const absent = pages.flatMap((page) =>
    page.spans
      .filter(({ text }) => isPath.test(text) && !existsSync(join(root, text)))
      .map(({ text, line }) => `${page.path}:${line}: ${text}`),
  )
  expect(absent).toEqual([])
})
