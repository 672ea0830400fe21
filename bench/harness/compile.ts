/**
 * Compiles the package and the benches together into a folder of their own.
 *
 * What is measured is what tsc makes of src/, as in the published package: a loader that
 * transforms files as they are imported leaves helper calls in hot functions. A folder of its
 * own, since others may rebuild dist/ in the middle of a run. It lies inside the repository, so
 * that packages are found.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export interface Compiled {
  /** Where the compiled bench files are. */
  readonly folder: string
  remove(): void
}

/** Types are not checked: `npm run types` does that. */
export function compile(root: string): Compiled {
  mkdirSync(join(root, '.tmp'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tmp', 'bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const args = [tsc, '-p', join(root, 'bench', 'tsconfig.json'), '--outDir', folder]
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (run.status === 0) return { folder: join(folder, 'bench'), remove }
  remove()
  throw new Error(`the benches do not compile:\n${run.stdout}${run.stderr}`)
}
