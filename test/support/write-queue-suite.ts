/** What every queue of writes does, whoever keeps it. */
import { beforeAll, describe, expect, it, type TestAPI } from 'vitest'
import {
  type Holder,
  type NewWrite,
  type PutLimits,
  partitionOf,
  type Settled,
  type WaitingWrite,
  type WriteQueue,
} from '../../src/core/write-queue.js'

export interface QueueUnderTest {
  /** A queue of a name of its own, with four partitions. */
  open(): WriteQueue
  /** Of one name, with that many partitions. */
  openAs(name: string, partitions: number): WriteQueue
  /** The clock of whoever keeps it, about. */
  wallMs(): number
  /** Lets that time pass for whoever keeps it. */
  pass(ms: number): Promise<void>
}

const PARTITIONS = 4
const NOW: PutLimits = {
  delayMs: 0,
  maxPending: 100,
  maxAgeMs: Number.POSITIVE_INFINITY,
  durability: 'memory',
}
const ALL = { maxWrites: 1_000, maxBytes: 1e6 }
const A: Holder = { id: 'a', leaseMs: 10_000 }
const B: Holder = { id: 'b', leaseMs: 10_000 }

const bytes = (text: string) => new TextEncoder().encode(text)
const set = (key: string, text = key): NewWrite => ({ key, op: 'set', bytes: bytes(text) })
const done = ({ key, version }: WaitingWrite): Settled => ({
  ...{ key, version },
  outcome: { kind: 'done' },
})
const textOf = (write: NewWrite | undefined) => write && Buffer.from(write.bytes).toString()

/** Keys of one partition, so that one holder has them all. */
const KEYS = Array.from({ length: 400 }, (_, i) => `key ${i}`)
const together = KEYS.filter((key) => partitionOf(key, PARTITIONS) === 1)
const [k, l, m] = together as [string, string, string]

/** `test`: `it.concurrent` where waiting is what takes the time. */
export function writeQueueSuite(
  name: string,
  start: () => Promise<QueueUnderTest>,
  test: Test = it,
): void {
  describe(`a write queue: ${name}`, () => {
    let under: QueueUnderTest
    beforeAll(async () => {
      under = await start()
    })
    const open = () => under.open()
    const pass = (ms: number) => under.pass(ms)
    test('is prepared by all with the same number of partitions', async () => {
      await under.openAs('divided', PARTITIONS).prepare('memory')
      await under.openAs('divided', PARTITIONS).prepare('memory')
      const refused = under.openAs('divided', PARTITIONS + 1).prepare('memory')
      const message = expect.stringMatching(/'partitions' is 5.*4/)
      await expect(refused).rejects.toMatchObject({ code: 'OPTION_INVALID', message })
    })
    test('takes nothing that comes too late', async () => {
      const queue = open()
      const soon = { ...NOW, notAfterWallMs: under.wallMs() + 60_000 }
      expect((await queue.put([set(k)], soon))[0]!.isQueued).toBe(true)
      const past = { ...NOW, notAfterWallMs: under.wallMs() - 60_000 }
      await expect(queue.put([set(k, 'late'), set(l)], past)).rejects.toThrow(/too late/)
      expect((await queue.waiting([k, l])).map(textOf)).toEqual([k, undefined])
    })
    takes(test, open)
    divides(test, open, pass)
    bounds(test, open, pass)
    settles(test, open, pass)
    buries(test, open)
  })
}

type Test = TestAPI | TestAPI['concurrent']
type Open = () => WriteQueue
type Pass = (ms: number) => Promise<void>

function takes(it: Test, open: Open): void {
  it('keeps the newest write of a key, under a version above all before', async () => {
    const queue = open()
    const versions: number[] = []
    for (const text of ['one', 'two', 'three']) {
      const [answer] = await queue.put([set(k, text)], NOW)
      expect(answer!.isQueued).toBe(true)
      versions.push(answer!.version)
    }
    expect(versions.every(Number.isSafeInteger)).toBe(true)
    expect(versions).toEqual([...new Set(versions)].sort((one, other) => one - other))
    const [found, none] = await queue.waiting([k, l])
    expect(textOf(found)).toBe('three')
    expect(found).toMatchObject({ key: k, op: 'set', version: versions[2], attempts: 0 })
    expect(none).toBeUndefined()
    expect(await queue.state()).toMatchObject({ pending: 1, dead: 0, held: 0 })
  })

  it('takes keys and bytes of every kind', async () => {
    const queue = open()
    const all = new Uint8Array(256).map((_, i) => i)
    const writes: NewWrite[] = [
      { key: 'k|1|2|set|', op: 'set', bytes: all },
      { key: 'käse 🧀', op: 'set', bytes: bytes('|0|set|') },
      { key: 'gone', op: 'delete', bytes: new Uint8Array(0) },
    ]
    await queue.put(writes, NOW)
    const found = await queue.waiting(writes.map(({ key }) => key))
    expect(found.map((each) => ({ ...each, bytes: Array.from(each!.bytes) }))).toMatchObject(
      writes.map((each) => ({ ...each, bytes: Array.from(each.bytes) })),
    )
  })

  it('takes many at once, each to its partition', async () => {
    const queue = open()
    const answers = await queue.put(
      KEYS.map((key) => set(key)),
      { ...NOW, maxPending: 1_000 },
    )
    expect(answers.every(({ isQueued }) => isQueued)).toBe(true)
    expect((await queue.waiting(KEYS)).map(textOf)).toEqual(KEYS)
    const claimed: string[] = []
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const { writes } = await queue.claim(partition, A, ALL)
      expect(writes.every(({ key }) => partitionOf(key, PARTITIONS) === partition)).toBe(true)
      claimed.push(...writes.map(({ key }) => key))
    }
    expect(claimed.sort()).toEqual([...KEYS].sort())
  })

  it('refuses new keys at its limit, with a version, and takes those that wait', async () => {
    const queue = open()
    const limits = { ...NOW, maxPending: 2 }
    const answers = await queue.put([set(k), set(l), set(m)], limits)
    expect(answers.map(({ isQueued }) => isQueued)).toEqual([true, true, false])
    expect(answers[2]!.version).toBeGreaterThan(answers[1]!.version)
    const [again] = await queue.put([set(k, 'newer')], limits)
    expect(again!.isQueued).toBe(true)
    expect((await queue.waiting([k, m])).map(textOf)).toEqual(['newer', undefined])
  })
}

function divides(it: Test, open: Open, pass: Pass): void {
  it('gives a partition to one holder, for as long as it is heard of', async () => {
    const queue = open()
    await queue.put([set(k)], NOW)
    const first = await queue.claim(1, { ...A, leaseMs: 1_500 }, ALL)
    expect(first.writes.map(textOf)).toEqual([k])
    const other = await queue.claim(1, B, ALL)
    expect(other.writes).toEqual([])
    expect(other.epoch).toBeUndefined()
    expect(other.nextMs).toBeGreaterThan(0)
    expect(other.nextMs).toBeLessThanOrEqual(1_500)
    expect((await queue.claim(1, { ...A, leaseMs: 1_500 }, ALL)).epoch).toBe(first.epoch)
    await pass(1_600)
    const taken = await queue.claim(1, B, ALL)
    expect(taken.epoch).toBeGreaterThan(first.epoch!)
    expect(taken.writes.map(textOf)).toEqual([k])
    // The former holder comes back.
    expect(await queue.renew(1, A, first.epoch!)).toBe(false)
    expect(await queue.settle(1, first.epoch!, first.writes.map(done))).toBeUndefined()
    expect((await queue.state()).pending).toBe(1)
    expect(await queue.settle(1, taken.epoch!, taken.writes.map(done))).toEqual(['settled'])
    expect(await queue.state()).toMatchObject({ pending: 0, oldestMs: 0, held: 1 })
  })

  it('is kept by renewals and given back by a release', async () => {
    const queue = open()
    const short = { ...A, leaseMs: 1_500 }
    await queue.put([set(k)], NOW)
    const { epoch } = await queue.claim(1, short, ALL)
    for (let turn = 0; turn < 3; turn++) {
      await pass(600)
      expect(await queue.renew(1, short, epoch!)).toBe(true)
    }
    await queue.release(1, epoch! - 1)
    expect((await queue.claim(1, B, ALL)).epoch).toBeUndefined()
    await queue.release(1, epoch!)
    const next = await queue.claim(1, B, ALL)
    expect(next.epoch).toBeGreaterThan(epoch!)
    expect(await queue.renew(1, short, epoch!)).toBe(false)
  })

  it('says what is due, the earliest first, and in how long there is more', async () => {
    const queue = open()
    expect((await queue.claim(1, A, ALL)).nextMs).toBeUndefined()
    await queue.put([set(k)], { ...NOW, delayMs: 1_500 })
    const early = await queue.claim(1, A, ALL)
    expect(early.writes).toEqual([])
    expect(early.nextMs).toBeGreaterThan(0)
    expect(early.nextMs).toBeLessThanOrEqual(1_500)
    // A later write of the key does not put it off.
    await pass(500)
    await queue.put([set(k, 'newer')], { ...NOW, delayMs: 1_500 })
    await queue.put([set(l)], { ...NOW, delayMs: 1_100 })
    await pass(1_400)
    const late = await queue.claim(1, A, ALL)
    expect(late.writes.map(textOf)).toEqual(['newer', l])
    expect(late.nextMs).toBe(0)
    expect((await queue.state()).oldestMs).toBeGreaterThanOrEqual(1_900)
  })
}

function bounds(it: Test, open: Open, pass: Pass): void {
  it('is held by nobody where nothing is due', async () => {
    const queue = open()
    expect(await queue.claim(1, A, ALL)).toEqual({
      epoch: undefined,
      writes: [],
      nextMs: undefined,
    })
    await queue.put([set(k)], NOW)
    await queue.put([set(l)], { ...NOW, delayMs: 60_000 })
    const { epoch, writes } = await queue.claim(1, A, ALL)
    expect((await queue.state()).held).toBe(1)
    await queue.settle(1, epoch!, writes.map(done))
    const next = await queue.claim(1, A, ALL)
    expect([next.epoch, next.writes]).toEqual([undefined, []])
    expect(next.nextMs).toBeGreaterThan(30_000)
    expect((await queue.state()).held).toBe(0)
    await queue.put([set(k)], NOW)
    expect((await queue.claim(1, B, ALL)).epoch).toBeGreaterThan(epoch!)
  })

  it('gives what is not due yet to who is in a hurry', async () => {
    const queue = open()
    await queue.put([set(k)], { ...NOW, delayMs: 60_000 })
    await queue.put([set(l)], { ...NOW, delayMs: 3_600_000 })
    const ahead = (aheadMs: number) => queue.claim(1, A, { ...ALL, aheadMs })
    expect((await ahead(30_000)).writes).toEqual([])
    expect((await ahead(60_000)).writes.map(textOf)).toEqual([k])
    expect((await ahead(Number.POSITIVE_INFINITY)).writes.map(textOf)).toEqual([k, l])
  })

  it('answers no more than is asked for, and one that is too heavy by itself', async () => {
    const queue = open()
    for (const key of together.slice(0, 5)) {
      await queue.put([set(key, 'x'.repeat(1_000))], NOW)
      await pass(5)
    }
    const keysIn = async (most: typeof ALL) =>
      (await queue.claim(1, A, most)).writes.map(({ key }) => key)
    expect(await keysIn({ ...ALL, maxWrites: 2 })).toEqual(together.slice(0, 2))
    expect(await keysIn({ ...ALL, maxBytes: 3_500 })).toEqual(together.slice(0, 3))
    expect(await keysIn({ ...ALL, maxBytes: 10 })).toEqual(together.slice(0, 1))
  })

  it('refuses new keys while its oldest waits for too long', async () => {
    const queue = open()
    await queue.put([set(k)], NOW)
    await pass(300)
    const limits = { ...NOW, maxAgeMs: 200 }
    const answers = await queue.put([set(l), set(k, 'newer')], limits)
    expect(answers.map(({ isQueued }) => isQueued)).toEqual([false, true])
    const other = KEYS.find((key) => partitionOf(key, PARTITIONS) === 2)!
    expect((await queue.put([set(other)], limits))[0]!.isQueued).toBe(true)
  })
}

function settles(it: Test, open: Open, pass: Pass): void {
  it('keeps what was written while the holder was at work', async () => {
    const queue = open()
    await queue.put([set(k, 'older')], NOW)
    const { epoch, writes } = await queue.claim(1, A, ALL)
    await queue.put([set(k, 'newer')], { ...NOW, delayMs: 60_000 })
    expect((await queue.state()).doneAgoMs).toBe(Number.POSITIVE_INFINITY)
    expect(await queue.settle(1, epoch!, writes.map(done))).toEqual(['newer'])
    await pass(300)
    const { doneAgoMs } = await queue.state()
    expect(doneAgoMs).toBeGreaterThanOrEqual(290)
    expect(doneAgoMs).toBeLessThan(60_000)
    const next = await queue.claim(1, A, ALL)
    expect(next.writes.map(textOf)).toEqual(['newer'])
    expect(next.writes[0]!.version).toBeGreaterThan(writes[0]!.version)
    expect(await queue.settle(1, epoch!, next.writes.map(done))).toEqual(['settled'])
    // Twice settled is settled.
    expect(await queue.settle(1, epoch!, next.writes.map(done))).toEqual(['newer'])
    expect(await queue.state()).toMatchObject({ pending: 0 })
  })

  it('tries again after a while, and counts', async () => {
    const queue = open()
    await queue.put([set(k)], NOW)
    const { epoch, writes } = await queue.claim(1, A, ALL)
    const retry: Settled = {
      ...done(writes[0]!),
      outcome: { kind: 'retry', afterMs: 1_500 },
    }
    expect(await queue.settle(1, epoch!, [retry])).toEqual(['settled'])
    const early = await queue.claim(1, A, ALL)
    expect(early.writes).toEqual([])
    expect(early.nextMs).toBeGreaterThan(0)
    await pass(1_600)
    const late = await queue.claim(1, A, ALL)
    expect(late.writes).toMatchObject([{ key: k, attempts: 1, version: writes[0]!.version }])
  })

  it('puts off what was not tried by itself, and does not count it', async () => {
    const queue = open()
    await queue.put([set(k), set(l)], NOW)
    const { epoch, writes } = await queue.claim(1, A, ALL)
    const afterMs = [0, 60_000]
    const later = writes.map((write, i) => ({
      ...done(write),
      outcome: { kind: 'later', afterMs: afterMs[i]! } as const,
    }))
    expect(await queue.settle(1, epoch!, later)).toEqual(['settled', 'settled'])
    const next = await queue.claim(1, A, ALL)
    expect(next.writes).toMatchObject([{ key: writes[0]!.key, attempts: 0 }])
  })

  it('does not let a later write wait for the back-off of one that failed', async () => {
    const queue = open()
    await queue.put([set(k)], NOW)
    const { epoch, writes } = await queue.claim(1, A, ALL)
    const outcome = { kind: 'retry', afterMs: 60_000 } as const
    await queue.settle(1, epoch!, [{ ...done(writes[0]!), outcome }])
    await queue.put([set(k, 'newer')], NOW)
    const next = await queue.claim(1, A, ALL)
    expect(next.writes).toMatchObject([{ attempts: 0 }])
    expect(next.writes.map(textOf)).toEqual(['newer'])
  })
}

function buries(it: Test, open: Open): void {
  async function buried(queue: WriteQueue, error = 'no such column', maxDead = 10) {
    await queue.put([set(k, 'bad')], NOW)
    const { epoch, writes } = await queue.claim(1, A, ALL)
    const outcome = { kind: 'dead', error, maxDead } as const
    const answers = await queue.settle(1, epoch!, [{ ...done(writes[0]!), outcome }])
    return { epoch: epoch!, write: writes[0]!, answers }
  }

  it('puts away what cannot be written, with why, and lets it be looked at', async () => {
    const queue = open()
    const { write, answers } = await buried(queue, 'kein Käse | 🧀')
    expect(answers).toEqual(['settled'])
    expect(await queue.state()).toMatchObject({ pending: 0, dead: 1 })
    const [letter, ...others] = await queue.deadLetters(10)
    expect(others).toEqual([])
    expect(letter).toMatchObject({ key: k, version: write.version, error: 'kein Käse | 🧀' })
    expect(textOf(letter)).toBe('bad')
    expect(letter!.diedAtWallMs).toBeGreaterThan(1e12)
    expect(await queue.deadLetters(0)).toEqual([])
  })

  it('replays it under its version, or drops it', async () => {
    const queue = open()
    const { write } = await buried(queue)
    expect(await queue.replay([k, l])).toBe(1)
    expect(await queue.state()).toMatchObject({ pending: 1, dead: 0 })
    const { epoch, writes } = await queue.claim(1, A, ALL)
    expect(writes).toMatchObject([{ key: k, version: write.version }])
    const outcome = { kind: 'dead', error: 'still', maxDead: 10 } as const
    await queue.settle(1, epoch!, [{ ...done(writes[0]!), outcome }])
    expect(await queue.drop([k, l])).toBe(1)
    expect(await queue.drop([k])).toBe(0)
    expect(await queue.state()).toMatchObject({ pending: 0, dead: 0 })
  })

  it('forgets it where a later write of its key comes', async () => {
    const queue = open()
    await buried(queue)
    await queue.put([set(k, 'good')], NOW)
    expect(await queue.state()).toMatchObject({ pending: 1, dead: 0 })
    expect(await queue.replay([k])).toBe(0)
    expect((await queue.waiting([k])).map(textOf)).toEqual(['good'])
  })

  it('keeps it in the queue where there is no room for it', async () => {
    const queue = open()
    const { answers } = await buried(queue, 'no room', 0)
    expect(answers).toEqual(['full'])
    expect(await queue.state()).toMatchObject({ pending: 1, dead: 0 })
    const { writes, nextMs } = await queue.claim(1, A, ALL)
    expect(writes).toEqual([])
    expect(nextMs).toBeGreaterThan(30_000)
  })
}
