/**
 * The page of live statistics: one HTML text, no assets, no framework.
 *
 * Its policy allows exactly this script and this style, by hash, and a fetch of its own server.
 * Numbers from the server reach the page as text nodes and attributes, never as markup.
 */
import { createHash } from 'node:crypto'

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
    color: #1c2430; background: #fbfaf7 }
  h1 { font-size: 1.4rem; margin: 0 } p { margin: .3rem 0 1rem }
  dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .8rem }
  dl div { background: #fff; border: 1px solid #e2ddd2; border-radius: .5rem; padding: .6rem .8rem }
  dt { font-size: .8rem; color: #5c6675 } dd { margin: 0; font-size: 1.5rem;
    font-variant-numeric: tabular-nums }
  svg { width: 100%; height: 6rem; background: #fff; border: 1px solid #e2ddd2;
    border-radius: .5rem }
  polyline { fill: none; stroke: #1f6f5c; stroke-width: 1.5; vector-effect: non-scaling-stroke }
  table { border-collapse: collapse; width: 100%; margin-top: 1rem }
  th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #e2ddd2;
    font-variant-numeric: tabular-nums }
  th:first-child, td:first-child { text-align: left }
  @media (prefers-color-scheme: dark) {
    body { color: #e6e3dc; background: #15191f } dt { color: #9aa4b2 }
    dl div, svg { background: #1d232b; border-color: #323a45 } th, td { border-color: #323a45 }
    polyline { stroke: #6cc5ad } a { color: #8ab8ff }
  }`

const SCRIPT = `
  const HISTORY = 120
  const paces = []
  let last
  const byId = (id) => document.getElementById(id)
  const whole = (n) => Math.round(n).toLocaleString('en')
  const show = (id, text) => { byId(id).textContent = text }

  function draw(pace) {
    paces.push(pace)
    if (paces.length > HISTORY) paces.shift()
    const top = Math.max(...paces, 1)
    const points = paces.map((p, i) => (HISTORY - paces.length + i) + ',' + (100 - 95 * p / top))
    byId('pace').setAttribute('points', points.join(' '))
  }

  function row(cells) {
    const tr = document.createElement('tr')
    for (const text of cells) {
      const td = document.createElement('td')
      td.textContent = text
      tr.append(td)
    }
    return tr
  }

  function apply(stats) {
    const now = performance.now()
    if (last !== undefined) {
      const pace = Math.max(0, stats.requests - last.requests) / ((now - last.at) / 1000)
      show('perSecond', whole(pace))
      draw(pace)
    }
    last = { requests: stats.requests, at: now }
    show('mode', stats.mode)
    show('requests', whole(stats.requests))
    show('latency', stats.p50Ms.toFixed(2) + ' / ' + stats.p99Ms.toFixed(2))
    show('queries', whole(stats.databaseQueries))
    show('saved', stats.savedPercent.toFixed(1) + ' %')
    show('entries', whole(stats.memory.entries))
    show('kib', whole(stats.memory.bytes / 1024))
    const rows = stats.namespaces.map((n) => [n.memoryHits, n.storeHits, n.loads].map(whole))
    const named = rows.map((cells, i) => row([stats.namespaces[i].name, ...cells]))
    byId('namespaces').replaceChildren(...named)
  }

  async function refresh() {
    try {
      const response = await fetch('/stats')
      apply(await response.json())
    } catch {
      show('mode', 'the server does not answer')
    }
    setTimeout(refresh, 1000)
  }
  refresh()`

const box = (id: string, label: string) => `<div><dt>${label}</dt><dd id="${id}">–</dd></div>`

export const STATS_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cities, cached</title>
<style>${STYLE}</style>
<h1>Cities, cached</h1>
<p id="mode">…</p>
<svg viewBox="0 0 119 100" preserveAspectRatio="none" role="img"
  aria-label="requests per second, last two minutes"><polyline id="pace"/></svg>
<dl>
${box('perSecond', 'requests / s')}
${box('latency', 'p50 / p99 ms')}
${box('requests', 'requests')}
${box('queries', 'database queries')}
${box('saved', 'answered without a load')}
${box('entries', 'entries in memory')}
${box('kib', 'KiB in memory')}
</dl>
<table>
<thead><tr><th>namespace<th>memory hits<th>store hits<th>loads</thead>
<tbody id="namespaces"></tbody>
</table>
<p>Try: <a href="/search?q=sao">search “sao”</a>,
<a href="/countries/PT/biggest">biggest of Portugal</a>,
<a href="/nearest?lat=48.86&amp;lon=2.35">around Paris</a>, <a href="/cities/2643743">London</a>,
<a href="/stats">these numbers as JSON</a></p>
<script>${SCRIPT}</script>
</html>
`

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export const PAGE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
})
