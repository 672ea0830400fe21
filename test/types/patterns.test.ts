/** The types of the patterns, as a user meets them. */
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type Warmed, warm } from '../../src/automate/index.js'
import { createCache } from '../../src/index.js'
import {
  aside,
  batch,
  circuit,
  readThrough,
  refreshAhead,
  writeAround,
  writeThrough,
} from '../../src/patterns/index.js'

interface User {
  id: number
  name: string
}

const cache = createCache({
  memory: { maxEntries: 10 },
  namespaces: { users: { schema: z.object({ id: z.number(), name: z.string() }) } },
})
const users = cache.namespace('users')
declare const db: { user(id: number): Promise<User>; found(id: string): Promise<User | undefined> }

describe('patterns', () => {
  it('are typed by their loader, over a cache that knows nothing', () => {
    void (() => {
      const byId = aside(cache, { load: (id: string) => db.found(id) })
      expectTypeOf(byId.get('1')).resolves.toEqualTypeOf<User | undefined>()
      const key = (id: number) => `user:${id}`
      for (const pattern of [
        aside(cache, { key, load: (id: number) => db.user(id) }),
        readThrough(cache, { key, load: (id: number) => db.user(id) }),
        refreshAhead(cache, { key, load: (id: number) => db.user(id), threshold: 0.5 }),
      ]) {
        expectTypeOf(pattern.get).parameter(0).toEqualTypeOf<number>()
        expectTypeOf(pattern.get(1)).resolves.toEqualTypeOf<User>()
        expectTypeOf(pattern.getMany([1])).resolves.toEqualTypeOf<(User | undefined)[]>()
      }
    })
  })

  it('give the loader its context, and what the namespace holds as stale', () => {
    void aside(users, {
      key: (id: number) => `${id}`,
      load: async (id: number, { key, stale, tag }) => {
        expectTypeOf(stale).toEqualTypeOf<User | undefined>()
        tag(key)
        return stale ?? { id, name: 'Ann' }
      },
    })
  })

  it('warm a cache with values of its type alone', () => {
    void (() => {
      expectTypeOf(
        warm(users, () => ({ ann: { id: 1, name: 'Ann' } })),
      ).resolves.toEqualTypeOf<Warmed>()
      void warm(users, async () => new Map([['ann', { id: 1, name: 'Ann' }]]))
      void warm(users, function* () {
        yield ['ann', { id: 1, name: 'Ann' }] as const
      })
      // @ts-expect-error the namespace holds users
      void warm(users, () => ({ ann: 1 }))
      // @ts-expect-error the namespace holds users
      void warm(users, () => [['ann', 1] as const])
    })
  })

  it('hand out what an operation answers, or its fallback', () => {
    void (() => {
      const { run } = circuit()
      expectTypeOf(run(() => db.user(1))).resolves.toEqualTypeOf<User>()
      expectTypeOf(
        run(
          () => db.user(1),
          () => null,
        ),
      ).resolves.toEqualTypeOf<User | null>()
    })
  })

  it('take no loader of another type than the namespace', () => {
    // @ts-expect-error the namespace holds users
    void aside(users, { load: (id: string) => id.length })
    // @ts-expect-error the namespace holds users
    void batch(users, { loadMany: (ids: string[]) => ids.map((id) => id.length) })
  })

  it('write what they were told to, and cache nothing else', () => {
    const writing = writeThrough(users, { write: async (_id: string, _user: User) => {} })
    void (() => {
      expectTypeOf(writing.set('1', { id: 1, name: 'Ann' })).resolves.toEqualTypeOf<User>()
      expectTypeOf(writing.get('1')).resolves.toEqualTypeOf<User | undefined>()
      // @ts-expect-error the name is missing
      void writing.set('1', { id: 1 })
    })
    void (() => {
      const found = writeAround(cache, {
        load: (id: string) => db.found(id),
        write: async (_id: string, user: User) => user,
      })
      expectTypeOf(found.set).parameter(1).toEqualTypeOf<User>()
      expectTypeOf(found.get('1')).resolves.toEqualTypeOf<User | undefined>()
    })
    // @ts-expect-error the answer of a client is no row
    void writeThrough(users, { write: async (_id: string, _user: User) => ({ rowCount: 1 }) })
    // @ts-expect-error the same
    void writeAround(cache, { write: async (_id: string, _user: User) => ({ rowCount: 1 }) })
  })

  it('batch by id', () => {
    void (() => {
      const loadMany = async (ids: number[]) => new Map<number, User>(ids.map((id) => [id, U]))
      const batched = batch(cache, { key: (id: number) => `${id}`, loadMany })
      expectTypeOf(batched.get(1)).resolves.toEqualTypeOf<User | undefined>()
      const listed = batch(cache, {
        loadMany: async (ids: string[]): Promise<User[]> => ids.map(() => U),
      })
      expectTypeOf(listed.getMany(['1'])).resolves.toEqualTypeOf<(User | undefined)[]>()
    })
  })
})

const U: User = { id: 1, name: 'Ann' }
