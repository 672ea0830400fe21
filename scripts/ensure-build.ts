/**
 * Builds dist/ unless it was built from these very sources: what comes before the tests need not
 * compile again what was compiled a moment ago.
 *
 * The mark lies in dist/, which `npm run build` removes first, so a build by hand leaves none.
 *
 * Run: `tsx scripts/ensure-build.ts`.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listSources } from './house/source-files.js'
import { isStarted } from './house/violation.js'

const MARK = 'dist/.built-from'
/** What else decides what is built. */
const SETTINGS = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']

/** Of all that dist/ is made of. */
function fingerprintOf(root: string): string {
  const hash = createHash('sha256')
  for (const file of [...SETTINGS, ...listSources(root, 'src')]) {
    const path = join(root, file)
    hash.update(`${file}\0`)
    hash.update(existsSync(path) ? readFileSync(path) : '')
    hash.update('\0')
  }
  return hash.digest('hex')
}

/** Whether dist/ is what `build` would make; else builds, and answers how that ended. */
export function ensureBuild(root: string, build: () => number): number {
  const fingerprint = fingerprintOf(root)
  const mark = join(root, MARK)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === fingerprint) return 0
  const status = build()
  if (status === 0) writeFileSync(mark, fingerprint)
  return status
}

if (isStarted(import.meta.url)) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const build = () => spawnSync(npm, ['run', '--silent', 'build'], { stdio: 'inherit' }).status ?? 1
  process.exitCode = ensureBuild(process.cwd(), build)
}
