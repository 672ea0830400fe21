/**
 * Where and when a run took place. Nothing in it names the machine or its user.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { findRedisServer } from '../../test/support/find-redis-server.js'

export interface Circumstances {
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly platform: string
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  /** Of the last minute, when the run began: above 0 others were at work. */
  readonly loadAtStart: number
  readonly redis: string
  readonly packages: Readonly<Record<string, string>>
  readonly note: string
}

const MEASURED_AGAINST = ['@redis/client', 'ioredis', 'lru-cache', 'msgpackr']

export function circumstances(root: string, note: string): Circumstances {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(root),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1_024 ** 3),
    loadAtStart: Math.round(loadavg()[0]! * 100) / 100,
    redis: redisVersion(),
    packages: Object.fromEntries(MEASURED_AGAINST.map((name) => [name, versionOf(root, name)])),
    note,
  }
}

/** With a mark if what was measured is not what was committed. */
function commitOf(root: string): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim()
    const isChanged = git('status', '--porcelain', '--', 'src') !== ''
    return git('rev-parse', '--short=10', 'HEAD') + (isChanged ? ' with changes in src' : '')
  } catch {
    return 'unknown'
  }
}

function redisVersion(): string {
  const binary = findRedisServer()
  if (binary === undefined) return 'none'
  const said = execFileSync(binary, ['--version'], { encoding: 'utf8' })
  return /v=(\S+)/.exec(said)?.[1] ?? 'unknown'
}

function versionOf(root: string, name: string): string {
  const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
