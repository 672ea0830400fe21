/** The types, as a user meets them. The compiler judges; running it says that nothing throws. */
import * as v from 'valibot'
import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import {
  type Cache,
  type CacheOptions,
  createCache,
  type Duration,
  isCacheError,
  type RootCache,
  type StandardSchemaV1,
  type Wrapped,
} from '../../src/index.js'

interface User {
  id: number
  name: string
}

const cache = createCache({
  memory: { maxEntries: 10 },
  namespaces: {
    users: { ttl: '1h', schema: z.object({ id: z.number(), name: z.string() }) },
    teams: { schema: v.object({ id: v.number(), members: v.array(v.string()) }) },
    dates: { schema: z.object({ at: z.string().transform((text) => new Date(text)) }) },
    plain: { ttl: 5 },
  },
})

describe('namespaces', () => {
  it('have the type of their schema', () => {
    const users = cache.namespace('users')
    expectTypeOf(users).toEqualTypeOf<Cache<User>>()
    expectTypeOf(users.get('1')).resolves.toEqualTypeOf<User | undefined>()
    expectTypeOf(users.peek('1')).toEqualTypeOf<User | undefined>()
    expectTypeOf(users.getMany(['1'])).resolves.toEqualTypeOf<(User | undefined)[]>()
    expectTypeOf(cache.namespace('teams').get('1')).resolves.toEqualTypeOf<
      { id: number; members: string[] } | undefined
    >()
  })

  it('have the input type of a schema that transforms: here it only checks', () => {
    expectTypeOf(cache.namespace('dates').get('1')).resolves.toEqualTypeOf<
      { at: string } | undefined
    >()
  })

  it('without a schema know nothing, unless they are told', () => {
    expectTypeOf(cache.namespace('plain')).toEqualTypeOf<Cache<unknown>>()
    expectTypeOf(cache.namespace('other')).toEqualTypeOf<Cache<unknown>>()
    expectTypeOf(cache.namespace<User>('other')).toEqualTypeOf<Cache<User>>()
    expectTypeOf(cache.namespace('a.b').namespace<User>('c')).toEqualTypeOf<Cache<User>>()
  })

  it('take no value of another type', () => {
    const users = cache.namespace('users')
    void (() => {
      void users.set('1', { id: 1, name: 'Ann' })
      // @ts-expect-error the name is missing
      void users.set('1', { id: 1 })
      // @ts-expect-error it is a number
      void users.setMany([['1', 42]])
      // @ts-expect-error a loader of another type
      void users.getOrSet('1', () => ({ id: 'one' }))
      // @ts-expect-error no string is a User
      void users.get<string>('1')
    })
  })

  it('allow a part of their type to be named', () => {
    type Named = User & { name: 'Ann' }
    void (() => {
      expectTypeOf(cache.namespace('users').get<Named>('1')).resolves.toEqualTypeOf<
        Named | undefined
      >()
    })
  })
})

describe('getOrSet', () => {
  it('answers what its loader does', () => {
    void (() => {
      expectTypeOf(cache.getOrSet('k', () => 5)).resolves.toEqualTypeOf<number>()
      expectTypeOf(cache.getOrSet('k', async () => ({ a: 'x' }))).resolves.toEqualTypeOf<{
        a: string
      }>()
      expectTypeOf(
        cache.getOrSet<User>('k', () => ({ id: 1, name: 'n' })),
      ).resolves.toEqualTypeOf<User>()
      expectTypeOf(
        cache.getOrSet('k', async (): Promise<string | null> => null),
      ).resolves.toEqualTypeOf<string | null>()
    })
  })

  it('gives its loader what it needs', () => {
    void (() => {
      void cache.namespace('users').getOrSet('k', (context) => {
        expectTypeOf(context.key).toEqualTypeOf<string>()
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
        expectTypeOf(context.stale).toEqualTypeOf<User | undefined>()
        expectTypeOf(context.ttl).parameter(0).toEqualTypeOf<Duration>()
        context.tag('a', 'b')
        context.skip()
        // @ts-expect-error tags are strings
        context.tag(5)
        return context.stale ?? { id: 1, name: 'n' }
      })
    })
  })

  it('of many answers in order, with gaps', () => {
    void (() => {
      const many = cache.getOrSetMany(['a'], (keys, { signal }) => {
        expectTypeOf(keys).toEqualTypeOf<string[]>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        return new Map<string, number>()
      })
      expectTypeOf(many).resolves.toEqualTypeOf<(number | undefined)[]>()
      expectTypeOf(cache.getOrSetMany(['a'], async () => [1, undefined])).resolves.toEqualTypeOf<
        (number | undefined)[]
      >()
    })
  })
})

describe('get', () => {
  it('knows nothing of a value unless it is told', () => {
    void (() => {
      expectTypeOf(cache.get('k')).resolves.toEqualTypeOf<unknown>()
      expectTypeOf(cache.get<User>('k')).resolves.toEqualTypeOf<User | undefined>()
      expectTypeOf(cache.peek<User>('k')).toEqualTypeOf<User | undefined>()
      expectTypeOf(cache.getMany<number>(['k'])).resolves.toEqualTypeOf<(number | undefined)[]>()
    })
  })
})

describe('the other verbs', () => {
  it('answer what they say', () => {
    void (() => {
      expectTypeOf(cache.has('k')).resolves.toEqualTypeOf<boolean>()
      expectTypeOf(cache.set('k', 1)).resolves.toEqualTypeOf<boolean>()
      expectTypeOf(cache.delete('k')).resolves.toEqualTypeOf<string | false>()
      expectTypeOf(cache.ttl('k')).resolves.toEqualTypeOf<number | undefined>()
      expectTypeOf(cache.increment('k')).resolves.toEqualTypeOf<number | undefined>()
      expectTypeOf(cache.keys()).toEqualTypeOf<AsyncIterable<string>>()
    })
  })

  it('wrap keeps the type of a function', () => {
    const wrapped = cache.wrap(async (id: number, deep?: boolean) => ({ id, deep }))
    expectTypeOf(wrapped).toEqualTypeOf<
      Wrapped<[id: number, deep?: boolean], { id: number; deep: boolean | undefined }>
    >()
    void (() => {
      expectTypeOf(wrapped(1)).resolves.toEqualTypeOf<{ id: number; deep: boolean | undefined }>()
      // @ts-expect-error a number is wanted
      void wrapped('1')
      // @ts-expect-error a number is wanted
      void wrapped.invalidate('1')
    })
  })

  it('on knows the events', () => {
    const leave = cache.on('hit', ({ key, tier, stale }) => {
      expectTypeOf(key).toEqualTypeOf<string>()
      expectTypeOf(tier).toEqualTypeOf<'memory' | 'store'>()
      expectTypeOf(stale).toEqualTypeOf<boolean>()
    })
    expectTypeOf(leave).toEqualTypeOf<() => void>()
    leave()
    void (() => {
      // @ts-expect-error no such event
      cache.on('hits', () => {})
    })
  })
})

describe('options', () => {
  it('that do not exist are errors', () => {
    void (() => {
      // @ts-expect-error no such option of a cache
      createCache({ tll: 5 })
      // @ts-expect-error no such option of memory
      createCache({ memory: { maxSize: 5 } })
      // @ts-expect-error no such option of a call
      void cache.getOrSet('k', () => 1, { tll: 5 })
      // @ts-expect-error fresh is for loads
      void cache.set('k', 1, { fresh: true })
      // @ts-expect-error a get takes no ttl
      void cache.get('k', { ttl: 5 })
      // @ts-expect-error no such option of a namespace
      cache.namespace('x', { prefix: 'y' })
    })
  })

  it('that do not exist in a namespace are errors too', () => {
    void (() => {
      // @ts-expect-error no such option of a namespace
      createCache({ namespaces: { a: { tll: 5 } } })
    })
  })

  it('of the wrong kind are errors', () => {
    void (() => {
      // @ts-expect-error a duration is a number or a text
      createCache({ ttl: true })
      // @ts-expect-error one of three
      createCache({ memory: { values: 'copied' } })
      // @ts-expect-error true is no memory
      createCache({ memory: true })
      // @ts-expect-error a fraction, beta or false
      createCache({ eager: true })
      // @ts-expect-error a schema has ~standard
      createCache({ namespaces: { a: { schema: {} } } })
    })
  })

  it('may be frozen and shared', () => {
    const options = Object.freeze({ ttl: 5, tags: Object.freeze(['a']), memory: false as const })
    expectTypeOf(options).toExtend<CacheOptions>()
  })
})

describe('the rest of the front door', () => {
  it('a root cache is a cache, and so is every namespace', () => {
    expectTypeOf<RootCache<Record<never, never>>>().toExtend<Cache>()
    const take = (each: Cache) => each
    take(cache)
    expectTypeOf(cache.namespace('plain')).toExtend<Cache>()
  })

  it('a guard tells our errors apart', () => {
    const error: unknown = new Error('x')
    if (isCacheError(error, 'STORE_TIMEOUT')) expectTypeOf(error.retryable).toEqualTypeOf<boolean>()
  })

  it('a schema of ones own has the type of the standard', () => {
    const schema: StandardSchemaV1<User> = {
      '~standard': {
        version: 1,
        vendor: 'mine',
        validate: (value) => ({ value: value as User, issues: undefined }),
      },
    }
    void (() => {
      const own = createCache({ namespaces: { users: { schema } } })
      expectTypeOf(own.namespace('users').get('1')).resolves.toEqualTypeOf<User | undefined>()
    })
  })
})
