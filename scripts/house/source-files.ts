/**
 * Reads a tree of TypeScript files and what each one imports, in every form an import can take.
 *
 * The compiler's own parser does the reading: a pattern would miss `import('x').T` in a type and
 * would find imports in strings. Paths are relative to the root and use forward slashes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'

export interface ImportSite {
  readonly specifier: string
  readonly line: number
  /** `static`: import and export-from, of types too; `dynamic`: import(); `type`: import('x').T */
  readonly form: 'static' | 'dynamic' | 'type'
}

/** Every .ts file under `folder`, sorted; empty when the folder does not exist. */
export function listSources(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) found.push(...listSources(root, path))
    else if (/\.[mc]?tsx?$/.test(entry.name)) found.push(path)
  }
  return found.sort()
}

export function parseSource(root: string, file: string): ts.SourceFile {
  return ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.ESNext,
    true,
  )
}

export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}

/** The literal that names a module, and how it is asked for. */
function importedBy(node: ts.Node): [ts.Node | undefined, ImportSite['form']] | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return [node.moduleSpecifier, 'static']
  }
  if (ts.isExternalModuleReference(node)) return [node.expression, 'static']
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return [node.argument.literal, 'type']
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return [node.arguments[0], 'dynamic']
  }
  return undefined
}

export function importsOf(source: ts.SourceFile): ImportSite[] {
  const sites: ImportSite[] = []
  const visit = (node: ts.Node): void => {
    const [literal, form] = importedBy(node) ?? []
    if (literal !== undefined && form !== undefined && ts.isStringLiteralLike(literal)) {
      sites.push({ specifier: literal.text, line: lineOf(source, node), form })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return sites
}

/** The file a relative import means, by name alone; undefined for a package or a built-in. */
export function resolveRelative(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.normalize(posix.join(posix.dirname(from), specifier))
  return path.replace(/\.([mc]?)js(x?)$/, '.$1ts$2')
}
