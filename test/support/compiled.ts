/**
 * A file with all of the project that it imports, compiled once into one: tests start processes by
 * the dozen, and a compiler in each of them would take most of the machine.
 */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const outputs = new Map<string, string>()

/** Answers where it lies: inside of the project, so that it finds the packages. */
export function compiled(file: string): string {
  const known = outputs.get(file)
  if (known !== undefined) return known
  // The compiler that tsx brings.
  const requireOfTsx = createRequire(createRequire(import.meta.url).resolve('tsx'))
  const output = `${ROOT}.tmp/${basename(file, '.ts')}-${process.pid}.mjs`
  const how = ['--bundle', '--platform=node', '--format=esm', '--packages=external']
  const compiler = requireOfTsx.resolve('esbuild/bin/esbuild')
  execFileSync(compiler, [file, ...how, '--log-level=error', `--outfile=${output}`], { cwd: ROOT })
  process.once('exit', () => rmSync(output, { force: true }))
  outputs.set(file, output)
  return output
}
