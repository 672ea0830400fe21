/**
 * The log on a real server against its model: the same commands, the same answers.
 *
 * Numbers are compared from where the epoch began, since a server begins at its clock.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type {
  Invalidation,
  LogListener,
  LogMember,
  LogRecord,
  LogReply,
} from '../../src/core/log.js'
import { DialedLink } from '../../src/stores/redis/dialed-link.js'
import { loadDial, type RedisDriver } from '../../src/stores/redis/load-client.js'
import { LOG_LIMITS } from '../../src/stores/redis/log-scripts.js'
import { resolveRedisOptions } from '../../src/stores/redis/options.js'
import { RedisLog } from '../../src/stores/redis/redis-log.js'
import { inProcessLog, LogData } from '../../src/testing/in-process-log.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const ODD_NAMES = [
  '*',
  '__proto__',
  '',
  'a b',
  '\u{1f600}',
  '\ud800',
  'x'.repeat(1_024),
  '{a}',
  '"',
]

describe.each<RedisDriver>(['node-redis', 'ioredis'])('the log over %s', (driver) => {
  let server: RedisServer
  let ends: (() => Promise<void>)[] = []
  let logs = 0
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

  /** A log of its own on the server, and its model. */
  async function openPair(limits: { maxTags?: number; maxPrefixes?: number; maxRead?: number }) {
    const log = await openLog(`log${++logs}`, { ...LOG_LIMITS, ...limits })
    const data = new LogData('model', Date.now, limits, 0)
    const model = inProcessLog(data)
    const { head: start } = await log.join(member('a', -1))
    await model.join(member('a', -1))
    return { log, model, data, start }
  }

  it('answers what its model answers, whatever is asked', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed)
      const below = (limit: number) => Math.floor(random() * limit)
      const { log, model, data, start } = await openPair({ maxTags: 5, maxPrefixes: 3, maxRead: 4 })
      for (let step = 0; step < 60; step++) {
        const by = member('ab'[below(2)]!, start + below(20))
        const inModel = { ...by, applied: by.applied - start }
        const what = Array.from({ length: 1 + below(3) }, () => randomInvalidation(below))
        const tags = ODD_NAMES.slice(below(4), 4 + below(5))
        const isKnown = data.seq >= inModel.applied
        switch (isKnown ? below(5) : 4) {
          case 0:
            expect(shifted(await log.follow(by), start)).toEqual(
              shifted(await model.follow(inModel), 0),
            )
            break
          case 1: {
            const [real, modelled] = [await log.join(by), await model.join(inModel)]
            expect(shifted(real, start)).toEqual(shifted(modelled, 0))
            const prefixes = real.prefixes.map((each) => ({ ...each, seq: each.seq - start }))
            expect(prefixes).toEqual(modelled.prefixes)
            break
          }
          case 2: {
            const { seqs, floor } = await log.tagSeqs(tags)
            const fromStart = seqs.map((seq) => (seq === 0 ? 0 : seq - start))
            const real = { seqs: fromStart, floor: floor - start }
            expect(real).toEqual(await model.tagSeqs(tags))
            break
          }
          default: {
            const origin = member('b', -1)
            const wantsAcks = below(2) === 0
            const real = await log.append(origin, what, wantsAcks)
            const modelled = await model.append(origin, what, wantsAcks)
            expect(real.seq - start).toBe(modelled.seq)
            expect([...real.members].sort()).toEqual([...modelled.members].sort())
            expect(shifted(real, start)).toEqual(shifted(modelled, 0))
          }
        }
      }
    }
  })

  it('pushes every record to all who listen, with whatever names', async () => {
    const [writer, reader] = [await openLog('pushed'), await openLog('pushed')]
    const heard: [string, LogRecord][] = []
    const { epoch, head } = await writer.join(member('w', -1))
    await new Promise<void>((onListening) => {
      const onRecord: LogListener['onRecord'] = (of, record) => heard.push([of, plain(record)])
      reader.listen('r', { onRecord, onListening, onAck: () => {}, onFilled: () => {} })
    })
    const all = ODD_NAMES.flatMap((name): Invalidation[] => [
      { kind: 'key', namespace: 'n', key: name },
      { kind: 'tag', tag: name },
      { kind: 'prefix', namespace: 'n.m', prefix: name },
    ])
    await writer.append(member('w', head), all, false)
    await writer.append(member('w', head), [{ kind: 'all' }], true)
    await until(() => heard.length === 2, 'both records')
    expect(heard).toEqual([
      [epoch, { seq: head + 1, origin: 'w', invalidations: all, wantsAcks: false }],
      [epoch, { seq: head + 2, origin: 'w', invalidations: [{ kind: 'all' }], wantsAcks: true }],
    ])
  })

  it('tells a member who has applied what', async () => {
    const [writer, reader] = [await openLog('acked'), await openLog('acked')]
    const acks: [string, number][] = []
    await new Promise<void>((onListening) => {
      const onAck: LogListener['onAck'] = (...ack) => acks.push(ack)
      writer.listen('w', { onRecord: () => {}, onListening, onAck, onFilled: () => {} })
    })
    await writer.join(member('w', -1))
    const { head } = await reader.join(member('r', -1))
    const { members, epochAgeMs } = await writer.append(member('w', head), [{ kind: 'all' }], true)
    expect([...members].sort()).toEqual(['r', 'w'])
    expect(epochAgeMs).toBeLessThan(60_000)
    await reader.ack('nobody', 'r', 1)
    await reader.ack('w', 'r', head + 1)
    await until(() => acks.length > 0, 'the confirmation')
    expect(acks).toEqual([['r', head + 1]])
    await reader.leave('r')
    const later = await writer.append(member('w', head), [{ kind: 'all' }], true)
    expect(later.members).toEqual(['w'])
  })

  it('keeps no more than so many bytes, and of a half that is full the one before', async () => {
    const maxHalfBytes = 10_000
    const log = await openLog('heavy', { ...LOG_LIMITS, maxHalfBytes })
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

  it('tells of what it trimmed by where its records begin', async () => {
    const log = await openLog('trimmed', { ...LOG_LIMITS, maxRecords: 100 })
    const { head } = await log.join(member('w', -1))
    for (let i = 0; i < 500; i++) {
      await log.append(member('w', -1), [{ kind: 'key', namespace: '', key: `k${i}` }], false)
    }
    const late = await log.follow(member('r', head))
    expect(late.head).toBe(head + 500)
    expect(late.records.length).toBeLessThan(300)
    expect(late.records[0]!.seq).toBeGreaterThan(head + 1)
    const recent = await log.follow(member('r', head + 490))
    expect(recent.records.map(({ seq }) => seq - head)).toEqual(
      Array.from({ length: 10 }, (_, i) => 491 + i),
    )
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

  it('begins another epoch where a member knows of more than the log holds', async () => {
    const log = await openLog('regressed')
    const { epoch, head } = await log.join(member('w', -1))
    const ahead = await log.follow(member('w', head + 7))
    expect(ahead.epoch).not.toBe(epoch)
    expect(ahead.head).toBeGreaterThan(head + 7)
    expect(ahead.floor).toBe(ahead.head)
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

/** Its payload is read when it is asked for. */
function plain({ seq, origin, invalidations, wantsAcks }: LogRecord): LogRecord {
  return { seq, origin, invalidations, wantsAcks }
}

function member(id: string, applied: number): LogMember {
  return { id, applied, leaseMs: 2_000 }
}

/** Numbers from where the epoch began; its name is the server's own. */
function shifted({ head, floor, records }: LogReply, start: number) {
  return {
    head: head - start,
    floor: floor - start,
    records: records.map((record) => ({ ...plain(record), seq: record.seq - start })),
  }
}

function randomInvalidation(below: (limit: number) => number): Invalidation {
  const name = ODD_NAMES[below(ODD_NAMES.length)]!
  const namespace = ['', 'users', 'a.b'][below(3)]!
  switch (below(8)) {
    case 0:
      return { kind: 'all' }
    case 1:
    case 2:
      return { kind: 'key', namespace, key: name }
    case 3:
    case 4:
      return { kind: 'prefix', namespace, prefix: name }
    default:
      return { kind: 'tag', tag: name }
  }
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
