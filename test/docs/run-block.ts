/** Executes a block of the docs in a process of its own and says what is wrong with it. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { fileName } from './block-types.js'
import type { CodeBlock } from './markdown.js'

const LIMIT_MS = 15_000

export interface BlockRun {
  readonly exitCode: number | string
  readonly errors: string
  /** What it printed, line by line. */
  readonly printed: readonly string[]
}

/** Runs the block with an environment that holds nothing but PATH and `variables`. */
export function runBlock(
  root: string,
  block: CodeBlock,
  variables: Readonly<Record<string, string>> = {},
): Promise<BlockRun> {
  const path = join(root, fileName(block).replace(/\.mts$/, '.mjs'))
  const { target, module, moduleResolution } = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  }
  const { outputText } = ts.transpileModule(`${block.prelude}\n${block.code}\nexport {}\n`, {
    fileName: fileName(block),
    compilerOptions: { target, module, moduleResolution, verbatimModuleSyntax: true },
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, outputText)
  const env = { PATH: process.env.PATH ?? '', ...variables }
  return new Promise((resolve) => {
    execFile(process.execPath, [path], { env, timeout: LIMIT_MS }, (error, out, errors) => {
      resolve({
        exitCode: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'),
        errors,
        printed: out.split('\n').slice(0, -1),
      })
    })
  })
}

/** What the block says it prints: the texts after `// → `, in their order. */
export function promisedOutput(block: CodeBlock): string[] {
  return [...block.code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!.trimEnd())
}
