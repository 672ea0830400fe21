/**
 * Reads from a document which names it promises, and on which lines: names that are imported,
 * called or constructed, members of documented objects, keys of options and shapes, members of
 * types, environment variables, commands, HTTP addresses.
 *
 * Whatever a reading does not set aside with a reason is a symbol, so a name that nobody thought of
 * turns up as one.
 */
import { CodeReader, type Emit } from './code-reader.js'
import { type Fence, partsOf, type Span } from './document-code.js'
import { type Reading, symbolFor } from './document-reading.js'

/** Symbols in the order of their first lines. */
export type SymbolLines = Record<string, number[]>

const VARIABLE = /\b(?:REDIS|CACHE|NODE)_[A-Z][A-Z_]*\b/g
const COMMAND = /cache-deployment\.js ((?:deploy )?[a-z][\w-]*)/g
const ADDRESS = /^(GET|POST) (\S+)/
const PATH = /^[A-Za-z_$][\w$.]*(\(\))?$/

export function symbolsOf(text: string, reading: Reading): SymbolLines {
  const found = new Map<string, Set<number>>()
  const emit: Emit = (symbol, line) => {
    found.set(symbol, (found.get(symbol) ?? new Set()).add(line))
  }
  const { fences, spans } = partsOf(text)
  for (const fence of fences) {
    if (/^(typescript|javascript)$/.test(fence.language))
      new CodeReader(fence, reading, found, emit).read()
    else readPlain(fence, emit)
  }
  for (const span of spans) readSpan(span, reading, emit)
  for (const each of reading.besides) {
    const [, line = '', symbol = ''] = /^(\d+) (.+)$/.exec(each) ?? []
    emit(symbol, Number(line))
  }
  const sorted = [...found].map(([symbol, lines]): [string, number[]] => {
    return [symbol, [...lines].sort((a, b) => a - b)]
  })
  return Object.fromEntries(sorted.sort(([, [a = 0]], [, [b = 0]]) => a - b))
}

function readPlain(fence: Fence, emit: Emit): void {
  for (const [index, content] of fence.text.split('\n').entries()) {
    const line = fence.line + index
    for (const [variable] of content.matchAll(VARIABLE)) emit(variable, line)
    for (const [, command] of content.matchAll(COMMAND)) emit(`cache-deployment ${command}`, line)
    const address = ADDRESS.exec(content)
    if (address !== null) emit(`${address[1]} ${address[2]}`, line)
  }
}

function readSpan({ line, text, headings }: Span, reading: Reading, emit: Emit): void {
  const owner = headings.map((heading) => reading.headings[heading]).findLast(Boolean)
  const method = /^(\w+)\(/.exec(text)?.[1]
  const isListed = owner !== undefined && method !== undefined
  if (!isListed && !PATH.test(text)) return
  const symbol = isListed ? `${owner}${method}` : symbolFor(text.replace('()', ''), reading)
  if (symbol !== undefined) emit(symbol, line)
}
