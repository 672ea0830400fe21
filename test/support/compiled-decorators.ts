/** Compiles a file with decorators in one of their forms, and runs it. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'

export const DECORATOR_FORMS: Readonly<Record<string, ts.CompilerOptions>> = {
  standard: { experimentalDecorators: false },
  legacy: { experimentalDecorators: true },
  'legacy with metadata': { experimentalDecorators: true, emitDecoratorMetadata: true },
}

/** What the file exports. `imports`: the modules it imports, by the ends of their names. */
export function compiledDecorators<M>(
  file: string,
  form: ts.CompilerOptions,
  imports: Readonly<Record<string, unknown>>,
): M {
  const { outputText } = ts.transpileModule(readFileSync(resolve(file), 'utf8'), {
    fileName: file,
    compilerOptions: {
      ...form,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
    },
  })
  const load = (name: string) => {
    const found = Object.keys(imports).find((end) => name.endsWith(end))
    if (found === undefined) throw new Error(`no module for '${name}'`)
    return imports[found]
  }
  const exports = {} as M
  new Function('exports', 'require', outputText)(exports, load)
  return exports
}
