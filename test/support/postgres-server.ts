/**
 * A PostgreSQL of our own for the length of a test or of the demo: on loopback, with a random
 * password, in a directory that goes away with it.
 *
 * Tuned to be thrown away (nothing is synced to disk) and to be fair to the demo's uncached run:
 * the whole data set fits into its buffers. It leads a process group of its own, so that a Ctrl-C
 * in the terminal reaches only whoever started it, who ends it in the right order.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Binaries,
  findBinaries,
  findServerUser,
  type ServerUser,
} from './postgres-binaries.js'
import { PostgresControl } from './postgres-control.js'

const run = promisify(execFile)
const START_ATTEMPTS = 3
const START_DEADLINE_MS = 30_000
const STOP_DEADLINE_MS = 5_000
const LOG_CHARS = 4_000
const USER = 'cachewright'
const OTHERS_MAY_ENTER = 0o001
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '64MB',
  max_connections: '60',
  max_wal_senders: '0',
  wal_level: 'minimal',
  // float sums and ties must not depend on how workers shared the rows
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  logging_collector: 'off',
}

/** Whoever sees to it that all goes away: acquires now, releases at the end, the last first. */
export interface Owner {
  own<T>(name: string, acquire: () => T, release: (resource: T) => unknown): T
}

export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

interface Place {
  readonly directory: string
  readonly data: string
  readonly user: ServerUser
  readonly binaries: Binaries
  readonly settings?: Readonly<Record<string, string>>
}

export interface StartedPostgres {
  readonly address: ServerAddress
  readonly control: PostgresControl
}

/** What servers begin with: who runs them, from where, and data that nobody has touched. */
export interface PostgresTemplate {
  readonly user: ServerUser
  readonly binaries: Binaries
  readonly data: string
  readonly password: string
}

/** A template in the environment of a process, which it did not make and does not remove. */
export const TEMPLATE_VARIABLE = 'CACHEWRIGHT_POSTGRES_TEMPLATE'

/**
 * Resolves when the server takes connections; `owner` ends it and removes its directory.
 * `settings` are in the place of ours.
 */
export async function startPostgres(
  owner: Owner,
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedPostgres> {
  const { user, binaries, data: untouched, password } = await postgresTemplate(owner)
  const directory = owner.own('temporary directory', () => createDirectory(user), remove)
  const place = { directory, data: join(directory, 'data'), user, binaries, settings }
  await run('cp', ['-a', untouched, place.data])
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      const start = () => serve(place, port, owner)
      const control = new PostgresControl(await start(), start, place.data)
      return { address: { host: '127.0.0.1', port, user: USER, password }, control }
    } catch (error) {
      // between our look and its start someone else may have taken the port
      if (attempt === START_ATTEMPTS) throw error
    }
  }
}

let template: PostgresTemplate | undefined

/**
 * That of this process or of the one that started it. Making it takes ten times as long as copying
 * its data; it goes away with the process.
 */
export async function postgresTemplate(owner: Owner): Promise<PostgresTemplate> {
  const given = process.env[TEMPLATE_VARIABLE]
  template ??= given === undefined ? await makeTemplate(owner) : JSON.parse(given)
  return template!
}

async function makeTemplate(owner: Owner): Promise<PostgresTemplate> {
  const user = await findServerUser()
  const directory = createDirectory(user)
  process.once('exit', () => removeDirectory(directory))
  removeAfterUs(directory)
  const binaries = findBinaries(user, directory)
  const data = join(directory, 'data')
  const password = randomBytes(18).toString('base64url')
  await initialise({ directory, data, user, binaries }, password, owner)
  return { user, binaries, data, password }
}

function createDirectory(user: ServerUser): string {
  const directory = mkdtempSync(join(findRoom(user), 'cachewright-postgres-'))
  chmodSync(directory, 0o700)
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  return directory
}

/** The directory for temporary files; one that all can enter if the server is another user. */
function findRoom(user: ServerUser): string {
  const mine = tmpdir()
  if (user.uid === undefined) return mine
  return [mine, '/tmp', '/var/tmp'].find(isOpenToAll) ?? mine
}

function isOpenToAll(directory: string): boolean {
  for (let path = realpathSync(directory); path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & OTHERS_MAY_ENTER) === 0) return false
  }
  return true
}

const REMOVING = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const

/** Meanwhile this process goes on: others may be waiting for it. */
function remove(directory: string): Promise<void> {
  return rm(directory, REMOVING)
}

function removeDirectory(directory: string): void {
  rmSync(directory, REMOVING)
}

/** Exit hooks do not run in a process that is killed, as those of a test runner are. */
function removeAfterUs(directory: string): void {
  const script = 'cat > /dev/null; rm -rf "$1"'
  const watchdog = spawn('sh', ['-c', script, 'sh', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.once('error', () => {})
  watchdog.stdin.once('error', () => {})
  watchdog.unref()
}

async function initialise(place: Place, password: string, owner: Owner): Promise<void> {
  const passwordFile = join(place.directory, 'password')
  writeFileSync(passwordFile, password)
  if (place.user.uid !== undefined) chownSync(passwordFile, place.user.uid, place.user.gid!)
  const args = ['-D', place.data, '-U', USER, `--pwfile=${passwordFile}`]
  args.push('--auth=scram-sha-256', '--no-locale', '--encoding=UTF8', '--no-sync')
  const { ended, log } = launch(place.binaries.initdb, args, place, owner)
  if ((await ended) !== 0) throw new Error(`initdb failed:\n${log()}`)
}

async function serve(place: Place, port: number, owner: Owner): Promise<ChildProcess> {
  const args = ['-D', place.data, '-p', String(port)]
  for (const [name, value] of Object.entries({ ...SETTINGS, ...place.settings }))
    args.push('-c', `${name}=${value}`)
  const { child, ended, log } = launch(place.binaries.postgres, args, place, owner)
  const ready = new Promise<string>((resolve) => {
    child.stderr?.on('data', () => {
      if (log().includes('ready to accept connections')) resolve('ready')
    })
  })
  const late = new Promise<string>((resolve) => {
    setTimeout(resolve, START_DEADLINE_MS, 'late').unref()
  })
  const outcome = await Promise.race([ready, late, ended.then(() => 'ended')])
  if (outcome !== 'ready') throw new Error(`PostgreSQL did not start (${outcome}):\n${log()}`)
  return child
}

interface Launched {
  readonly child: ChildProcess
  /** Resolves to the exit code, to `null` after a signal or a failed start. */
  readonly ended: Promise<number | null>
  /** The last few thousand characters that it wrote. */
  readonly log: () => string
}

function launch(path: string, args: string[], place: Place, owner: Owner): Launched {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  const child = owner.own(
    'PostgreSQL',
    () =>
      spawn(path, args, {
        ...place.user,
        cwd: place.directory,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    stop,
  )
  let text = ''
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-LOG_CHARS)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', (error) => {
      keep(Buffer.from(error.message))
      resolve(null)
    })
  })
  return { child, ended, log: () => text }
}

/** SIGQUIT is PostgreSQL's immediate shutdown: its data is about to be removed anyway. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGQUIT')
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS)
  try {
    await exited
  } finally {
    clearTimeout(kill)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
