/** The log in SQLite: what every log must do, and what only a file can lose. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/core/log.js'
import { KeptLink } from '../../src/stores/kept-link.js'
import { LOG_LIMITS, type LogLimits } from '../../src/stores/log-limits.js'
import { SerialCalls } from '../../src/stores/sqlite/serial-calls.js'
import { dialWith, type SqliteConnection } from '../../src/stores/sqlite/sqlite-connection.js'
import { loadSqlite } from '../../src/stores/sqlite/sqlite-library.js'
import { type RunCall, SqliteLog } from '../../src/stores/sqlite/sqlite-log.js'
import { SqliteRecords } from '../../src/stores/sqlite/sqlite-records.js'
import { namesIn, tables } from '../../src/stores/sqlite/tables.js'
import { logSuite, member } from '../support/log-suite.js'
import { until } from '../support/watched-store.js'

const folder = mkdtempSync(join(tmpdir(), 'cachewright-sqlite-'))
const ends: (() => Promise<void>)[] = []
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function openLog(name: string, limits: Partial<LogLimits> = {}, file = 'log.db') {
  const names = namesIn('cachewright')
  const target = { path: join(folder, file), script: tables(names), connectTimeoutMs: 1_000 }
  const ping = async (on: SqliteConnection) => void on.prepare('SELECT 1').get()
  const link = new KeptLink(target, async () => dialWith(await loadSqlite()), { ping })
  await new Promise<void>((resolve) => link.open({ onUp: resolve, onDown: () => {} }))
  const calls = new SerialCalls()
  const run: RunCall = (op, call) => calls.run(() => call(link.connection!), op)
  const records = new SqliteRecords(names, { ...LOG_LIMITS, ...limits })
  const log = new SqliteLog(name, run, link, records, () => link.reconnect())
  ends.push(async () => {
    log.close()
    await link.close()
  })
  return log
}

describe('the log in SQLite', () => {
  logSuite(openLog)

  it('keeps no more than so many bytes', async () => {
    const maxBytes = 100_000
    const log = await openLog('heavy', { maxBytes })
    const { head: start } = await log.join(member('a', -1))
    for (let i = 0; i < 1_000; i++) {
      const key = `${'x'.repeat(1_000)}${i}`
      await log.append(member('a', -1), [{ kind: 'key', namespace: '', key }], false)
    }
    const { records, head } = await log.follow(member('a', start))
    expect(records.at(-1)!.seq).toBe(head)
    expect(records).toHaveLength(1 + head - records[0]!.seq)
    // Old ones are looked for with every 128th record.
    expect(records.length).toBeGreaterThan(90)
    expect(records.length).toBeLessThan(100 + 130)
  })

  it('finds out that its file was replaced by another', async () => {
    const log = await openLog('moved', {}, 'moved.db')
    const before = await log.append(member('w', -1), [{ kind: 'tag', tag: 't' }], false)
    const heard: LogRecord[] = []
    renameSync(join(folder, 'moved.db'), join(folder, 'away.db'))
    const other = await openLog('moved', {}, 'moved.db')
    const theirs = await other.append(member('o', -1), [{ kind: 'tag', tag: 't' }], false)
    expect(theirs.epoch).not.toBe(before.epoch)
    await until(async () => {
      const reply = await log.follow(member('w', before.seq)).catch(() => undefined)
      if (reply === undefined) return false
      heard.push(...reply.records)
      return reply.epoch !== before.epoch
    }, 'it follows the other one')
  })
})
