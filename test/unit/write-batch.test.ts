/** A batch that fails: halves, blame, and how often the writer is called. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MAX_CALLS,
  type WriteAll,
  writeBatch,
} from '../../src/patterns/write-behind/write-batch.js'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
const refusal = new Error('refused')
const away = new Error('away')

function writer(bad: readonly number[]) {
  const calls: (readonly number[])[] = []
  const written: number[] = []
  const writeAll: WriteAll<number> = async (batch) => {
    calls.push(batch)
    if (batch.some((write) => bad.includes(write))) throw refusal
    written.push(...batch)
    return new Map()
  }
  return { calls, written, writeAll }
}

async function kinds(batch: readonly number[], writeAll: WriteAll<number>) {
  const results = await writeBatch(batch, writeAll)
  const of = (kind: string) =>
    results
      .filter((each) => each.kind === kind)
      .map(({ write }) => write)
      .sort((a, b) => a - b)
  return { results, done: of('done'), failed: of('failed'), untried: of('untried') }
}

describe('a batch', () => {
  it('that succeeds is one call', async () => {
    const { calls, writeAll } = writer([])
    expect(await kinds(numbers(100), writeAll)).toMatchObject({ done: numbers(100) })
    expect(calls).toHaveLength(1)
  })

  it.each(numbers(256).filter((at) => at % 17 === 0 || at === 255))(
    'with one bad write, at %i, writes all others in 17 calls at the most',
    async (bad) => {
      const { calls, written, writeAll } = writer([bad])
      const { done, failed, untried, results } = await kinds(numbers(256), writeAll)
      expect([failed, untried]).toEqual([[bad], []])
      expect(done).toEqual(numbers(256).filter((write) => write !== bad))
      expect(written.sort((a, b) => a - b)).toEqual(done)
      expect(results.find(({ write }) => write === bad)).toMatchObject({ error: refusal })
      expect(calls.length).toBeLessThanOrEqual(17)
      // A neighbour is written at the ninth time that it is tried, at the latest.
      for (const write of done) {
        expect(calls.filter((batch) => batch.includes(write)).length).toBeLessThanOrEqual(9)
      }
    },
  )

  it('whose source is away is not tried write by write', async () => {
    let calls = 0
    const { untried, failed, results } = await kinds(numbers(256), async () => {
      calls++
      throw away
    })
    // Two that were tried alone, so that the next batch tries others.
    expect([calls, failed]).toEqual([5, [0, 128]])
    expect(untried).toEqual(numbers(256).filter((write) => write !== 0 && write !== 128))
    expect(results.every((each) => each.kind !== 'done' && each.error === away)).toBe(true)
  })

  it('with bad writes in both halves, first or not, is written but for these', async () => {
    for (const bad of [
      [3, 77],
      [0, 50],
      [0, 99],
      [10, 11, 60, 98],
    ]) {
      const { done, failed, untried } = await kinds(numbers(100), writer(bad).writeAll)
      const isAway = bad[0] === 0 && bad[1] === 50
      if (isAway) expect([failed, untried.length]).toEqual([bad, 98])
      else {
        expect([failed, untried]).toEqual([bad, []])
        expect(done).toHaveLength(100 - bad.length)
      }
    }
  })

  it('of which every other write is bad is written in some batches', async () => {
    const bad = numbers(100).filter((write) => write % 2 === 1)
    const { calls, writeAll } = writer(bad)
    let left: readonly number[] = numbers(100)
    let batches = 0
    while (left.length > 0) {
      calls.length = 0
      const { untried } = await kinds(left, writeAll)
      expect(calls.length).toBeLessThanOrEqual(MAX_CALLS)
      expect(untried.length).toBeLessThan(left.length)
      left = untried
      batches++
    }
    expect(batches).toBeLessThan(10)
  })

  it('of one write blames it', async () => {
    const { failed } = await kinds([7], writer([7]).writeAll)
    expect(failed).toEqual([7])
  })

  it('whose writer names the bad ones is not tried again', async () => {
    let calls = 0
    const { done, failed, results } = await kinds(numbers(10), async () => {
      calls++
      return new Map([[3, refusal]])
    })
    expect([calls, done.length, failed]).toEqual([1, 9, [3]])
    expect(results[3]).toMatchObject({ error: refusal })
  })

  it('gives each write one result, whichever fail', async () => {
    const counts = fc.integer({ min: 1, max: 200 })
    await fc.assert(
      fc.asyncProperty(counts, fc.array(fc.nat(200)), async (count, bad) => {
        const { calls, written, writeAll } = writer(bad)
        const { done, failed, untried } = await kinds(numbers(count), writeAll)
        expect([...done, ...failed, ...untried].sort((a, b) => a - b)).toEqual(numbers(count))
        expect(written.sort((a, b) => a - b)).toEqual(done)
        expect(failed.every((write) => bad.includes(write))).toBe(true)
        expect(calls.length).toBeLessThanOrEqual(MAX_CALLS)
        expect(done.length + failed.length).toBeGreaterThan(0)
        if (bad.every((write) => write >= count)) expect(done).toHaveLength(count)
      }),
    )
  })
})
