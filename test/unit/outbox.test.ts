/**
 * What an outbox does with its options, its database and its callbacks; the database is a fake that
 * knows the statements apart. What the statements do is tested on a real one, in test/services.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { invalidationOutbox, type OutboxOptions } from '../../src/patterns/index.js'
import { recordingTarget } from '../support/recording-target.js'
import { until } from '../support/watched-store.js'
import { gate, unhandled } from './tracked-cache.js'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

type Verb = 'take' | 'delete' | 'put back'

function fakeDatabase() {
  const asked: string[] = []
  const database = {
    asked,
    /** What is due, each batch once. */
    batches: [] as string[][],
    before: async (_: Verb): Promise<unknown> => undefined,
    async query(text: string, values: unknown[]) {
      const verb = /^WITH due/.test(text) ? 'take' : /^DELETE/.test(text) ? 'delete' : 'put back'
      const ids = verb === 'take' ? [] : (values[0] as string[])
      asked.push([verb, ...ids].join(' '))
      await database.before(verb)
      const names = verb === 'take' ? (database.batches.shift() ?? []) : []
      const rows = names.map((name) => ({
        ...{ id: name, kind: 'key', namespace: '' },
        name: JSON.stringify(name),
      }))
      return { rows }
    },
  }
  return database
}

function open(options: Partial<OutboxOptions> = {}) {
  const database = fakeDatabase()
  const cache = recordingTarget()
  const outbox = invalidationOutbox({ client: database, cache, ...options })
  stops.push(() => outbox.stop())
  return { database, cache, outbox }
}

describe('options', () => {
  const client = { query: async () => ({ rows: [] }) }
  const cache = recordingTarget()

  it.each([
    [
      { client: {} },
      "option 'client' is an object; the range is an object with query(text, values)",
    ],
    [{ cache: {} }, "option 'cache' is an object; the range is a cache or a namespace of one"],
    [{ schema: 'a"b' }, `option 'schema' is 'a"b'; the range is 1 to 48 letters, digits and _`],
    [{ table: '1st' }, "option 'table' is '1st'; the range is 1 to 48 letters"],
    [{ table: 'a'.repeat(49) }, 'the range is 1 to 48 letters'],
    [{ pollInterval: '9ms' }, "option 'pollInterval' is '9ms'; the range is 10ms to 1h"],
    [{ pollInterval: 3_601 }, "option 'pollInterval' is 3601; the range is 10ms to 1h"],
    [{ lease: '99ms' }, "option 'lease' is '99ms'; the range is 100ms to 1h"],
    [{ batch: 0 }, "option 'batch' is 0; the range is a whole number from 1 to 1000"],
    [{ batch: 1_001 }, "option 'batch' is 1001; the range is a whole number from 1 to 1000"],
    [{ batch: 1.5 }, "option 'batch' is 1.5"],
    [{ notify: 1 }, "option 'notify' is 1; the range is true | false"],
    [{ listener: client }, "option 'listener' is an object; the range is an object with query, on"],
    [{ onError: 'log' }, "option 'onError' is 'log'; the range is a function"],
  ])('%o is refused', (option, says) => {
    const options = { client, cache, ...option } as OutboxOptions
    const refusal = { code: 'OPTION_INVALID', message: expect.stringContaining(says) }
    expect(() => invalidationOutbox(options)).toThrow(expect.objectContaining(refusal))
  })

  it('that do not exist are refused, with those that do', () => {
    const options = { client, cache, interval: 5 } as OutboxOptions
    const message = expect.stringMatching(/unknown option 'interval'; known here: client, cache, /)
    expect(() => invalidationOutbox(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message }),
    )
  })

  it('at the ends of their ranges are taken, and the object is left alone', () => {
    const options: OutboxOptions = {
      client,
      cache,
      batch: 1_000,
      pollInterval: '10ms',
      lease: 3_600,
    }
    const table = { schema: 'S', table: 'a'.repeat(48) }
    expect(() => invalidationOutbox(Object.freeze({ ...options, ...table }))).not.toThrow()
  })

  it('name the table in the migration', () => {
    const sql = invalidationOutbox({ client, cache, schema: 'app', table: 'Later' }).migration()
    expect(sql).toContain('CREATE TABLE IF NOT EXISTS "app"."Later" (')
    expect(sql).toContain('CREATE INDEX IF NOT EXISTS "Later_due" ON "app"."Later" (due_at);')
  })
})

describe('note', () => {
  it.each([
    [{ key: ['k'] }, 'OPTION_UNKNOWN', "note: unknown option 'key'; known here: keys, tags, pa"],
    [{ __proto__: null, toString: ['k'] }, 'OPTION_UNKNOWN', "unknown option 'toString'"],
    [{ keys: 'k' }, 'OPTION_INVALID', "note: option 'keys' is 'k'; the range is an array"],
    [{ keys: [5] }, 'KEY_INVALID', 'a key must be a string'],
    [{ tags: ['\ud800'] }, 'OPTION_INVALID', "note: option 'tags' is"],
    [{ patterns: ['[a'] }, 'OPTION_INVALID', "note: option 'pattern' is '[a'"],
    [{ keys: ['k'], namespace: 'a:b' }, 'NAMESPACE_INVALID', "namespace 'a:b' must be"],
    [undefined, 'OPTION_INVALID', "option 'invalidations' is undefined; the range is an object"],
    [
      { keys: Array.from({ length: 10_001 }, (_, i) => `${i}`) },
      'OPTION_INVALID',
      "note: option 'notes' is 10001; the range is at most 10000 different ones",
    ],
  ])('refuses %o before it sends anything', async (invalidations, code, says) => {
    const { outbox, database } = open()
    const refusal = { code, message: expect.stringContaining(says) }
    await expect(outbox.note(database, invalidations as never)).rejects.toMatchObject(refusal)
    expect(database.asked).toEqual([])
  })

  it('sends nothing where there is nothing to note', async () => {
    const { outbox, database } = open()
    expect(await outbox.note(database, { keys: [] })).toBe(0)
    expect(database.asked).toEqual([])
  })
})

describe('publish', () => {
  it('goes on until nothing is due', async () => {
    const { outbox, database, cache } = open({ batch: 2 })
    database.batches = [['a', 'b'], ['c', 'd'], ['e']]
    expect(await outbox.publish()).toBe(5)
    expect(cache.asked.map(([, , name]) => name)).toEqual(['a', 'b', 'c', 'd', 'e'])
    const turns = ['take', 'delete a b', 'take', 'delete c d', 'take', 'delete e']
    expect(database.asked).toEqual(turns)
  })

  it('deletes only what was confirmed, puts back the rest and does not press on', async () => {
    const { outbox, database, cache } = open({ batch: 2 })
    database.batches = [['a', 'b'], ['c']]
    cache.answer = async (name) => name !== 'a'
    expect(await outbox.publish()).toBe(1)
    expect(database.asked).toEqual(['take', 'delete b', 'put back a'])
  })

  it('deletes nothing before the cache has answered', async () => {
    const { outbox, database, cache } = open()
    const answer = gate<boolean>()
    cache.answer = () => answer.promise
    database.batches = [['a']]
    const done = outbox.publish()
    await until(() => cache.calls > 0, 'asked')
    expect(database.asked).toEqual(['take'])
    answer.open(true)
    await done
    expect(database.asked).toEqual(['take', 'delete a'])
  })

  it('runs one loop at a time, which looks again for those who asked meanwhile', async () => {
    const { outbox, database } = open()
    const first = gate()
    database.batches = [['a'], ['b']]
    database.before = (verb) => (verb === 'take' ? first.promise : Promise.resolve())
    const both = [outbox.publish(), outbox.publish(), outbox.publish()]
    await turn()
    expect(database.asked).toEqual(['take'])
    both.push(outbox.publish())
    first.open(undefined)
    expect(await Promise.all(both)).toEqual([2, 2, 2, 2])
    expect(database.asked).toEqual(['take', 'delete a', 'take', 'delete b'])
    database.batches = [['c']]
    expect(await outbox.publish()).toBe(1)
  })

  it('looks again for who asks just when a loop ends', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const { outbox, database } = open()
      const first = outbox.publish()
      for (let i = 0; i < turns; i++) await Promise.resolve()
      database.batches.push(['late'])
      await outbox.publish()
      expect(database.asked, `after ${turns} turns`).toContain('delete late')
      await first
    }
  })

  it('takes nothing while the store is known to be away', async () => {
    const { outbox, database, cache } = open()
    database.batches = [['a']]
    cache.breaker = 'open'
    expect(await outbox.publish()).toBe(0)
    expect(database.asked).toEqual([])
    cache.breaker = 'closed'
    expect(await outbox.publish()).toBe(1)
  })

  it('rejects with what the database says, and works again after it', async () => {
    const { outbox, database } = open()
    const error = new Error('terminating connection')
    database.batches = [['a']]
    database.before = () => Promise.reject(error)
    await expect(outbox.publish()).rejects.toBe(error)
    database.before = async () => undefined
    expect(await outbox.publish()).toBe(1)
  })
})

describe('the relay', () => {
  it('tells of a database that fails, goes on, and survives who it tells', async () => {
    const errors: unknown[] = []
    const error = new Error('terminating connection')
    const onError = (each: unknown) => {
      errors.push(each)
      if (errors.length === 1) throw new Error('thrown by onError')
      return Promise.reject(new Error('rejected by onError'))
    }
    const { outbox, database } = open({ onError, pollInterval: '10ms' })
    database.batches = [['a']]
    database.before = () => Promise.reject(error)
    outbox.start()
    await until(() => errors.length >= 2, 'told twice')
    database.before = async () => undefined
    await until(() => database.asked.includes('delete a'), 'published')
    expect(new Set(errors)).toEqual(new Set([error]))
    expect(unhandled).toEqual([])
  })

  it('ends after the rows in hand, and can be started again', async () => {
    const { outbox, database, cache } = open({ batch: 1, pollInterval: '1h' })
    const answer = gate<boolean>()
    cache.answer = () => answer.promise
    database.batches = [['a'], ['b']]
    outbox.start()
    outbox.start()
    await until(() => cache.calls > 0, 'rows in hand')
    const stopped = outbox.stop()
    answer.open(true)
    await stopped
    expect(database.asked).toEqual(['take', 'delete a'])
    outbox.start()
    await until(() => database.asked.includes('delete b'), 'started again')
  })

  it('listens on its channel alone, and stops listening', async () => {
    const sent: string[] = []
    const heard: ((message: { channel: string }) => void)[] = []
    const listener = {
      query: async (text: string) => {
        sent.push(text)
        return { rows: [] }
      },
      on: (_: string, each: (message: { channel: string }) => void) => heard.push(each),
      off: (_: string, each: (message: { channel: string }) => void) =>
        heard.splice(heard.indexOf(each), 1),
    }
    const { outbox, database } = open({ listener, pollInterval: '1h' })
    outbox.start()
    await outbox.publish()
    const looks = () => database.asked.length
    const before = looks()
    heard[0]!({ channel: 'another' })
    await turn()
    expect(looks()).toBe(before)
    heard[0]!({ channel: 'cachewright_outbox' })
    await until(() => looks() > before, 'woken')
    await outbox.stop()
    expect(sent).toEqual(['LISTEN "cachewright_outbox"', 'UNLISTEN "cachewright_outbox"'])
    expect(heard).toEqual([])
  })
})
