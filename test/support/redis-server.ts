/**
 * A real redis-server for one test: free loopback port, empty temporary folder, no persistence.
 *
 * Freezes, thaws, kills and restarts itself by its own pid, on the same port. Ends with the test
 * process, also when that process throws or is interrupted. Everything that waits here has a bound.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithUs } from './end-with-us.js'
import { findRedisServer } from './find-redis-server.js'

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 5_000
const POLL_MS = 20
const DUMP = 'dump.rdb'
/** Where servers since 7 have their append-only file. */
const APPENDED = 'appendonlydir'
const running = new Set<ChildProcess>()
const folders = new Set<string>()

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Further arguments, as `['--user', 'ann', 'on', …]`. */
  readonly args?: readonly string[]
  /** Serves TLS on `port` in place of plain TCP. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
  /** It is a sentinel with this configuration, which it also writes to. */
  readonly sentinel?: readonly string[]
  /** `false`: reserve a port, start nothing until `restart()`. */
  readonly start?: boolean
}

/**
 * Starts a server and resolves once it listens. Rejects, with what to install, where there is none.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = findRedisServer()
  if (binary === undefined) {
    throw new Error(
      'no redis-server found: install it (Debian: apt-get install redis-server; ' +
        'macOS: brew install redis) or let REDIS_SERVER_BIN point to one',
    )
  }
  const server = new RedisServer(binary, options.port ?? (await freePort()), options)
  if (options.start !== false) await server.restart()
  return server
}

export class RedisServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #binary: string
  readonly #options: RedisServerOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'cachewright-redis-'))
  #child: ChildProcess | undefined

  constructor(binary: string, port: number, options: RedisServerOptions) {
    this.#binary = binary
    this.port = port
    this.#options = options
    folders.add(this.#folder)
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'redis' : 'rediss'}://${this.host}:${this.port}`
  }

  /**
   * Starts it, after ending what may still run: empty, or with what its disk has of the last `save`
   * or of its append-only file.
   */
  async restart(from: 'nothing' | 'last save' = 'nothing'): Promise<void> {
    await this.kill()
    if (from === 'nothing') {
      for (const name of [DUMP, APPENDED]) {
        rmSync(join(this.#folder, name), { recursive: true, force: true })
      }
    }
    const child = spawn(this.#binary, this.#arguments(), { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    running.add(child)
    endWithUs(child)
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => keep(Buffer.from(String(error))))
    child.once('exit', () => running.delete(child))
    const limit = performance.now() + START_LIMIT_MS
    while (!(await accepts(this.host, this.port))) {
      if (child.exitCode !== null || performance.now() > limit) {
        await this.kill()
        throw new Error(`redis-server did not start on port ${this.port}:\n${output}`)
      }
      await pause()
    }
  }

  /** Writes what it has to its folder; rejects unless it says that it did. */
  save(): Promise<void> {
    const socket = connect({ host: this.host, port: this.port })
    return new Promise<void>((resolve, reject) => {
      socket.setTimeout(STOP_LIMIT_MS, () => reject(new Error('SAVE was not answered')))
      socket.once('error', reject)
      socket.once('data', (answer) => {
        if (answer.toString().startsWith('+OK')) resolve()
        else reject(new Error(`SAVE was refused: ${answer}`))
      })
      socket.write('SAVE\r\n')
    }).finally(() => socket.destroy())
  }

  /** Stops it in mid-thought: connections stay open, nothing answers. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it at once; the port refuses from then on. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child !== undefined) await end(child)
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    folders.delete(this.#folder)
  }

  /** Kept over a restart: a sentinel remembers there what it has seen. */
  #sentinelFile(lines: readonly string[]): string {
    const file = join(this.#folder, 'sentinel.conf')
    const own = [`port ${this.port}`, `bind ${this.host}`, `dir ${this.#folder}`]
    if (!existsSync(file)) writeFileSync(file, [...own, ...lines, ''].join('\n'))
    return file
  }

  #arguments(): string[] {
    const { tls, sentinel, args = [] } = this.#options
    if (sentinel !== undefined) return [this.#sentinelFile(sentinel), '--sentinel']
    const ports =
      tls === undefined
        ? ['--port', String(this.port)]
        : [
            ...['--port', '0', '--tls-port', String(this.port), '--tls-auth-clients', 'no'],
            ...['--tls-cert-file', tls.cert, '--tls-key-file', tls.key],
            ...['--tls-ca-cert-file', tls.ca],
          ]
    const quiet = ['--save', '', '--appendonly', 'no', '--dir', this.#folder, '--dbfilename', DUMP]
    return [...ports, '--bind', this.host, ...quiet, ...args]
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // SIGKILL also ends what is stopped.
  child.kill('SIGKILL')
  await Promise.race([gone, pause(STOP_LIMIT_MS)])
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', settle(true))
    socket.once('error', settle(false))
    socket.setTimeout(1_000, settle(false))
  })
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function pause(ms = POLL_MS): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

process.once('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll()
    process.kill(process.pid, signal)
  })
}
