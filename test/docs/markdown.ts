/**
 * Reads the pages of the docs: their code blocks, links, headings and the paths they name.
 *
 * A block is ` ```ts `: type-checked; ` ```ts run `: also executed, and what it prints is held
 * against its `// → ` comments; ` ```ts run redis ` and ` ```ts run postgres `: executed with the
 * REDIS_URL and DATABASE_URL of servers. A comment `<!-- prelude … -->` before a block holds what
 * the block takes for granted.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CodeBlock {
  readonly page: string
  /** Of the opening fence, from 1. */
  readonly line: number
  /** The words after the language. */
  readonly marks: readonly string[]
  readonly code: string
  readonly prelude: string
  /** Block and prelude on the lines where they stand in the page, all other lines empty. */
  readonly inPlace: string
}

export interface Page {
  readonly path: string
  readonly text: string
  readonly blocks: readonly CodeBlock[]
  readonly headings: readonly string[]
  readonly links: readonly { readonly target: string; readonly line: number }[]
  /** What stands between backticks outside of blocks. */
  readonly spans: readonly { readonly text: string; readonly line: number }[]
}

const FENCE = /^```(\S*)\s*(.*)$/
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g
const SPAN = /`([^`]+)`/g

/** README, CHANGELOG, UPGRADING and everything under docs/. */
export function listPages(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) return below(path)
      return entry.name.endsWith('.md') ? [path] : []
    })
  return ['README.md', 'CHANGELOG.md', 'UPGRADING.md', ...below('docs').sort()]
}

export function readPage(root: string, path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  return parsePage(path, text)
}

export function parsePage(path: string, text: string): Page {
  const lines = text.split('\n')
  const blocks: CodeBlock[] = []
  const headings: string[] = []
  const links: { target: string; line: number }[] = []
  const spans: { text: string; line: number }[] = []
  let prelude: readonly number[] = []
  for (let at = 0; at < lines.length; at++) {
    const content = lines[at]!
    if (content.startsWith('<!-- prelude')) {
      const end = indexOf(lines, at, (each) => each.includes('-->'))
      prelude = range(at + 1, end)
      at = end
      continue
    }
    const fence = FENCE.exec(content)
    if (fence !== null) {
      const end = indexOf(lines, at + 1, (each) => each.startsWith('```'))
      if (fence[1] === 'ts') blocks.push(block(path, lines, at, end, prelude, fence[2]!))
      prelude = []
      at = end
      continue
    }
    const heading = /^#{1,6}\s+(.*)$/.exec(content)
    if (heading !== null) headings.push(heading[1]!)
    for (const [, target] of content.matchAll(LINK)) links.push({ target: target!, line: at + 1 })
    for (const [, span] of content.matchAll(SPAN)) spans.push({ text: span!, line: at + 1 })
  }
  return { path, text, blocks, headings, links, spans }
}

/** The anchor that a heading gets on GitHub. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

function block(
  page: string,
  lines: readonly string[],
  open: number,
  end: number,
  prelude: readonly number[],
  marks: string,
): CodeBlock {
  const body = range(open + 1, end)
  const kept = new Set([...prelude, ...body])
  const textOf = (numbers: readonly number[]) => numbers.map((number) => lines[number]).join('\n')
  return {
    page,
    line: open + 1,
    marks: marks.split(/\s+/).filter((mark) => mark !== ''),
    code: textOf(body),
    prelude: textOf(prelude),
    inPlace: lines.map((content, number) => (kept.has(number) ? content : '')).join('\n'),
  }
}

function indexOf(lines: readonly string[], from: number, holds: (line: string) => boolean): number {
  const found = lines.findIndex((content, number) => number >= from && holds(content))
  return found === -1 ? lines.length : found
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
