/** Which server a face means: its options over the environment, field by field. */
import { describe, expect, it } from 'vitest'
import { connectionOf, type Server, serverOf } from '../../src/facades/face-connection.js'
import { OF_ALL_FACES } from '../../src/facades/face-core.js'
import { readEnvironment } from '../../src/index.js'
import { CORE_AND_FACES, FACES } from '../support/face-subjects.js'
import { optionInvalid } from '../support/option-invalid.js'
import { trackedCache } from './tracked-cache.js'

type Variables = Readonly<Record<string, string>>

const ONE: Variables = {
  REDIS_HOST: 'env-host',
  REDIS_PORT: '7000',
  REDIS_PASSWORD: 'env-password',
  REDIS_DATABASE: '3',
}

it.each<[string, Server, Variables, Server]>([
  ['an url alone', { url: 'redis://a' }, ONE, { url: 'redis://a' }],
  [
    'an url beside what the document writes with it',
    { url: 'redis://a:1', host: 'localhost', port: 6_379, password: 'secret', db: 0 },
    {},
    { url: 'redis://a:1', password: 'secret', db: 0 },
  ],
  [
    'a host, and the rest of the environment',
    { host: 'mine' },
    ONE,
    { host: 'mine', port: 7_000, password: 'env-password', db: 3 },
  ],
  [
    'a number of a database on the server of the environment',
    { db: 5, password: 'mine' },
    ONE,
    { host: 'env-host', port: 7_000, password: 'mine', db: 5 },
  ],
  [
    'a password for the url of the environment',
    { password: 'mine' },
    { REDIS_URL: 'redis://env', REDIS_HOST: 'other' },
    { url: 'redis://env', password: 'mine' },
  ],
  [
    'a host in place of the url of the environment',
    { host: 'mine' },
    { REDIS_URL: 'redis://env' },
    { host: 'mine' },
  ],
  [
    'a password for the cluster of the environment',
    { password: 'mine' },
    { REDIS_CLUSTER_NODES: 'a:1,b:2' },
    { cluster: ['a:1', 'b:2'], password: 'mine' },
  ],
  ['a cluster alone', { cluster: ['a:1'], host: 'b', db: 0 }, ONE, { cluster: ['a:1'] }],
  [
    'what only the store knows',
    { sentinel: { name: 'm' } } as Server,
    ONE,
    { sentinel: { name: 'm' } } as Server,
  ],
  [
    'REDIS_DB before REDIS_DATABASE',
    { port: 1 },
    { REDIS_DB: '1', REDIS_DATABASE: '2' },
    {
      port: 1,
      db: 1,
    },
  ],
])('%s', (_, given, variables, server) => {
  expect(serverOf(given, readEnvironment(variables))).toEqual(server)
})

describe('a connection', () => {
  it('is none where no server is named', () => {
    expect(connectionOf('X', { redis: { keyPrefix: 'p' } }, {})).toEqual({ prefix: 'p' })
    expect(connectionOf('X', {}, ONE)).toEqual({ prefix: undefined })
    expect(connectionOf('X', { url: undefined, redis: { host: undefined } }, ONE).store).toBe(
      undefined,
    )
  })

  it('is made by the store, which refuses what it does not know', () => {
    expect(connectionOf('X', { url: 'redis://a' }, {}).store?.name).toBe('redis')
    const wait = { REDIS_CONNECT_TIMEOUT: '5' }
    expect(() => connectionOf('X', { url: 'redis://a' }, wait)).toThrow(/REDIS_CONNECT_TIMEOUT/)
    expect(() => connectionOf('X', { redis: { port: 0 } }, {})).toThrow(optionInvalid(/'port' is/))
    expect(() => connectionOf('X', { redis: { hst: 'a' } as never }, {})).toThrow(/'hst'/)
  })
})

describe('all faces over one cache', () => {
  it('read and forget what each of them writes', async () => {
    const { cache: core } = trackedCache(OF_ALL_FACES)
    const subjects = CORE_AND_FACES.map((kind) => kind.open({ core }))
    for (const [at, writer] of subjects.entries()) {
      expect(await writer.set('user:1', { at })).toBe(true)
      const read = await Promise.all(subjects.map((reader) => reader.get('user:1')))
      expect(read).toEqual(subjects.map(() => ({ at })))
      expect(await writer.delete('user:1')).toBe(true)
      const gone = await Promise.all(subjects.map((reader) => reader.get('user:1')))
      expect(gone).toEqual(subjects.map(() => null))
    }
    await Promise.all(subjects.map((subject) => subject.close()))
    expect(await core.set('k', 1)).toBe(true)
  })

  it('take a load that asks for its own key', async () => {
    const { cache: core } = trackedCache(OF_ALL_FACES)
    for (const kind of FACES) {
      const face = kind.open({ core })
      const key = `of ${kind.name}`
      expect(await face.load(key, async () => face.load(key, async () => 'inner'))).toBe('inner')
      expect(await face.get(key)).toBe('inner')
      const error = new Error('of the source')
      const failing = async () => face.load('bad', () => Promise.reject(error))
      await expect(face.load('bad', failing)).rejects.toBe(error)
    }
  })

  it('share a load, and what a tag forgets', async () => {
    const { cache: core } = trackedCache(OF_ALL_FACES)
    const subjects = CORE_AND_FACES.map((kind) => kind.open({ core }))
    let loads = 0
    const load = async () => ++loads
    expect(await Promise.all(subjects.map((each) => each.load('k', load)))).toEqual(
      subjects.map(() => 1),
    )
    for (const writer of subjects) {
      await writer.setTagged?.('tagged', 1, 'team')
      await subjects[0]!.invalidateTag!('team')
      expect(await subjects[1]!.get('tagged')).toBeNull()
    }
  })
})
