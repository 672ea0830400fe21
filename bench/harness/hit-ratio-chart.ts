/**
 * Draws the rows of bench/hit-ratio as an SVG: a panel for each load, a line for each policy, ours
 * thick.
 *
 * What is drawn is how far each is above LRU, since the room alone moves all of them by more than
 * they differ; the ratios of LRU and of ours stand below. Each panel has a scale of its own.
 * Colours are those of Okabe and Ito, which colour-blind readers can tell apart; marks differ as
 * well.
 */
import type { Row } from './bench.js'
import { circleAt, type Mark, markAt, polyline, textAt } from './svg.js'

interface Style {
  readonly colour: string
  readonly mark: Mark | undefined
  readonly dash?: string
}

const OURS_COLOUR = '#d55e00'
const OURS_WIDTH = 3
/** The later ones are drawn on top. */
const STYLES: Readonly<Record<string, Style>> = {
  OPT: { colour: '#777777', mark: undefined, dash: '2 4' },
  LRU: { colour: '#0072b2', mark: 'square' },
  SIEVE: { colour: '#56b4e9', mark: 'triangle' },
  'S3-FIFO': { colour: '#e69f00', mark: 'diamond' },
  ARC: { colour: '#cc79a7', mark: 'wedge' },
  'W-TinyLFU': { colour: '#009e73', mark: 'plus', dash: '6 3' },
  'adaptive W-TinyLFU': { colour: '#009e73', mark: 'cross' },
}

const COLUMNS = 4
const PANEL = { width: 310, height: 310 }
/** Around the lines of a panel. */
const INSET = { left: 46, right: 14, top: 36 }
const BASE = 'LRU'
const HEAD = 84
const MARGIN = 16
const LINES = { width: PANEL.width - INSET.left - INSET.right, height: 196 }
const TICKS = 6
const HEADING = 'Hits: points of % above LRU, by room'

interface Panel {
  readonly title: string
  /** By step on the axis: how much room there was, and its row. */
  readonly steps: { readonly room: string; readonly row: Row }[]
}

/** `rows` as the bench reports them: the name of each is "load @ room". */
export function hitRatioChart(rows: readonly Row[]): string {
  const panels = panelsOf(rows)
  const width = MARGIN * 2 + COLUMNS * PANEL.width
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * PANEL.height + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"`,
    `  width="${width}" height="${height}" font-family="sans-serif" font-size="11" fill="#222222">`,
    '<title>Hit ratios by load, room and policy</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    textAt(MARGIN, 26, HEADING, 'font-size="17"'),
    ...legend(),
    ...panels.flatMap((panel, at) => [
      `<g transform="translate(${MARGIN + (at % COLUMNS) * PANEL.width}`,
      `  ${HEAD + Math.floor(at / COLUMNS) * PANEL.height})">`,
      ...drawn(panel),
      '</g>',
    ]),
    '</svg>\n',
  ].join('\n')
}

function panelsOf(rows: readonly Row[]): Panel[] {
  const panels = new Map<string, Panel>()
  for (const row of rows) {
    const [, load, room, what] = /^(.+) @ ([^,]+)(?:, (.+))?$/.exec(row.case) ?? []
    if (load === undefined) continue
    const title = what === undefined ? load : `${load} by bytes: hits in ${what}`
    const panel = panels.get(title) ?? { title, steps: [] }
    panel.steps.push({ room: room!.replace(' of bytes', ''), row })
    panels.set(title, panel)
  }
  return [...panels.values()]
}

function legend(): string[] {
  const names = [...Object.keys(STYLES), 'ours (adaptive)']
  let x = MARGIN
  return names.flatMap((name) => {
    const style = STYLES[name] ?? ours()
    const from = x
    x += 52 + name.length * 6.6
    const y = 54
    return [
      line(style, [from, y, from + 30, y]),
      style.mark === undefined ? '' : markAt(style.mark, from + 15, y, style.colour),
      name in STYLES ? '' : circleAt(from + 15, y, style.colour),
      textAt(from + 36, y + 4, name, name in STYLES ? '' : 'font-weight="bold"'),
    ]
  })
}

function ours(): Style {
  return { colour: OURS_COLOUR, mark: undefined }
}

function line({ colour, dash }: Style, points: readonly number[]): string {
  const width = colour === OURS_COLOUR ? OURS_WIDTH : 1.4
  return polyline(points, colour, width, dash)
}

function drawn({ title, steps }: Panel): string[] {
  const scale = scaleOf(steps.map(({ row }) => row))
  const xOf = (at: number) => INSET.left + (LINES.width * (at + 0.5)) / steps.length
  const yOf = (value: number) =>
    INSET.top + LINES.height * (1 - (value - scale.from) / (scale.to - scale.from))
  const grid = scale.ticks.flatMap((tick) => {
    const paint = tick === 0 ? 'stroke="#999999"' : 'stroke="#e4e4e4"'
    const label = tick > 0 ? `+${tick}` : String(tick).replace('-', '−')
    return [
      `<path d="M${INSET.left} ${yOf(tick).toFixed(1)}h${LINES.width}" ${paint}/>`,
      textAt(INSET.left - 6, yOf(tick) + 4, label, 'text-anchor="end" fill="#555555"'),
    ]
  })
  const others = Object.entries(STYLES).flatMap(([name, style]) => {
    if (steps.some(({ row }) => row.figures[name] === undefined)) return []
    const above = steps.map(({ row }) => row.figures[name]! - row.figures[BASE]!)
    return series(style, above, xOf, yOf)
  })
  const own = steps.map(({ row }) => row.value - row.figures[BASE]!)
  return [
    textAt(INSET.left, 22, title, 'font-size="14" font-weight="bold"'),
    ...grid,
    ...others,
    ...series(ours(), own, xOf, yOf),
    ...own.map((value, at) => circleAt(xOf(at), yOf(value), OURS_COLOUR)),
    ...steps.flatMap((step, at) => feet(step, xOf(at))),
  ]
}

/** Below a step: its room, and the ratios that the lines only compare. */
function feet({ room, row }: Panel['steps'][number], x: number): string[] {
  const y = INSET.top + LINES.height + 18
  const middle = 'text-anchor="middle"'
  return [
    textAt(x, y, room, `${middle} font-weight="bold"`),
    textAt(x, y + 17, `LRU ${row.figures[BASE]!.toFixed(1)} %`, `${middle} fill="#0072b2"`),
    textAt(x, y + 32, `ours ${row.value.toFixed(1)} %`, `${middle} fill="${OURS_COLOUR}"`),
  ]
}

function series(
  style: Style,
  values: readonly number[],
  xOf: (at: number) => number,
  yOf: (value: number) => number,
): string[] {
  const { mark, colour } = style
  const points = values.flatMap((value, at) => [xOf(at), yOf(value)])
  const marks = values.map((value, at) =>
    mark === undefined ? '' : markAt(mark, xOf(at), yOf(value), colour),
  )
  return [line(style, points), ...marks]
}

/** Round numbers around all that is drawn. */
function scaleOf(rows: readonly Row[]): { from: number; to: number; ticks: number[] } {
  const values = rows.flatMap(({ figures, value }) =>
    [...Object.keys(STYLES).flatMap((name) => figures[name] ?? []), value].map(
      (each) => each - figures[BASE]!,
    ),
  )
  const least = Math.min(...values)
  const most = Math.max(...values)
  const step = [1, 2, 5, 10, 20, 50].find((each) => (most - least) / each <= TICKS) ?? 50
  const from = Math.floor(least / step) * step
  const to = Math.max(from + step, Math.ceil(most / step) * step)
  const ticks = Array.from({ length: (to - from) / step + 1 }, (_, at) => from + at * step)
  return { from, to, ticks }
}
