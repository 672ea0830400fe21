/** The few shapes of an SVG that our charts need, as text. */
export type Mark = 'square' | 'triangle' | 'wedge' | 'diamond' | 'plus' | 'cross'

/** Around the middle. Lines of an open mark are drawn, closed marks are filled. */
const MARKS: Readonly<Record<Mark, string>> = {
  square: 'm-3-3h6v6h-6z',
  triangle: 'm0-4l4 7h-8z',
  wedge: 'm0 4l4-7h-8z',
  diamond: 'm0-4.5l4 4.5l-4 4.5l-4-4.5z',
  plus: 'm-4 0h8m-4-4v8',
  cross: 'm-3.5-3.5l7 7m-7 0l7-7',
}

export function markAt(mark: Mark, x: number, y: number, colour: string): string {
  const isOpen = !MARKS[mark].endsWith('z')
  const paint = isOpen ? `fill="none" stroke="${colour}" stroke-width="1.8"` : `fill="${colour}"`
  return `<path d="M${short(x)} ${short(y)}${MARKS[mark]}" ${paint}/>`
}

export function circleAt(x: number, y: number, colour: string): string {
  return `<circle cx="${short(x)}" cy="${short(y)}" r="4.5" fill="${colour}"/>`
}

/** `points`: x and y in turn. */
export function polyline(
  points: readonly number[],
  colour: string,
  width: number,
  dash?: string,
): string {
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`
  const stroke = `stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dashes}`
  return `<polyline points="${points.map(short).join(' ')}" fill="none" ${stroke}/>`
}

export function textAt(x: number, y: number, text: string, attributes: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${short(x)}" y="${short(y)}" ${attributes}>${escaped}</text>`
}

function short(value: number): number {
  return Math.round(value * 10) / 10
}
