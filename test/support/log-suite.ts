/**
 * What a log must do, wherever it lies: the same commands to it and to its model, the same answers.
 *
 * Numbers are compared from where the epoch began, since a server begins at its clock.
 */
import { expect, it } from 'vitest'
import type {
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogRecord,
  LogReply,
} from '../../src/core/log.js'
import { inProcessLog, LogData } from '../../src/testing/in-process-log.js'
import { until } from './watched-store.js'

export interface SuiteLimits {
  readonly maxTags?: number
  readonly maxPrefixes?: number
  readonly maxRead?: number
  readonly maxRecords?: number
}

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

/** Defines the tests. `openLog`: the log of that name; the same data whoever opens it. */
export function logSuite(openLog: OpenLog): void {
  let logs = 0

  /** A log of its own on the server, and its model. */
  async function openPair(limits: SuiteLimits) {
    const log = await openLog(`log${++logs}`, limits)
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
  definePushes(openLog)
  defineCare(openLog)
}

type OpenLog = (name: string, limits?: SuiteLimits) => Promise<Log>

function definePushes(openLog: OpenLog): void {
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
}

function defineCare(openLog: OpenLog): void {
  it('tells of what it trimmed by where its records begin', async () => {
    const log = await openLog('trimmed', { maxRecords: 100 })
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

  it('begins another epoch where a member knows of more than the log holds', async () => {
    const log = await openLog('regressed')
    const { epoch, head } = await log.join(member('w', -1))
    const ahead = await log.follow(member('w', head + 7))
    expect(ahead.epoch).not.toBe(epoch)
    expect(ahead.head).toBeGreaterThan(head + 7)
    expect(ahead.floor).toBe(ahead.head)
  })
}

/** Its payload is read when it is asked for. */
export function plain({ seq, origin, invalidations, wantsAcks }: LogRecord): LogRecord {
  return { seq, origin, invalidations, wantsAcks }
}

export function member(id: string, applied: number): LogMember {
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
