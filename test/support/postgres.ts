/**
 * A real Postgres for one file of tests, and the connections that the tests open to it. Ends with
 * the test process, also when that one is killed.
 */
import { ChildProcess } from 'node:child_process'
import pg from 'pg'
import { endWithUs } from './end-with-us.js'
import type { PostgresControl } from './postgres-control.js'
import { type StartedPostgres, startPostgres } from './postgres-server.js'

export class Postgres {
  readonly #releases: (() => unknown)[] = []
  #started: StartedPostgres | undefined

  /** `settings`: of the server, in the place of ours. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
    const postgres = new Postgres()
    try {
      postgres.#started = await startPostgres(postgres, settings)
      return postgres
    } catch (error) {
      await postgres.stop()
      throw error
    }
  }

  /** As `pg` and a child process take it. */
  get settings() {
    return { ...this.#started!.address, database: 'postgres', ssl: false }
  }

  get url(): string {
    return this.urlAt(this.settings.port)
  }

  /** Over a proxy, for one. */
  urlAt(port: number): string {
    const { host, user, password, database } = this.settings
    return `postgres://${user}:${password}@${host}:${port}/${database}`
  }

  get control(): PostgresControl {
    return this.#started!.control
  }

  /** Ended with the server, at the latest. */
  pool(max = 5, more: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ ...this.settings, max, ...more })
    pool.on('error', () => {})
    this.#releases.push(() => (pool.ended ? undefined : pool.end()))
    return pool
  }

  /** Connected; ended with the server, at the latest. */
  async client(database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({ ...this.settings, database })
    client.on('error', () => {})
    await client.connect()
    this.#releases.push(() => client.end())
    return client
  }

  /** Last in, first out. */
  async stop(): Promise<void> {
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      await release()
    }
  }

  own<T>(_name: string, acquire: () => T, release: (resource: T) => unknown): T {
    const resource = acquire()
    this.#releases.push(() => release(resource))
    if (resource instanceof ChildProcess) endWithUs(resource)
    return resource
  }
}
