/**
 * Measures the functions of a file: lines of the body, braces not counted, inner functions
 * included, since whoever reads the outer one reads them too.
 *
 * Callbacks of `describe` and its like are no functions to a reader but chapters: they are left
 * out.
 * A name is the path of named holders (`Cache.get`, `openFlight.settle`); a nameless function is
 * numbered within its holder, so that an edit elsewhere does not rename it.
 */
import ts from 'typescript'
import { lineOf } from './source-files.js'

export interface FunctionSize {
  readonly name: string
  readonly line: number
  readonly lineCount: number
}

/** The last is ours (test/support/side-by-side.ts). */
const CHAPTERS: readonly string[] = ['describe', 'suite', 'sideBySide']

function isChapter(node: ts.Node): boolean {
  if (!ts.isCallExpression(node.parent)) return false
  let callee: ts.Expression = node.parent.expression
  while (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) {
    callee = callee.expression
  }
  return ts.isIdentifier(callee) && CHAPTERS.includes(callee.text)
}

function bodyLines(source: ts.SourceFile, body: ts.Node): number {
  const first = lineOf(source, body)
  const last = source.getLineAndCharacterOfPosition(body.getEnd()).line + 1
  return ts.isBlock(body) ? Math.max(1, last - first - 1) : last - first + 1
}

/** The name a node gives to what is inside it; undefined for one that only groups. */
function ownName(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const holdsName =
    ts.isFunctionLike(node) ||
    ts.isClassLike(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isPropertyDeclaration(node)
  return holdsName && node.name !== undefined ? node.name.getText() : undefined
}

export function functionSizes(source: ts.SourceFile): FunctionSize[] {
  const sizes: FunctionSize[] = []
  const namelessCounts = new Map<string, number>()

  const nameFor = (holder: string): string => {
    const count = (namelessCounts.get(holder) ?? 0) + 1
    namelessCounts.set(holder, count)
    return `${holder}#${count}`
  }
  const visit = (node: ts.Node, holder: string): void => {
    const own = ownName(node)
    let name = own === undefined ? holder : holder === '' ? own : `${holder}.${own}`
    const body = ts.isFunctionLike(node) ? (node as ts.FunctionLikeDeclaration).body : undefined
    if (body !== undefined && !isChapter(node)) {
      const isNamedByHolder = ownName(node.parent) !== undefined
      if (own === undefined && !isNamedByHolder) name = nameFor(holder)
      sizes.push({ name, line: lineOf(source, node), lineCount: bodyLines(source, body) })
    }
    ts.forEachChild(node, (child) => visit(child, name))
  }
  visit(source, '')
  return sizes
}
