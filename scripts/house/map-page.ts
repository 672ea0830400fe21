/**
 * Reads docs/design/map.md: under a heading `cachewright/<face>` a table with a row for each symbol
 * of its document, under "Beyond the documents" what the faces offer besides.
 */

export interface MapRow {
  readonly face: string
  readonly symbol: string
  /** In the document. */
  readonly lines: string
  readonly where: readonly string[]
  readonly capability: string
  readonly deviation: string
  /** In the page, from 1. */
  readonly at: number
}

export interface BeyondRow {
  readonly name: string
  readonly reason: string
  readonly at: number
}

export interface MapPage {
  readonly rows: readonly MapRow[]
  readonly beyond: readonly BeyondRow[]
}

export const MAP_PAGE = 'docs/design/map.md'
const FACE_HEADING = /^## `?cachewright\/([\w-]+)`?$/
const BEYOND_HEADING = '## Beyond the documents'

export function readMapPage(text: string): MapPage {
  const rows: MapRow[] = []
  const beyond: BeyondRow[] = []
  let heading = ''
  for (const [index, content] of text.split('\n').entries()) {
    if (content.startsWith('## ')) heading = content
    const cells = cellsOf(content)
    if (cells === undefined) continue
    const at = index + 1
    const [first = '', second = '', where = '', capability = '', deviation = ''] = cells
    const face = FACE_HEADING.exec(heading)?.[1]
    const name = codesIn(first)[0] ?? ''
    if (face !== undefined) {
      const row = { face, symbol: name, lines: second, capability, deviation, at }
      rows.push({ ...row, where: codesIn(where) })
    } else if (heading === BEYOND_HEADING) beyond.push({ name, reason: second, at })
  }
  return { rows, beyond }
}

/** The page with the lines of symbols put right. */
export function withLines(text: string, linesOf: (row: MapRow) => string | undefined): string {
  const contents = text.split('\n')
  for (const row of readMapPage(text).rows) {
    const cells = cellsOf(contents[row.at - 1] as string) as string[]
    cells[1] = linesOf(row) ?? row.lines
    contents[row.at - 1] = `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  }
  return contents.join('\n')
}

/** Of a row of a table whose first cell is code; undefined for anything else. */
function cellsOf(content: string): string[] | undefined {
  if (!content.startsWith('| `')) return undefined
  const cells = content
    .slice(1)
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
  return cells.map((cell) => cell.trim())
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}
