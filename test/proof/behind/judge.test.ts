/** The judge of write-behind on rounds made by hand: what it must accuse, and let pass. */
import { expect, it } from 'vitest'
import type { AskedWrite, Delivery, FinalKey, RoundHistory } from './history.js'
import { judge } from './judge.js'

/** Acknowledged: `a` as 1, then `b` as 2. */
const A: AskedWrite = {
  ...{ key: 'k', value: 'a', by: 0, call: 0 },
  ...{ askedMs: 10, toldMs: 11, version: 1 },
}
const B: AskedWrite = { ...A, value: 'b', call: 1, askedMs: 20, toldMs: 21, version: 2 }
const FINAL: FinalKey = { key: 'k', value: 'b', version: 2, got: 'b' }
/** Of a call that was not answered. */
const KILLED = { toldMs: undefined, version: undefined } as const

const GONE = { ...B, value: null }
const NOT_THERE = { ...FINAL, value: null, got: null }

function delivery(value: string, version: number, epoch = 1, key = 'k'): Delivery {
  return { key, value, version, epoch, by: 2, idempotencyKey: `${key}:${version}` }
}

function judged(history: Partial<RoundHistory>) {
  return judge({
    ...{ seed: 7, partitions: 1, batch: 2, faults: [], troubles: [], isDrained: true },
    ...{ asked: [A, B], deliveries: [], keys: [FINAL] },
    ...history,
  })
}

function kinds(history: Partial<RoundHistory>): readonly string[] {
  return judged(history).violations.map(({ kind }) => kind)
}

it('lets pass the last acknowledged write, and a delete', () => {
  expect(kinds({})).toEqual([])
  expect(kinds({ asked: [A, GONE], keys: [NOT_THERE] })).toEqual([])
  expect(kinds({ asked: [], keys: [{ ...NOT_THERE, version: undefined }] })).toEqual([])
  const { acknowledged, unknown } = judged({ asked: [A, { ...B, ...KILLED }] })
  expect({ acknowledged, unknown }).toEqual({ acknowledged: 1, unknown: 1 })
})

it('accuses where an acknowledged write is missing', () => {
  const [violation] = judged({ keys: [{ ...NOT_THERE, version: undefined }] }).violations
  expect(violation).toMatchObject({ kind: 'lost', seed: 7, key: 'k' })
  expect(kinds({ keys: [{ ...FINAL, value: 'a', version: 1, got: 'a' }] })).toEqual(['lost'])
})

it('accuses a wrong value of the last version, also of a delete', () => {
  expect(kinds({ keys: [{ ...FINAL, value: 'a', got: 'a' }] })).toEqual(['wrong value'])
  expect(kinds({ keys: [NOT_THERE] })).toEqual(['wrong value'])
  expect(kinds({ asked: [A, GONE] })).toEqual(['not asked for'])
  const set = { ...FINAL, value: 'a', got: 'a' }
  expect(kinds({ asked: [A, GONE], keys: [set] })).toEqual(['wrong value'])
})

it('takes the last of several calls that have one version, heard of or not', () => {
  const together = { ...A, version: 2, toldMs: 21 }
  expect(kinds({ asked: [together, B] })).toEqual([])
  const value = { value: 'a', got: 'a' }
  expect(kinds({ asked: [together, B], keys: [{ ...FINAL, ...value }] })).toEqual(['wrong value'])
  expect(kinds({ asked: [together, { ...B, ...KILLED }] })).toEqual([])
  expect(kinds({ asked: [together, { ...B, ...KILLED, by: 1 }] })).toEqual(['wrong value'])
})

it('accuses a row that nobody wrote', () => {
  expect(kinds({ keys: [{ ...FINAL, value: 'c', got: 'c' }] })).toEqual(['not asked for'])
  expect(kinds({ asked: [] })).toEqual(['not asked for'])
})

it('lets pass a newer write that nobody heard of, and no other', () => {
  const keys = [{ ...FINAL, version: 3 }]
  expect(kinds({ asked: [A, { ...B, ...KILLED }], keys })).toEqual([])
  expect(kinds({ asked: [A, { ...B, version: undefined }], keys })).toEqual([])
  expect(kinds({ keys })).toEqual(['wrong version'])
  expect(
    kinds({ asked: [A, { ...GONE, ...KILLED }], keys: [{ ...NOT_THERE, version: 3 }] }),
  ).toEqual([])
})

it('accuses a write that had failed and came after one that was asked for later', () => {
  const failed = { ...B, version: undefined, askedMs: 5, toldMs: 9 }
  const keys = [{ ...FINAL, version: 3 }]
  expect(kinds({ asked: [failed, A], keys })).toEqual(['late'])
  expect(kinds({ asked: [{ ...failed, toldMs: 10 }, A], keys })).toEqual([])
  expect(kinds({ asked: [{ ...failed, toldMs: undefined }, A], keys })).toEqual([])
})

it('accuses versions that are not in the order of the calls', () => {
  const asked = [{ ...A, version: 3 }, B]
  const keys = [{ ...FINAL, value: 'a', version: 3, got: 'a' }]
  expect(kinds({ asked, keys })).toEqual(['disorder'])
  // By another process, while the first one was not answered.
  const beside = [asked[0]!, { ...B, by: 1, askedMs: 10.5 }]
  expect(kinds({ asked: beside, keys })).toEqual([])
})

it('accuses an older write after a newer one, unless it is of a former holder', () => {
  const [one, two] = [delivery('a', 1), delivery('b', 2)]
  expect(kinds({ deliveries: [one, two] })).toEqual([])
  expect(kinds({ deliveries: [two, one] })).toEqual(['inversion'])
  expect(kinds({ deliveries: [two, { ...one, epoch: 2 }] })).toEqual(['inversion'])
  const { violations, zombies } = judged({ deliveries: [delivery('b', 2, 2), one] })
  expect({ violations, zombies }).toEqual({ violations: [], zombies: 1 })
})

it('accuses what a writer was given and nobody wrote', () => {
  expect(kinds({ deliveries: [delivery('c', 2)] })).toEqual(['not asked for'])
})

it('accuses more than a batch of a holder that comes again', () => {
  const keys = ['k', 'l', 'm']
  const asked = [B, ...keys.map((key) => ({ ...A, key }))]
  const of = (epoch: number, some: readonly string[]) =>
    some.map((key) => delivery('a', 1, epoch, key))
  const two = keys.slice(0, 2)
  const again = judged({ asked, deliveries: [...of(1, keys), ...of(2, two)] })
  expect(again).toMatchObject({ violations: [], repeats: 2, deliveries: 5 })
  expect(kinds({ asked, deliveries: [...of(1, keys), ...of(2, keys)] })).toEqual(['repeats'])
  // To the same holder none, unless it could not settle.
  const itself = [...of(1, two), ...of(1, two)]
  expect(kinds({ asked, deliveries: itself })).toEqual(['repeats'])
  expect(kinds({ asked, deliveries: itself, troubles: ['settle failed'] })).toEqual([])
})

it('accuses one version of two writes', () => {
  const other = { ...delivery('a', 2), epoch: 2 }
  expect(kinds({ deliveries: [delivery('b', 2), other] })).toEqual(['mixed'])
  const renamed = { ...delivery('b', 2), idempotencyKey: 'another' }
  expect(kinds({ deliveries: [delivery('b', 2), { ...renamed, epoch: 2 }] })).toEqual(['mixed'])
})

it('accuses a cache that answers something else, and what still waits', () => {
  expect(kinds({ keys: [{ ...FINAL, got: 'a' }] })).toEqual(['cache'])
  expect(kinds({ isDrained: false })).toEqual(['not drained'])
})
