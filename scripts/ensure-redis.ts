/**
 * Makes sure that the service tests find a redis-server: one that is there is used, a missing one
 * is installed where the system allows it without a question, and otherwise the message says what
 * to do. The tests start servers of their own on free ports; a service that the installation
 * started is stopped again, one that ran before is left alone.
 *
 * Run: `tsx scripts/ensure-redis.ts`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { findRedisServer } from '../test/support/find-redis-server.js'
import { isStarted } from './house/violation.js'

export interface Machine {
  readonly platform: string
  readonly isRoot: boolean
  find(): string | undefined
  /** Runs a command to its end without a terminal; true when it ended with 0. */
  run(command: readonly string[]): boolean
  /** The process of the system's own redis service; undefined when it does not run. */
  servicePid(): number | undefined
}

export type Outcome = { readonly path: string } | { readonly problem: string }

const ADVICE =
  'redis-server is missing. Install it (Debian, Ubuntu: apt-get install redis-server; ' +
  'macOS: brew install redis), or set REDIS_SERVER_BIN to the path of the program.'

/** The words to put before a command so that it runs as root; undefined when nothing does. */
function rootPrefix(machine: Machine): readonly string[] | undefined {
  if (machine.isRoot) return []
  return machine.run(['sudo', '-n', 'true']) ? ['sudo', '-n'] : undefined
}

function installWithApt(machine: Machine): boolean {
  const prefix = rootPrefix(machine)
  if (prefix === undefined) return false
  const ranBefore = machine.servicePid() !== undefined
  // `env` carries the settings through sudo. RUNLEVEL=1 keeps the package's own script from
  // starting a service where System V init decides; systemd ignores it, hence what follows.
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get']
  machine.run([...apt, 'update'])
  const installed = machine.run([
    ...apt,
    'install',
    '-y',
    '--no-install-recommends',
    'redis-server',
  ])
  if (installed && !ranBefore) stopService(machine, prefix)
  return installed
}

function stopService(machine: Machine, prefix: readonly string[]): void {
  machine.run([...prefix, 'systemctl', 'disable', '--now', 'redis-server'])
  const pid = machine.servicePid()
  if (pid !== undefined) machine.run([...prefix, 'kill', String(pid)])
}

function install(machine: Machine): boolean {
  if (machine.platform === 'linux') {
    return machine.run(['apt-get', '--version']) && installWithApt(machine)
  }
  if (machine.platform === 'darwin') return machine.run(['brew', 'install', 'redis'])
  return false
}

export function ensureRedis(machine: Machine): Outcome {
  const present = machine.find()
  if (present !== undefined) return { path: present }
  install(machine)
  const path = machine.find()
  return path === undefined ? { problem: ADVICE } : { path }
}

/** Told by the file the service keeps; servers of other origin are not in it, and not ours. */
function servicePid(): number | undefined {
  const file = '/run/redis/redis-server.pid'
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8'))
  return Number.isInteger(pid) && pid > 1 && existsSync(`/proc/${pid}`) ? pid : undefined
}

const thisMachine: Machine = {
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  find: findRedisServer,
  run([program = '', ...args]) {
    return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  },
  servicePid,
}

if (isStarted(import.meta.url)) {
  const outcome = ensureRedis(thisMachine)
  if ('path' in outcome) console.log(`redis-server: ${outcome.path}`)
  else {
    console.error(outcome.problem)
    process.exitCode = 1
  }
}
