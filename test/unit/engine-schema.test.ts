/** Schemas guard what a store brings: anybody may have written it. */
import * as v from 'valibot'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { StandardSchemaV1 } from '../../src/index.js'
import { gate, record, trackedWithStore } from './tracked-cache.js'

interface User {
  name: string
  age: number
}
const GOOD: User = { name: 'Ann', age: 7 }

const asyncSchema: StandardSchemaV1<User> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      await new Promise((resolve) => setImmediate(resolve))
      const isUser = typeof (value as User | null)?.name === 'string'
      return isUser ? { value: value as User } : { issues: [{ message: 'no user' }] }
    },
  },
}

const SCHEMAS: Record<string, StandardSchemaV1<User>> = {
  zod: z.object({ name: z.string(), age: z.number() }),
  valibot: v.object({ name: v.string(), age: v.number() }),
  'an async one': asyncSchema,
}

function pair(schema: StandardSchemaV1<unknown>) {
  const writer = trackedWithStore({ namespaces: { users: {} } })
  const reader = trackedWithStore({ namespaces: { users: { schema } } }, writer.clock, writer.data)
  return {
    ...reader,
    users: reader.cache.namespace('users'),
    write: (value: unknown) => writer.cache.namespace('users').set('k', value),
  }
}

describe.each(Object.entries(SCHEMAS))('a schema (%s)', (_, schema) => {
  it('lets good values pass', async () => {
    const { users, write } = pair(schema)
    await write(GOOD)
    expect(await users.get('k')).toEqual(GOOD)
    expect(await users.getOrSet('k', () => expect.fail('it was there'))).toEqual(GOOD)
  })

  it('takes a bad value for a miss and tells of it; it is never handed out', async () => {
    const { users, write, cache } = pair(schema)
    const events = record(cache, 'entry-refused', 'miss')
    await write({ name: 42 })
    expect(await users.get('k')).toBeUndefined()
    expect([await users.has('k'), await users.getMany(['k']), users.peek('k')]).toEqual([
      false,
      [undefined],
      undefined,
    ])
    const subject = { namespace: 'users', key: 'k', reason: 'schema' }
    expect(events.slice(0, 2)).toEqual([
      ['entry-refused', subject],
      ['miss', subject],
    ])
    expect(cache.stats().namespaces.users!.missSchema).toBe(3)
  })

  it('has a bad value loaded anew, and replaced', async () => {
    const { users, write } = pair(schema)
    await write({ name: 42 })
    expect(await users.getOrSet('k', () => GOOD)).toEqual(GOOD)
    expect(await users.get('k')).toEqual(GOOD)
  })

  it('does not let a bad value stand in for a failing loader', async () => {
    const writer = trackedWithStore({ ttl: 1, grace: 100, namespaces: { users: {} } })
    const options = { namespaces: { users: { schema, grace: 100 } } }
    const reader = trackedWithStore(options, writer.clock, writer.data)
    await writer.cache.namespace('users').set('k', { name: 42 })
    await writer.clock.advance(2_000)
    const fail = () => Promise.reject(new Error('boom'))
    await expect(reader.cache.namespace('users').getOrSet('k', fail)).rejects.toThrow('boom')
  })

  it('guards ttl and expire, too', async () => {
    const { users, write } = pair(schema)
    await write({ name: 42 })
    expect([await users.ttl('k'), await users.expire('k', 5)]).toEqual([undefined, false])
  })
})

describe('a schema', () => {
  it('that throws or rejects takes the value for a bad one', async () => {
    for (const validate of [
      () => {
        throw new Error('boom')
      },
      () => Promise.reject(new Error('boom')),
    ]) {
      const { users, write } = pair({ '~standard': { version: 1, vendor: 'x', validate } })
      await write(GOOD)
      expect(await users.get('k')).toBeUndefined()
    }
  })

  it('cannot change what readers get: it checks and does not transform', async () => {
    const changing = z.object({ name: z.string().transform((name) => name.length) })
    const { users, write } = pair(changing)
    await write({ name: 'Ann', more: [1] })
    expect(await users.get('k')).toEqual({ name: 'Ann', more: [1] })
    const spoiling: StandardSchemaV1<unknown> = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate: (value) => {
          ;(value as { name: string }).name = 'spoiled'
          return { value, issues: undefined }
        },
      },
    }
    const other = pair(spoiling)
    await other.write({ name: 'Ann' })
    expect(await other.users.get('k')).toEqual({ name: 'Ann' })
  })

  it('is not asked on a hit in memory, nor about what this process writes', async () => {
    const validate = vi.fn((value: unknown) => ({ value, issues: undefined }))
    const { users, write } = pair({ '~standard': { version: 1, vendor: 'x', validate } })
    await users.set('own', 'anything')
    await users.get('own')
    expect(validate).not.toHaveBeenCalled()
    await write(GOOD)
    for (let i = 0; i < 3; i++) await users.get('k')
    expect(validate).toHaveBeenCalledTimes(1)
  })

  it('that takes its time does not bring back what was deleted meanwhile', async () => {
    const open = gate<void>()
    const slow: StandardSchemaV1<unknown> = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate: async (value) => {
          await open.promise
          return { value, issues: undefined }
        },
      },
    }
    const { users, write, clock } = pair(slow)
    await write('old')
    const read = users.get('k')
    await clock.settle()
    await users.delete('k')
    open.open()
    await read
    expect(users.peek('k')).toBeUndefined()
  })

  it('that takes its time is judged by the clock when it ends', async () => {
    const open = gate<void>()
    const slow: StandardSchemaV1<unknown> = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate: (value) => open.promise.then(() => ({ value, issues: undefined })),
      },
    }
    const writer = trackedWithStore({ ttl: 10 })
    await writer.cache.namespace('n').set('k', 'v')
    const options = { namespaces: { n: { schema: slow } } }
    const { cache, clock } = trackedWithStore(options, writer.clock, writer.data)
    const read = cache.namespace('n').get('k')
    await clock.advance(10_000)
    open.open()
    expect(await read).toBeUndefined()
  })
})
