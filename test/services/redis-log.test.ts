/** The log on a real Redis server: what every log must do, and what only a server can lose. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord, LogReply } from '../../src/core/log.js'
import { LOG_LIMITS } from '../../src/stores/log-limits.js'
import { DialedLink } from '../../src/stores/redis/dialed-link.js'
import { loadDial, type RedisDriver } from '../../src/stores/redis/load-client.js'
import { resolveRedisOptions } from '../../src/stores/redis/options.js'
import { RedisLog } from '../../src/stores/redis/redis-log.js'
import { logSuite, member, plain } from '../support/log-suite.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

describe.each<RedisDriver>(['node-redis', 'ioredis'])('the log over %s', (driver) => {
  let server: RedisServer
  let ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server.stop())
  afterEach(async () => {
    for (const end of ends) await end()
    ends = []
  })

  async function openLog(name: string, limits = LOG_LIMITS) {
    const { target } = resolveRedisOptions({ url: server.url })
    const dial = () => new DialedLink(target, () => loadDial(driver))
    const [link, subscriber] = [dial(), dial()]
    const log = new RedisLog(name, link, subscriber, limits)
    await new Promise<void>((resolve) => link.open({ onUp: resolve, onDown: () => {} }))
    ends.push(async () => {
      await log.close()
      await link.close()
    })
    return log
  }

  logSuite((name, limits) => openLog(name, { ...LOG_LIMITS, ...limits }))

  it('keeps no more than so many bytes, and of a half that is full the one before', async () => {
    const maxHalfBytes = 10_000
    const log = await openLog('heavy', { ...LOG_LIMITS, maxBytes: 2 * maxHalfBytes })
    const { head: start } = await log.join(member('a', -1))
    const bytesOf = (records: readonly LogRecord[]) =>
      records.reduce((sum, each) => sum + JSON.stringify(each.invalidations).length, 0)
    let [most, fewest] = [0, Number.POSITIVE_INFINITY]
    for (let i = 0; i < 200; i++) {
      const tag = 'x'.repeat(1 + ((i * 37) % 1_000))
      const { seq } = await log.append(member('a', -1), [{ kind: 'tag', tag }], false)
      const { records } = await log.follow(member('a', start))
      expect(records.at(-1)!.seq).toBe(seq)
      expect(records).toHaveLength(1 + records.at(-1)!.seq - records[0]!.seq)
      most = Math.max(most, bytesOf(records))
      if (records[0]!.seq > start + 1) fewest = Math.min(fewest, bytesOf(records))
    }
    // A record as the log holds it is somewhat shorter than its JSON here.
    expect(most).toBeGreaterThan(1.5 * maxHalfBytes)
    expect(most).toBeLessThan(2.5 * maxHalfBytes)
    expect(fewest).toBeGreaterThan(maxHalfBytes)
    expect(fewest).toBeLessThan(1.5 * maxHalfBytes)
  })

  it('begins another epoch, above all numbers, where the server lost its data', async () => {
    const log = await openLog('lost')
    const before = await log.append(member('w', -1), [{ kind: 'tag', tag: 't' }], false)
    await server.kill()
    await server.restart()
    let after: LogReply | undefined
    await until(async () => {
      after = await log.follow(member('w', before.seq)).catch(() => undefined)
      return after !== undefined
    }, 'the log is back')
    expect(after!.epoch).not.toBe(before.epoch)
    expect(after!.head).toBeGreaterThan(before.seq)
    expect(after!.floor).toBe(after!.head)
    expect(after!.records).toEqual([])
    const next = await log.follow(member('w', after!.head))
    expect([next.epoch, next.head]).toEqual([after!.epoch, after!.head])
  })

  it('a record that this version cannot read is taken for everything', async () => {
    const log = await openLog('foreign')
    const { head } = await log.join(member('r', -1))
    const { createClient } = await import('@redis/client')
    const admin = await createClient({ url: server.url }).connect()
    await admin.sendCommand(['HINCRBY', '{foreign}!state', 'seq', '1'])
    const entry = ['o', 'later', 'r', '[["new kind",1],["t",5]]']
    await admin.sendCommand(['XADD', '{foreign}!log', `${head + 1}-0`, ...entry])
    admin.destroy()
    const { records } = await log.follow(member('r', head))
    expect(records.map(plain)).toEqual([
      {
        seq: head + 1,
        origin: 'later',
        invalidations: [{ kind: 'all' }, { kind: 'all' }],
        wantsAcks: false,
      },
    ])
  })
})
