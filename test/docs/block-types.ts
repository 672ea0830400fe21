/**
 * Type-checks the blocks of the docs as one program against the built package.
 *
 * Each block is a file of its own in .tmp/docs, which need not exist on disk: there `cachewright`
 * means this package by its own name, so the types are those of dist/, as a user gets them.
 */
import { dirname, join } from 'node:path'
import ts from 'typescript'
import type { CodeBlock } from './markdown.js'

/** `page:line: message` for each mistake. */
export function typeErrors(root: string, blocks: readonly CodeBlock[]): string[] {
  const files = new Map(blocks.map((block) => [join(root, fileName(block)), block]))
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  )
  // A reader's example may leave a value unused.
  Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false })
  const program = ts.createProgram([...files.keys()], options, hostWith(files, options))
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    const { file, start = 0 } = diagnostic
    const block = file === undefined ? undefined : files.get(file.fileName)
    if (file === undefined || block === undefined) return `${file?.fileName ?? 'all'}: ${message}`
    return `${block.page}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${message}`
  })
}

/** Where a block lies, relative to the root. */
export function fileName(block: CodeBlock): string {
  const page = block.page.replace(/\.md$/, '').replaceAll('/', '--').toLowerCase()
  return `.tmp/docs/${page}-${block.line}.mts`
}

function hostWith(
  files: ReadonlyMap<string, CodeBlock>,
  options: ts.CompilerOptions,
): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile, directoryExists } = host
  const folders = new Set([...files.keys()].map((path) => dirname(path)))
  // An export makes a module of a block that imports nothing.
  const textOf = (path: string) => {
    const block = files.get(path)
    return block === undefined ? undefined : `${block.inPlace}\nexport {}\n`
  }
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? true)
  host.readFile = (path) => textOf(path) ?? readFile(path)
  host.getSourceFile = (path, target, ...rest) => {
    const text = textOf(path)
    if (text === undefined) return getSourceFile(path, target, ...rest)
    return ts.createSourceFile(path, text, target, true)
  }
  return host
}
