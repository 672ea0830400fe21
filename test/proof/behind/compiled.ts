/**
 * A file with all of the project that it imports, compiled once into one: processes are started by
 * the hundred here, and a compiler in each of them would take most of the machine.
 */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Answers where it lies: inside of the project, so that it finds the packages. */
export function compiled(file: string, name: string): string {
  // The compiler that tsx brings.
  const requireOfTsx = createRequire(createRequire(import.meta.url).resolve('tsx'))
  const output = `${ROOT}.tmp/${name}-${process.pid}.mjs`
  const how = ['--bundle', '--platform=node', '--format=esm', '--packages=external']
  const compiler = requireOfTsx.resolve('esbuild/bin/esbuild')
  execFileSync(compiler, [file, ...how, '--log-level=error', `--outfile=${output}`], { cwd: ROOT })
  return output
}
