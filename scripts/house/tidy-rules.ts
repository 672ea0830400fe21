/**
 * The rules of tidiness that know only yes or no: names, exports, marks left behind, tests that do
 * not run, and traces of the machine someone worked on. Sizes are in size-ratchet.ts.
 *
 * Forbidden words are joined from halves, so that this file does not hold what it forbids.
 */
import ts from 'typescript'
import { lineOf } from './source-files.js'
import { LIMITS } from './tidy-limits.js'
import type { Violation } from './violation.js'

const CODE = /\.[mc]?tsx?$/
const KEBAB = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config|d))*$/
const DRAWER = /(^|-)utils?$/
const MARKS = new RegExp(
  `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`,
)
const MACHINE_PATHS = new RegExp(
  `(?<![\\w.~*-])/(${['wo' + 'rk', 'ho' + 'me', 'ro' + 'ot'].join('|')})/`,
)
const REGISTRIES = new RegExp(
  `\\bregistry\\.(${['npm' + 'js', 'yarn' + 'pkg', 'npm' + 'mirror'].join('|')})\\.`,
)
/** A tool asks for it, or a declaration tells of someone else's. */
const MAY_EXPORT_DEFAULT = /\.(config|d)\.[mc]?ts$/
/** A loader's context, for one, has a `skip` of its own. */
const TEST_WORDS: readonly string[] = ['it', 'test', 'describe', 'suite', 'bench']
const TEST_SWITCHES: readonly string[] = ['only', 'skip', 'todo', 'skipIf', 'runIf']

export function judgeName(file: string): Violation[] {
  const segments = file.split('/')
  const stem = (segments.pop() ?? '').replace(CODE, '')
  const violations: Violation[] = []
  const crooked = [...segments, stem].find((segment) => !KEBAB.test(segment))
  if (crooked !== undefined) violations.push({ file, says: `'${crooked}' is not kebab-case` })
  const drawer = [...segments, stem].find((segment) => DRAWER.test(segment))
  if (drawer !== undefined) violations.push({ file, says: `'${drawer}' says nothing: a drawer` })
  return violations
}

/** What must stand in no file of the repository, of whatever kind. */
export function judgeTraces(file: string, text: string): Violation[] {
  const isLock = file.endsWith('package-lock.json')
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1
    const found: Violation[] = []
    if (MACHINE_PATHS.test(content)) found.push({ file, line, says: 'a path of one machine' })
    if (REGISTRIES.test(content)) found.push({ file, line, says: 'the host of a registry' })
    if (isLock && /"resolved":\s*"http/.test(content)) {
      found.push({ file, line, says: '"resolved" holds an address' })
    }
    return found
  })
}

export function judgeLines(file: string, text: string): Violation[] {
  return text.split('\n').flatMap((content, index) => {
    const line = index + 1
    const columns = [...content].length
    const found: Violation[] = []
    if (columns > LIMITS.columns) {
      found.push({ file, line, says: `${columns} columns, the limit is ${LIMITS.columns}` })
    }
    const mark = file.startsWith('src/') ? MARKS.exec(content)?.[1] : undefined
    if (mark !== undefined) found.push({ file, line, says: `${mark}: do it or drop it` })
    return found
  })
}

function exportsDefault(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true
  if (ts.isExportSpecifier(node)) return node.name.text === 'default'
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
}

/** The word with which a chain such as `describe.concurrent.each` begins. */
function firstWord(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) {
    return firstWord(node.expression)
  }
  return ''
}

function isTestSwitch(node: ts.Node): boolean {
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    TEST_SWITCHES.includes(node.expression.name.text) &&
    TEST_WORDS.includes(firstWord(node.expression))
  )
}

export function judgeSyntax(source: ts.SourceFile): Violation[] {
  const file = source.fileName
  const lines = source.text.split('\n')
  const violations: Violation[] = []
  const isReasoned = (line: number): boolean =>
    [lines[line - 1], lines[line - 2]].some((content) => /\/\/ reason: \S/.test(content ?? ''))

  const visit = (node: ts.Node): void => {
    const line = lineOf(source, node)
    if (exportsDefault(node) && !MAY_EXPORT_DEFAULT.test(file)) {
      violations.push({ file, line, says: 'a default export' })
    }
    if (file === 'src/index.ts' && ts.isExportDeclaration(node) && !node.exportClause) {
      violations.push({ file, line, says: '`export *` hides what the front door offers' })
    }
    if (file.startsWith('test/') && isTestSwitch(node) && !isReasoned(line)) {
      violations.push({ file, line, says: 'a test switched off or alone, without `// reason:`' })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return violations
}
