/**
 * What a document written in Markdown holds: fences of code, each with its language, and names in
 * backquotes. Code that is a fragment (a signature, a table of properties, a type) is parsed
 * within what makes it whole, on the same lines.
 */
import ts from 'typescript'

export interface Fence {
  readonly language: string
  /** Of its first line of code, from 1. */
  readonly line: number
  readonly text: string
}

export interface Span {
  readonly line: number
  readonly text: string
  /** The headings over it, the nearest last. */
  readonly headings: readonly string[]
}

export interface DocumentParts {
  readonly fences: readonly Fence[]
  readonly spans: readonly Span[]
}

export function partsOf(text: string): DocumentParts {
  const fences: Fence[] = []
  const spans: Span[] = []
  let headings: string[] = []
  let open: { language: string; line: number; indent: number; lines: string[] } | undefined
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1
    const mark = /^(\s*)```(\w*)/.exec(content)
    if (open !== undefined) {
      if (mark === null) open.lines.push(content.slice(open.indent))
      else {
        fences.push({ language: open.language, line: open.line, text: open.lines.join('\n') })
        open = undefined
      }
    } else if (mark !== null) {
      const [, indent = '', language = ''] = mark
      open = { language, line: line + 1, indent: indent.length, lines: [] }
    } else {
      const heading = /^(#+) (.*)/.exec(content)
      if (heading !== null) headings = [...headings.slice(0, heading[1]!.length - 1), heading[2]!]
      for (const [, span = ''] of content.matchAll(/`([^`]+)`/g)) {
        spans.push({ line, text: span, headings })
      }
    }
  }
  return { fences, spans }
}

/** In the order in which they are tried; the first with the fewest faults is taken. */
const WHOLES: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['class Members {', '\n}'],
  ['const Properties = {', '\n}'],
]

export function parseCode(text: string): ts.SourceFile {
  const isType = /^\s*\{/.test(text)
  const wholes: typeof WHOLES = isType ? [['type Shape = ', '']] : WHOLES
  const attempts = wholes.map(([before, after]) => `${before}${text}${after}`)
  const faults = attempts.map((code) => {
    const options = { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ESNext } }
    return ts.transpileModule(code, options).diagnostics?.length ?? 0
  })
  const best = attempts[faults.indexOf(Math.min(...faults))] as string
  return ts.createSourceFile('fence.ts', best, ts.ScriptTarget.ESNext, true)
}
