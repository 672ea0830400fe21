/**
 * Reads one fence of code: what it imports, calls and constructs, the members that it touches, the
 * keys of objects whose shape the reading knows, and the members of types and signatures.
 */
import ts from 'typescript'
import { type Fence, parseCode } from './document-code.js'
import { type Reading, symbolFor } from './document-reading.js'

export type Emit = (symbol: string, line: number) => void

export class CodeReader {
  readonly #fence: Fence
  readonly #reading: Reading
  readonly #known: ReadonlyMap<string, unknown>
  readonly #emit: Emit
  readonly #source: ts.SourceFile
  /** What the variables of this fence hold, as paths. */
  readonly #locals = new Map<string, string>()

  /** `known`: the symbols so far. */
  constructor(fence: Fence, reading: Reading, known: ReadonlyMap<string, unknown>, emit: Emit) {
    this.#fence = fence
    this.#reading = reading
    this.#known = known
    this.#emit = emit
    this.#source = parseCode(fence.text)
  }

  read(): void {
    this.#visit(this.#source)
  }

  #visit(node: ts.Node): void {
    if (ts.isImportSpecifier(node)) this.#tell(node.name.text, node)
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
      this.#variable(node, node.name.text)
    }
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.#call(node)
    if (ts.isPropertyAccessExpression(node)) this.#access(node)
    if (ts.isTypeReferenceNode(node)) this.#tell(node.typeName.getText(this.#source), node)
    if (ts.isFunctionDeclaration(node) && node.body === undefined && node.name !== undefined) {
      this.#tell(node.name.text, node.name)
    }
    if (ts.isPropertySignature(node)) {
      this.#emit(`${this.#typeOver(node)}.${node.name.getText()}`, this.#lineOf(node))
    }
    if (isSignature(node)) {
      const own = node.name === undefined ? '' : `#${node.name.getText()}`
      this.#emit(`${this.#reading.members}${own}`, this.#lineOf(node))
    }
    ts.forEachChild(node, (child) => this.#visit(child))
  }

  #variable(node: ts.VariableDeclaration, name: string): void {
    const path = node.initializer && pathOf(node.initializer, this.#locals)
    if (path !== undefined) this.#locals.set(name, path)
    const { shapes } = this.#reading
    const shape = shapes[name === 'Properties' ? `line ${this.#fence.line}` : name]
    if (shape === undefined) return
    if (shape === name) this.#emit(name, this.#lineOf(node))
    this.#keys(node.initializer, shape)
  }

  #call(node: ts.CallExpression | ts.NewExpression): void {
    if (ts.isIdentifier(node.expression)) this.#tell(node.expression.text, node.expression)
    const callee = symbolFor(pathOf(node.expression, this.#locals) ?? '', this.#reading)
    if (callee === undefined || callee === '') return
    for (const [index, each] of (node.arguments ?? []).entries()) {
      const place = `${callee}:${index}`
      this.#keys(each, this.#reading.shapes[place] ?? place)
    }
  }

  #access(node: ts.PropertyAccessExpression): void {
    this.#tell(pathOf(node, this.#locals), node.name)
    const root = node.expression
    if (!ts.isIdentifier(root) || this.#locals.has(root.text)) return
    // Each use of a singleton names it: where it comes from is enough.
    const isNew = !this.#known.has(root.text)
    if (isNew && this.#reading.roots[root.text] !== undefined) this.#tell(root.text, root)
  }

  #keys(node: ts.Node | undefined, owner: string): void {
    if (node === undefined || owner === '') return
    if (ts.isArrayLiteralExpression(node)) {
      for (const item of node.elements) this.#keys(item, owner)
    }
    if (!ts.isObjectLiteralExpression(node)) return
    for (const property of node.properties) {
      if (property.name === undefined || !ts.isIdentifier(property.name)) continue
      const key = `${owner}.${property.name.text}`
      this.#emit(key, this.#lineOf(property.name))
      if (!ts.isPropertyAssignment(property)) continue
      this.#keys(property.initializer, this.#reading.shapes[key] ?? key)
    }
  }

  #typeOver(node: ts.Node): string {
    const holder = ts.findAncestor(node, isNamedType)
    const name = holder?.name.text ?? ''
    return name === 'Shape' ? (this.#reading.shapes[`line ${this.#fence.line}`] ?? name) : name
  }

  #tell(path: string | undefined, node: ts.Node): void {
    const symbol = path === undefined ? undefined : symbolFor(path, this.#reading)
    if (symbol !== undefined) this.#emit(symbol, this.#lineOf(node))
  }

  #lineOf(node: ts.Node): number {
    const start = node.getStart(this.#source)
    return this.#fence.line + this.#source.getLineAndCharacterOfPosition(start).line
  }
}

function isNamedType(node: ts.Node): node is ts.InterfaceDeclaration | ts.TypeAliasDeclaration {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

/** A member of the class that was put around a fragment: `constructor` has no name of its own. */
function isSignature(node: ts.Node): node is ts.MethodDeclaration | ts.ConstructorDeclaration {
  const isMember = ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node)
  return isMember && node.body === undefined && ts.isClassLike(node.parent)
}

/** `a.b().c` as text; what a variable of this fence holds stands for its name. */
function pathOf(node: ts.Node, locals: ReadonlyMap<string, string>): string | undefined {
  if (ts.isIdentifier(node)) return locals.get(node.text) ?? node.text
  if (ts.isPropertyAccessExpression(node)) {
    const before = pathOf(node.expression, locals)
    return before === undefined ? undefined : `${before}.${node.name.text}`
  }
  if (ts.isElementAccessExpression(node)) return pathOf(node.expression, locals)
  if (ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node)) {
    return pathOf(node.expression, locals)
  }
  if (ts.isNewExpression(node)) return `new ${pathOf(node.expression, locals) ?? ''}`
  if (ts.isCallExpression(node)) {
    const callee = pathOf(node.expression, locals)
    return callee === undefined ? undefined : `${callee}()`
  }
  return node.kind === ts.SyntaxKind.ThisKeyword ? 'this' : undefined
}
