/**
 * One suite for the core and the five faces over one real Redis: each alone, as two processes
 * would have it (two caches that share nothing but the server), then all of them mixed.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type CoreCache, OF_ALL_FACES } from '../../src/facades/face-core.js'
import { createCache } from '../../src/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { CORE_AND_FACES, type FaceKind, type FaceSubject } from '../support/face-subjects.js'
import { PATIENT, patientStore } from '../support/patient.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const VALUES: readonly unknown[] = [
  0,
  '',
  false,
  [],
  {},
  [1, [2, { three: 3 }]],
  new Date(1_700_000_000_000),
  new Map([['a', new Set([1])]]),
  12_345_678_901_234_567_890n,
  Buffer.from('bytes'),
  { name: 'Ann', at: new Date(0), __proto__x: 1 },
  'x'.repeat(5_000),
]

let server: RedisServer
let cores: CoreCache[] = []
let prefixes = 0

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server.stop())
afterEach(async () => {
  await Promise.all(cores.map((core) => core.close()))
  cores = []
})

/** As faces make it, but for the patience of a test. */
async function coreUnder(prefix: string): Promise<CoreCache> {
  const store = patientStore(redis({ url: server.url }))
  const core = createCache({ ...OF_ALL_FACES, ...PATIENT, prefix, store })
  cores.push(core)
  await until(() => core.stats().coherence.state === 'leased', 'leased')
  return core
}

async function opened(kinds: readonly FaceKind[]): Promise<FaceSubject[]> {
  const prefix = `faces-${++prefixes}`
  const made = await Promise.all(kinds.map(() => coreUnder(prefix)))
  return kinds.map((kind, i) => kind.open({ core: made[i]! }))
}

/** A face, and the core of another process. */
async function pair(kind: FaceKind): Promise<[FaceSubject, FaceSubject]> {
  const [one, other] = await opened([kind, CORE_AND_FACES[0]!])
  return [one!, other!]
}

function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

describe.each(CORE_AND_FACES)('$name alone', (kind) => {
  it('has misses, values and removals', async () => {
    const [face, other] = await pair(kind)
    expect(await face.get('user:1')).toBeNull()
    expect(await face.set('user:1', { n: 1 })).toBe(true)
    expect([await face.get('user:1'), await other.get('user:1')]).toEqual([{ n: 1 }, { n: 1 }])
    expect(await face.delete('user:1')).toBe(true)
    expect(await face.get('user:1')).toBeNull()
    await until(async () => (await other.get('user:1')) === null, 'gone elsewhere')
    const { hits, misses } = await face.stats()
    expect([hits, misses]).toEqual([1, 2])
  })

  it('brings every kind of value back from the store as it was', async () => {
    const [face, other] = await pair(kind)
    await Promise.all(VALUES.map((value, i) => face.set(`value:${i}`, value)))
    const [reader] = await opened([kind])
    const peer = kind.open({ core: other.core })
    for (const [i, value] of VALUES.entries()) expect(await peer.get(`value:${i}`)).toEqual(value)
    await reader!.close()
  })

  it('hands out what its caller may change', async () => {
    const [face] = await pair(kind)
    const given = { list: [1] }
    await face.set('k', given)
    given.list.push(2)
    const got = (await face.get('k')) as { list: number[] }
    got.list.push(3)
    expect(await face.get('k')).toEqual({ list: [1] })
  })

  it('loads once for all callers, and lets errors and nulls through', async () => {
    const [face, other] = await pair(kind)
    let loads = 0
    const load = async () => ({ n: ++loads })
    const answers = await Promise.all(Array.from({ length: 20 }, () => face.load('k', load)))
    expect([answers[0], answers[19], loads]).toEqual([{ n: 1 }, { n: 1 }, 1])
    const error = new Error('of the source')
    const failing = () => Promise.reject(error)
    await expect(face.load('bad', failing)).rejects.toBe(error)
    expect(await face.load('bad', async () => 'good')).toBe('good')
    expect(await face.load<string | null>('nobody', async () => null)).toBeNull()
    const again = await face.load<string | null>('nobody', async () => 'somebody')
    // The core keeps it, here for a millisecond.
    if (kind.name !== 'core') expect(again).toBe('somebody')
    await until(async () => (await other.get('k')) !== null, 'filled for others')
    expect(await other.get('k')).toEqual({ n: 1 })
  })

  it('keeps nothing of a load that was overtaken by a removal elsewhere', async () => {
    const [face, other] = await pair(kind)
    const begun = gate()
    const go = gate()
    const loading = face.load('k', async () => {
      begun.open()
      await go.passed
      return 'old'
    })
    await begun.passed
    expect(await other.delete('k')).toBe(true)
    await until(
      () => other.core.stats().coherence.applied === face.core.stats().coherence.applied,
      'heard',
    )
    go.open()
    expect(await loading).toBe('old')
    expect([await face.get('k'), await other.get('k')]).toEqual([null, null])
  })

  it('forgets when the ttl is over', async () => {
    const [face, other] = await pair(kind)
    await face.set('short', 1, 1)
    expect(await other.get('short')).toBe(1)
    await until(async () => (await face.get('short')) === null, 'over here')
    await until(async () => (await other.get('short')) === null, 'over there')
  })

  it('removes by tag and pattern, where its document does', async () => {
    const [face, other] = await pair(kind)
    await face.setTagged?.('t:1', 1, 'team')
    await face.setTagged?.('t:2', 2, 'team')
    await face.set('p:1', 1)
    await face.set('p:2', 1)
    await face.set('q:1', 1)
    expect(await face.removeMatching?.('p:*')).toBe(face.removeMatching && 2)
    const told = await face.invalidateTag?.('team')
    if (kind.name === 'core') expect(told).toEqual(expect.any(String))
    else expect(told).toBe(face.invalidateTag && 2)
    const left = face.removeMatching === undefined ? 1 : null
    for (const reader of [face, other]) {
      await until(async () => (await reader.get('t:2')) === null, 'tag gone')
      await until(async () => (await reader.get('p:2')) === left, 'pattern gone')
      expect([await reader.get('q:1'), await reader.get('t:1')]).toEqual([1, null])
    }
  })
})

describe('all faces and the core over one server', () => {
  it('read what each of them writes, and forget what each of them removes', async () => {
    const subjects = await opened(CORE_AND_FACES)
    for (const [at, writer] of subjects.entries()) {
      const value = { by: CORE_AND_FACES[at]!.name, at: new Date(at) }
      const key = `mixed:${at}`
      expect(await writer.set(key, value)).toBe(true)
      const read = await Promise.all(subjects.map((reader) => reader.get(key)))
      expect(read).toEqual(subjects.map(() => value))
      expect(await writer.delete(key)).toBe(true)
      expect(await writer.get(key)).toBeNull()
      for (const reader of subjects) {
        await until(async () => (await reader.get(key)) === null, `${value.by} to be heard`)
      }
    }
  })

  it('share one load', async () => {
    const subjects = await opened(CORE_AND_FACES)
    let loads = 0
    const load = async () => {
      loads++
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { answer: 42 }
    }
    const answers = await Promise.all(subjects.map((subject) => subject.load('shared', load)))
    expect([answers, loads]).toEqual([subjects.map(() => ({ answer: 42 })), 1])
  })

  it('forget by the tags of others', async () => {
    const subjects = await opened(CORE_AND_FACES)
    const taggers = subjects.filter(({ setTagged }) => setTagged !== undefined)
    expect(taggers).toHaveLength(4)
    for (const [at, tagger] of taggers.entries()) {
      const key = `tagged:${at}`
      await tagger.setTagged!(key, at, `team:${at}`)
      const read = await Promise.all(subjects.map((reader) => reader.get(key)))
      expect(read).toEqual(subjects.map(() => at))
      await taggers[(at + 1) % taggers.length]!.invalidateTag!(`team:${at}`)
      for (const reader of subjects) {
        await until(async () => (await reader.get(key)) === null, `tag ${at} to be heard`)
      }
    }
  })
})
