/** The log on a real Postgres: what every log must do, and what only this server can lose. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/core/log.js'
import { KeptLink } from '../../src/stores/kept-link.js'
import { LOG_LIMITS, type LogLimits } from '../../src/stores/log-limits.js'
import { Migration } from '../../src/stores/postgres/migration.js'
import { Notifications } from '../../src/stores/postgres/notifications.js'
import { resolvePostgresOptions } from '../../src/stores/postgres/options.js'
import { loadPg } from '../../src/stores/postgres/pg-connection.js'
import { PostgresLog } from '../../src/stores/postgres/postgres-log.js'
import { ping } from '../../src/stores/postgres/postgres-store.js'
import type { SqlConnection } from '../../src/stores/postgres/sql-connection.js'
import { statementsFor } from '../../src/stores/postgres/statements.js'
import { logSuite, member, plain } from '../support/log-suite.js'
import { Postgres } from '../support/postgres.js'
import { until } from '../support/watched-store.js'

let server: Postgres
const ends: (() => Promise<void>)[] = []
beforeAll(async () => {
  server = await Postgres.start()
})
afterAll(() => server?.stop())
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** The limits are part of the functions: each set of them has tables of its own. */
async function openLog(name: string, given: Partial<LogLimits> = {}) {
  const limits = { ...LOG_LIMITS, ...given }
  // A test of many logs has no more connections than the server takes.
  if (ends.length > 6) await ends.shift()!()
  const { maxTags, maxRead, maxRecords, maxBytes } = limits
  const table = `t_${maxTags}_${maxRead}_${maxRecords}_${maxBytes}`
  const resolved = resolvePostgresOptions({ url: server.url, table })
  const migration = new Migration(resolved, limits)
  const probe = (connection: SqlConnection) => migration.ensure(connection, true)
  const dial = () => new KeptLink(resolved.target, () => loadPg(true), { ping, probe })
  const link = dial()
  const notifications = new Notifications(dial(), ping)
  notifications.open()
  await new Promise<void>((resolve) => link.open({ onUp: resolve, onDown: () => {} }))
  ends.push(async () => {
    await notifications.close()
    await link.close()
  })
  return new PostgresLog(name, table, link, statementsFor(resolved), notifications)
}

describe('the log in Postgres', () => {
  logSuite(openLog)

  it('keeps no more than so many bytes', async () => {
    const maxBytes = 4 * 1_024 ** 2
    const log = await openLog('heavy', { maxBytes })
    const { head: start } = await log.join(member('a', -1))
    const key = 'x'.repeat(1_000)
    const invalidations = Array.from({ length: 200 }, (_, i) => {
      return { kind: 'key' as const, namespace: '', key: `${key}${i}` }
    })
    for (let i = 0; i < 40; i++) await log.append(member('a', -1), invalidations, false)
    const { records, head } = await log.follow(member('a', start))
    const bytes = records.reduce((sum, each) => sum + JSON.stringify(each.invalidations).length, 0)
    expect(records.at(-1)!.seq).toBe(head)
    expect(records).toHaveLength(1 + head - records[0]!.seq)
    expect(bytes).toBeGreaterThan(0.9 * maxBytes)
    // Old ones are looked for with every further MiB.
    expect(bytes).toBeLessThan(maxBytes + 2 * 1_024 ** 2)
  })

  it('lets a record that is too long for a notification be read', async () => {
    const [writer, reader] = [await openLog('long'), await openLog('long')]
    const { head } = await writer.join(member('w', -1))
    const heard: LogRecord[] = []
    let listenings = 0
    reader.listen('r', {
      onRecord: (_, record) => heard.push(plain(record)),
      onListening: () => {
        listenings += 1
      },
      onAck: () => {},
      onFilled: () => {},
    })
    await until(() => listenings === 1, 'it listens')
    const tag = '\u{1f600}'.repeat(2_500)
    await writer.append(member('w', head), [{ kind: 'tag', tag }], false)
    await until(() => listenings === 2, 'it is told to read')
    expect(heard).toEqual([])
    const { records } = await reader.follow(member('r', head))
    expect(records.map(plain).map((each) => each.invalidations)).toEqual([[{ kind: 'tag', tag }]])
  })

  it('numbers without a gap and in order of appearance, whoever appends at once', async () => {
    const logs = await Promise.all(Array.from({ length: 4 }, () => openLog('crowd')))
    const { head: start, epoch } = await logs[0]!.join(member('reader', -1))
    let applied = start
    let isDone = false
    const seen: number[] = []
    const reading = (async () => {
      while (!isDone || applied < start + 400) {
        const { records, head } = await logs[0]!.follow(member('reader', applied))
        // What is told of is there: the head is never ahead of what can be read.
        expect(records.at(-1)?.seq ?? applied).toBe(Math.min(head, applied + 1_000))
        seen.push(...records.map(({ seq }) => seq))
        applied = records.at(-1)?.seq ?? applied
      }
    })()
    const writing = logs.map(async (log, i) => {
      for (let n = 0; n < 100; n++) {
        const reply = await log.append(member(`w${i}`, -1), [{ kind: 'tag', tag: `${n}` }], false)
        expect(reply.epoch).toBe(epoch)
      }
    })
    await Promise.all(writing)
    isDone = true
    await reading
    expect(seen).toEqual(Array.from({ length: 400 }, (_, i) => start + 1 + i))
  })

  it('begins another epoch, above all numbers, where the tables were emptied', async () => {
    const log = await openLog('lost')
    const before = await log.append(member('w', -1), [{ kind: 'tag', tag: 't' }], false)
    const { table } = { table: `t_${LOG_LIMITS.maxTags}_1000_100000_${LOG_LIMITS.maxBytes}` }
    const client = await server.client()
    await client.query(`TRUNCATE ${table}_logs, ${table}_log, ${table}_names, ${table}_members`)
    const after = await log.follow(member('w', before.seq))
    expect(after.epoch).not.toBe(before.epoch)
    expect(after.head).toBeGreaterThan(before.seq)
    expect(after.floor).toBe(after.head)
    expect(after.records).toEqual([])
    const next = await log.follow(member('w', after.head))
    expect([next.epoch, next.head]).toEqual([after.epoch, after.head])
  })
})
