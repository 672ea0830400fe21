/** Calls of one tick travel together, in the right order, within bounds; answers never reject. */
import { beforeEach, describe, expect, it } from 'vitest'
import { LocalCoherence } from '../../src/coherence/local-coherence.js'
import { MAX_BATCH_KEYS, type ReadAnswer } from '../../src/core/batched-reads.js'
import { MAX_PENDING_WRITES, type WriteAnswer } from '../../src/core/batched-writes.js'
import type { StoreWrite } from '../../src/core/contracts.js'
import { CacheError } from '../../src/core/errors.js'
import type { GuardedStore } from '../../src/core/guarded-store.js'
import { StoreBatch } from '../../src/core/store-batch.js'
import { Unconfirmed } from '../../src/core/unconfirmed.js'
import { type FakeClock, fakeClock } from '../../src/testing/index.js'
import { testCodecs } from '../support/entry-codec.js'
import { type Gate, gate, stateOf } from './tracked-cache.js'

/** A write whose outcome is waited for. */
function writeTo(target: StoreBatch, write: StoreWrite): Promise<WriteAnswer> {
  return new Promise((resolve) => target.write(write, undefined, resolve))
}

/** The store has it, and nobody else need hear of it. */
const TAKEN = { token: 'local.2000', applied: undefined }

const AT_ONCE = { wantsAcks: false, holdOffMs: 0 }

type Sent = [call: string, keys: string[]]

let clock: FakeClock
let batch: StoreBatch
let sent: Sent[]
let values: Map<string, Uint8Array>
let refused: CacheError[]
let unconfirmed: Unconfirmed
/** Where set, calls wait for it. */
let held: Gate<void> | undefined

beforeEach(() => {
  clock = fakeClock({ monotonicMs: 500, wallMs: 2_000 })
  sent = []
  values = new Map()
  held = undefined
  const store: Pick<GuardedStore, 'getMany' | 'setMany' | 'deleteMany' | 'writeDeadlineMs'> = {
    writeDeadlineMs: 250,
    getMany: async (keys) => {
      sent.push(['getMany', [...keys]])
      await held?.promise
      return keys.map((key) => values.get(key))
    },
    setMany: async (writes) => {
      sent.push(['setMany', writes.map((write) => write.key)])
      await held?.promise
      for (const { key, bytes } of writes) values.set(key, Buffer.from(bytes))
    },
    deleteMany: async (keys) => {
      sent.push(['deleteMany', [...keys]])
      await held?.promise
      return keys.filter((key) => values.delete(key)).length
    },
  }
  refused = []
  unconfirmed = new Unconfirmed({
    clock,
    random: () => 0.5,
    isAway: () => true,
    remove: () => {},
    tell: () => {},
  })
  const parts = {
    // Only what a batch calls of it.
    store: store as GuardedStore,
    coherence: new LocalCoherence(clock),
    clock,
    unconfirmed,
  }
  batch = new StoreBatch(parts, testCodecs().expiryAt, (error) => refused.push(error))
})

const write = (key: string, text = key): StoreWrite => ({
  key,
  bytes: Buffer.from(text),
  ttlMs: 1_000,
})

function read(storeKey: string): Promise<[ReadAnswer, number, number]> {
  return new Promise((resolve) => {
    batch.read({
      storeKey,
      finish: (answer, atMs, wallAheadMs) => resolve([answer, atMs, wallAheadMs]),
    })
  })
}
const text = (answer: ReadAnswer) => (answer instanceof Uint8Array ? String(answer) : answer)

describe('a write whose bytes come later', () => {
  const later = (key: string, bytes: Promise<StoreWrite>): Promise<WriteAnswer> =>
    new Promise((resolve) => batch.writeLater(key, bytes, undefined, resolve))

  it('is sent with the tick in which they are there', async () => {
    const bytes = gate<StoreWrite>()
    const answer = later('a', bytes.promise)
    await writeTo(batch, write('b'))
    bytes.open(write('a'))
    expect(await answer).toEqual(TAKEN)
    expect(sent).toEqual([
      ['setMany', ['b']],
      ['setMany', ['a']],
    ])
  })

  it('takes the place of a repeated delete, and has one repeated if it fails', async () => {
    unconfirmed.addKey('a', undefined)
    const bytes = gate<StoreWrite>()
    const answer = later('a', bytes.promise)
    expect(unconfirmed.count).toBe(0)
    await clock.advance(251)
    expect(await answer).toMatchObject({ code: 'STORE_TIMEOUT' })
    expect(unconfirmed.count).toBe(1)
    expect(refused).toMatchObject([{ code: 'STORE_TIMEOUT' }])
  })

  it('gives way to a delete, which answers for both', async () => {
    const bytes = gate<StoreWrite>()
    const answer = later('a', bytes.promise)
    expect(await batch.delete('a', undefined, AT_ONCE)).toEqual(TAKEN)
    expect(await answer).toEqual(TAKEN)
    bytes.open(write('a'))
    await batch.idle()
    expect(sent).toEqual([['deleteMany', ['a']]])
  })
})

describe('a batch', () => {
  it('sends the reads of a tick in one call, each with its answer', async () => {
    values.set('b', Buffer.from('B'))
    const reads = await Promise.all([read('a'), read('b'), read('a')])
    expect(sent).toEqual([['getMany', ['a', 'b', 'a']]])
    expect(reads.map(([answer]) => text(answer))).toEqual([undefined, 'B', undefined])
  })

  it('says when it looked, and how the clocks stand to one another', async () => {
    expect((await read('a')).slice(1)).toEqual([500, 1_500])
  })

  it('sends the next tick on its own', async () => {
    const tick = batch.tick
    await read('a')
    await read('b')
    expect(sent).toEqual([
      ['getMany', ['a']],
      ['getMany', ['b']],
    ])
    expect(batch.tick).toBe(tick + 2)
  })

  it('sends writes before deletes before reads', async () => {
    const reading = read('a')
    await Promise.all([batch.delete('d', undefined, AT_ONCE), writeTo(batch, write('a'))])
    const [found] = await reading
    expect(sent.map(([call]) => call)).toEqual(['setMany', 'deleteMany', 'getMany'])
    expect(text(found)).toBe('a')
  })

  it('sends nothing for nothing', async () => {
    await clock.settle()
    await batch.idle()
    expect(sent).toEqual([])
  })
})

describe('several writes of one key in a tick', () => {
  it('become the last of them, and all are told its outcome', async () => {
    const writes = [write('a', '1'), write('a', '2'), write('a', '3')]
    const answers = await Promise.all(writes.map((each) => writeTo(batch, each)))
    expect(answers).toEqual([TAKEN, TAKEN, TAKEN])
    expect(sent).toEqual([['setMany', ['a']]])
    expect(String(values.get('a'))).toBe('3')
  })

  it('become a delete if that was last', async () => {
    await Promise.all([writeTo(batch, write('a')), batch.delete('a', undefined, AT_ONCE)])
    expect(sent).toEqual([['deleteMany', ['a']]])
  })

  it('become a write if that was last', async () => {
    values.set('a', Buffer.from('old'))
    await Promise.all([batch.delete('a', undefined, AT_ONCE), writeTo(batch, write('a', 'new'))])
    expect(sent).toEqual([['setMany', ['a']]])
    expect(String(values.get('a'))).toBe('new')
  })
})

describe('a large tick', () => {
  it('is cut into chunks, every read with its own answer', async () => {
    const keys = Array.from({ length: 2 * MAX_BATCH_KEYS + 1 }, (_, i) => `k${i}`)
    for (const key of keys) values.set(key, Buffer.from(key))
    const reads = await Promise.all(keys.map(read))
    expect(sent.map(([, each]) => each.length)).toEqual([MAX_BATCH_KEYS, MAX_BATCH_KEYS, 1])
    expect(reads.map(([answer]) => text(answer))).toEqual(keys)
    expect(batch.tick).toBe(1)
  })

  it('is cut for writes and deletes too', async () => {
    const keys = Array.from({ length: MAX_BATCH_KEYS + 1 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key) => writeTo(batch, write(key))))
    await Promise.all(keys.map((key) => batch.delete(key, undefined, AT_ONCE)))
    expect(sent.map(([call, each]) => [call, each.length])).toEqual([
      ['setMany', MAX_BATCH_KEYS],
      ['setMany', 1],
      ['deleteMany', MAX_BATCH_KEYS],
      ['deleteMany', 1],
    ])
  })
})

describe('the bound on writes', () => {
  it('refuses one more at once, but never a delete or a newer value of a waiting key', async () => {
    held = gate<void>()
    const waiting = Array.from({ length: MAX_PENDING_WRITES }, (_, i) =>
      writeTo(batch, write(`k${i}`)),
    )
    expect(await writeTo(batch, write('one more'))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(refused).toMatchObject([{ code: 'STORE_UNAVAILABLE' }])
    const again = writeTo(batch, write('k0', 'newer'))
    const deleted = batch.delete('one more', undefined, AT_ONCE)
    await clock.settle()
    expect(await stateOf(deleted)).toBe('pending')
    expect(await writeTo(batch, write('still too many'))).toBeInstanceOf(CacheError)
    held.open()
    const answers = await Promise.all([...waiting, again, deleted])
    expect(answers.filter((answer) => answer instanceof CacheError)).toEqual([])
    expect(String(values.get('k0'))).toBe('newer')
    expect(await writeTo(batch, write('room again'))).toEqual(TAKEN)
  })
})

describe('a failed call', () => {
  it('is the answer of every read and write that it carried', async () => {
    const error = new CacheError('STORE_TIMEOUT', 'too late')
    held = gate<void>()
    const reads = [read('a'), read('b')]
    const writes = [writeTo(batch, write('c')), batch.delete('d', undefined, AT_ONCE)]
    await clock.settle()
    held.fail(error)
    const answers = (await Promise.all(reads)).map(([answer]) => answer)
    expect([...answers, ...(await Promise.all(writes))]).toEqual(Array(4).fill(error))
  })

  it('of a kind of its own becomes STORE_FAILED', async () => {
    const cause = new Error('boom')
    held = gate<void>()
    const answer = writeTo(batch, write('a'))
    await clock.settle()
    held.fail(cause)
    expect(await answer).toMatchObject({ code: 'STORE_FAILED', cause })
  })

  it('leaves the next tick alone', async () => {
    held = gate<void>()
    const failing = writeTo(batch, write('a'))
    await clock.settle()
    held.fail(new Error('boom'))
    await failing
    held = undefined
    expect(await writeTo(batch, write('a'))).toEqual(TAKEN)
  })
})

describe('a read whose listener throws', () => {
  it('does not keep the others of its batch from their answers', async () => {
    batch.read({
      storeKey: 'bad',
      finish: () => {
        throw new Error('a listener broke')
      },
    })
    const other = read('good')
    expect(await stateOf(other)).toBe('settled')
  })
})

describe('idle', () => {
  it('waits for what is gathered and what is on its way', async () => {
    held = gate<void>()
    const writing = writeTo(batch, write('a'))
    const idle = batch.idle()
    await clock.settle()
    expect(await stateOf(idle)).toBe('pending')
    held.open()
    await Promise.all([writing, idle])
  })

  it('does not wait for reads', async () => {
    held = gate<void>()
    void read('a')
    await clock.settle()
    await batch.idle()
    held.open()
  })
})
