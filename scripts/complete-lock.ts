/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out because
 * the registry it asked did not have them. Without them `npm ci` refuses the lock that
 * `npm install` has just written (github.com/npm/cli/issues/9846). Only versions that are told
 * exactly can be added; the platform is read from the package's name.
 *
 * Run: `npm run lock` after a dependency changed. Changes nothing in a complete lock.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isStarted } from './house/violation.js'

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly cpu?: readonly string[]
  readonly os?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  packages: Record<string, LockedPackage>
}

function entryFor(name: string, version: string, isDev: boolean): LockedPackage | undefined {
  const words = name.split(/[/-]/)
  const os = SYSTEMS.find((system) => words.includes(system))
  const cpu = PROCESSORS.find((processor) => words.includes(processor))
  // Without a platform npm would try to install it here, and with a range npm would refuse it.
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(version)) return undefined
  return { version, cpu: [cpu], ...(isDev ? { dev: true } : {}), optional: true, os: [os] }
}

/** Gives the names that were added. */
export function completeLock(lock: Lock): string[] {
  const added: string[] = []
  for (const [holder, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const place = `node_modules/${name}`
      const isLocked = lock.packages[place] ?? lock.packages[`${holder}/${place}`]
      const entry = isLocked ? undefined : entryFor(name, version, dev === true)
      if (entry === undefined) continue
      lock.packages[place] = entry
      added.push(name)
    }
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries(sorted)
  return added
}

if (isStarted(import.meta.url)) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock
  const added = completeLock(lock)
  if (added.length > 0) {
    writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
  }
  console.log(`lock: ${added.length} optional packages added`)
}
