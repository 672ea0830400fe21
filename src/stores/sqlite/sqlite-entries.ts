/** The calls on entries and rights to fill, as synchronous work on a connection. */
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  StoreFill,
  StoreWrite,
} from '../../core/contracts.js'
import { beginsWith, counted, isPast, noNumber } from '../stored-bytes.js'
import type { SqliteConnection } from './sqlite-connection.js'
import type { Names } from './tables.js'

/** In the place of a token: no load has it. */
const HELD_OFF = '!'
const FOR_EVER = Number.MAX_SAFE_INTEGER
/** Of what was told to those who wait. */
const MAX_TOLD = 1_000

export class SqliteEntries {
  readonly #sql: ReturnType<typeof statements>

  constructor(name: Names) {
    this.#sql = statements(name)
  }

  /** `undefined` where there is none. */
  get(on: SqliteConnection, key: string): Uint8Array | undefined {
    const row = on.prepare(this.#sql.get).get(key, Date.now())
    return row?.value as Uint8Array | undefined
  }

  set(on: SqliteConnection, writes: readonly StoreWrite[], notAfterWallMs: number): void {
    if (Date.now() > notAfterWallMs) throw new Error('the write came too late')
    on.transact(() => {
      // Mostly there are none, and looking once costs less than looking for each.
      const hasRights = on.prepare(this.#sql.anyRight).get() !== undefined
      for (const { key, bytes, ttlMs, holdOffMs = 0 } of writes) {
        if (hasRights || holdOffMs > 0) this.#endRight(on, key, holdOffMs)
        this.#write(on, key, bytes, ttlMs)
      }
    })
  }

  delete(
    on: SqliteConnection,
    keys: readonly string[],
    holdOffMs: number,
    only: Expiry | undefined,
  ): number {
    return on.transact(() => {
      let deleted = 0
      for (const key of keys) {
        if (only === undefined) this.#endRight(on, key, holdOffMs)
        const bytes = this.get(on, key)
        if (bytes === undefined || (only !== undefined && !isPast(bytes, only))) continue
        on.prepare(this.#sql.delete).run(key)
        deleted += 1
      }
      return deleted
    })
  }

  lease(
    on: SqliteConnection,
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs: number,
  ): readonly LeaseAnswer[] {
    const isLate = Date.now() > notAfterWallMs
    return on.transact(() => {
      return requests.map((request) => {
        const { key, how, unusable } = request
        const bytes = how === 'ask' ? this.get(on, key) : undefined
        const isUsable = bytes !== undefined && !beginsWith(bytes, unusable)
        const isFresh = isUsable && !isPast(bytes, expiry)
        return { bytes, isLeased: !isFresh && !isLate && this.#grant(on, request) }
      })
    })
  }

  fill(on: SqliteConnection, fills: readonly StoreFill[]): readonly boolean[] {
    return on.transact(() => {
      return fills.map(({ key, token, write }) => {
        const held = on.prepare(this.#sql.held).get(key, Date.now())
        if (held?.token !== token) return false
        on.prepare(this.#sql.endRight).run(key)
        if (write !== undefined) this.#write(on, key, write.bytes, write.ttlMs)
        if (held.is_waited_for === 1) this.#tell(on, key)
        return true
      })
    })
  }

  patch(
    on: SqliteConnection,
    key: string,
    offset: number,
    patch: Uint8Array,
    ttlMs: number,
  ): boolean {
    return on.transact(() => {
      this.#endRight(on, key, 0)
      const bytes = this.get(on, key)
      if (bytes === undefined || bytes.length < offset + patch.length) return false
      const patched = Uint8Array.from(bytes)
      patched.set(patch, offset)
      on.prepare(this.#sql.rewrite).run(patched, endOf(ttlMs), key)
      return true
    })
  }

  increment(
    on: SqliteConnection,
    key: string,
    by: number,
    { head, ttlMs, limits }: { head: Uint8Array; ttlMs: number; limits: readonly Expiry[] },
  ): number {
    return on.transact(() => {
      this.#endRight(on, key, 0)
      const kept = this.get(on, key)
      const isGone = kept !== undefined && limits.some((limit) => isPast(kept, limit))
      const counter = isGone ? undefined : kept
      const refuse = (reason: string) => noNumber('sqlite', key, reason)
      const { bytes, sum } = counted(counter, by, head, refuse)
      if (counter === undefined) this.#write(on, key, bytes, ttlMs)
      else on.prepare(this.#sql.recount).run(bytes, key)
      return sum
    })
  }

  /** From a key on, up to another; as many as a page takes. */
  scan(on: SqliteConnection, from: string, upTo: string | undefined, count: number): string[] {
    const { scan, scanOn } = this.#sql
    const rows =
      upTo === undefined
        ? on.prepare(scanOn).all(from, Date.now(), count)
        : on.prepare(scan).all(from, upTo, Date.now(), count)
    return rows.map(({ key }) => String(key))
  }

  #write(on: SqliteConnection, key: string, bytes: Uint8Array | string, ttlMs: number): void {
    const value = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    on.prepare(this.#sql.write).run(key, value, endOf(ttlMs))
  }

  #endRight(on: SqliteConnection, key: string, holdOffMs: number): void {
    if (holdOffMs === 0) on.prepare(this.#sql.endRight).run(key)
    else on.prepare(this.#sql.grant).run(key, HELD_OFF, 0, endOf(holdOffMs))
  }

  #grant(on: SqliteConnection, { key, token, leaseMs, how, replaces }: LeaseRequest): boolean {
    const held = on.prepare(this.#sql.held).get(key, Date.now())
    if (held?.token === HELD_OFF && how !== 'renew') return true
    if (how === 'renew' && held?.token !== token) return false
    if (how === 'ask' && held !== undefined && held.token !== replaces) {
      if (held.is_waited_for === 0) on.prepare(this.#sql.wait).run(key)
      return false
    }
    on.prepare(this.#sql.grant).run(key, token, held?.is_waited_for ?? 0, endOf(leaseMs))
    return true
  }

  #tell(on: SqliteConnection, key: string): void {
    on.prepare(this.#sql.tell).run(key)
    on.prepare(this.#sql.forgetTold).run(MAX_TOLD)
  }
}

function endOf(ms: number): number {
  return Math.min(FOR_EVER, Date.now() + ms)
}

function statements(name: Names) {
  return {
    get: `SELECT value FROM ${name()} WHERE key = ? AND expires_at > ?`,
    write: `INSERT OR REPLACE INTO ${name()} (key, value, expires_at) VALUES (?, ?, ?)`,
    rewrite: `UPDATE ${name()} SET value = ?, expires_at = ? WHERE key = ?`,
    recount: `UPDATE ${name()} SET value = ? WHERE key = ?`,
    delete: `DELETE FROM ${name()} WHERE key = ?`,
    scan: `SELECT key FROM ${name()} WHERE key >= ? AND key < ? AND expires_at > ?
      ORDER BY key LIMIT ?`,
    scanOn: `SELECT key FROM ${name()} WHERE key >= ? AND expires_at > ? ORDER BY key LIMIT ?`,
    held: `SELECT token, is_waited_for FROM ${name('leases')} WHERE key = ? AND ends_at > ?`,
    grant: `INSERT OR REPLACE INTO ${name('leases')} VALUES (?, ?, ?, ?)`,
    endRight: `DELETE FROM ${name('leases')} WHERE key = ?`,
    anyRight: `SELECT 1 FROM ${name('leases')} LIMIT 1`,
    wait: `UPDATE ${name('leases')} SET is_waited_for = 1 WHERE key = ?`,
    tell: `INSERT INTO ${name('told')} (key) VALUES (?)`,
    forgetTold: `DELETE FROM ${name('told')}
      WHERE id <= (SELECT max(id) FROM ${name('told')}) - ?`,
  }
}
