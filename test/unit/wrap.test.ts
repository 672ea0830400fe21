import { describe, expect, it, vi } from 'vitest'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

describe('wrap', () => {
  it('caches the answers of a function, by its arguments', async () => {
    const { cache } = trackedWithStore()
    const add = vi.fn(async (a: number, b: number) => a + b)
    const cached = cache.wrap(add)
    expect([await cached(1, 2), await cached(1, 2), await cached(2, 1)]).toEqual([3, 3, 3])
    expect(add.mock.calls).toEqual([
      [1, 2],
      [2, 1],
    ])
  })

  it('forgets an answer on demand', async () => {
    const { cache } = trackedCache()
    let count = 0
    const cached = cache.wrap(() => ++count)
    expect([await cached(), await cached()]).toEqual([1, 1])
    expect(await cached.invalidate()).toEqual(expect.any(String))
    expect(await cached()).toBe(2)
  })

  it('takes a key and options of its own', async () => {
    const { cache } = trackedCache()
    const cached = cache.wrap((user: { id: number }) => user.id, {
      key: (user) => `user:${user.id}`,
      ttl: 7,
    })
    expect(cached.keyOf({ id: 5 })).toBe('user:5')
    await cached({ id: 5 })
    expect([await cache.get('user:5'), await cache.ttl('user:5')]).toEqual([5, 7])
  })

  it('passes errors of the function and of the key on as rejections', async () => {
    const { cache } = trackedCache()
    const boom = new Error('boom')
    const failing = cache.wrap(() => {
      throw boom
    })
    await expect(failing()).rejects.toBe(boom)
    const keyless = cache.wrap((_: unknown) => 1, {
      key: () => {
        throw boom
      },
    })
    await expect(keyless(1)).rejects.toBe(boom)
    await expect(keyless.invalidate(1)).rejects.toBe(boom)
  })

  it('passes on no `this`: callers share one answer', async () => {
    const { cache } = trackedCache()
    const seen: unknown[] = []
    const counter = {
      look: cache.wrap(function (this: unknown) {
        seen.push(this)
        return 1
      } as () => number),
    }
    await counter.look()
    await counter.look.refresh()
    expect(seen).toEqual([undefined, undefined])
  })

  it('calls anew on refresh, and keeps that answer', async () => {
    const { cache } = trackedCache()
    let count = 0
    const cached = cache.wrap(async (step: number) => {
      count += step
      return count
    })
    expect(await cached(2)).toBe(2)
    expect([await cached.refresh(2), await cached(2)]).toEqual([4, 4])
    const boom = new Error('boom')
    const keyless = cache.wrap((_: unknown) => 1, {
      key: () => {
        throw boom
      },
    })
    await expect(keyless.refresh(1)).rejects.toBe(boom)
  })

  it('has the name of its function, also wrapped again', async () => {
    const { cache } = trackedCache()
    const search = (query: string) => query
    const cached = cache.wrap(search)
    expect(cached.name).toBe('search')
    expect(cache.wrap(cached).keyOf('a')).toBe('search("a")')
  })

  it('takes arguments of which the key is over 1 KiB', async () => {
    const { cache, clock, data } = trackedWithStore()
    const size = vi.fn((text: string, _: { id: number }) => text.length)
    const cached = cache.wrap(size)
    const text = 'é'.repeat(5_000)
    await cached(text, { id: 1 })
    await cached(text, { id: 2 })
    await cached(text, { id: 1 })
    expect(size).toHaveBeenCalledTimes(2)
    await clock.settle()
    const names: string[] = []
    for await (const some of data.scan('')) names.push(...some)
    expect(names).toHaveLength(2)
    for (const name of names) expect(name).toMatch(/^cw::~h[\w-]{43}$/)
    expect(await cached.invalidate(text, { id: 1 })).toEqual(expect.any(String))
    await cached(text, { id: 1 })
    expect(size).toHaveBeenCalledTimes(3)
  })

  it('refuses what is no function, and options that are none', () => {
    const { cache } = trackedCache()
    expect(() => cache.wrap(42 as never)).toThrow("option 'fn' is 42")
    expect(() => cache.wrap(() => 1, { tll: 5 } as never)).toThrow("unknown option 'tll'")
    expect(() => cache.wrap(() => 1, { ttl: -1 })).toThrow("option 'ttl' is -1")
    expect(() => cache.wrap(() => 1, { key: 'k' as never })).toThrow("option 'key' is 'k'")
    expect(() => cache.wrap(() => 1, { tags: 'a' as never })).toThrow("option 'tags' is 'a'")
    expect(() => cache.wrap(() => 1, 5 as never)).toThrow("option 'options' is 5")
  })
})

describe('tags of a wrapped function', () => {
  it('may be a list', async () => {
    const { cache } = trackedCache()
    const fn = vi.fn((id: number) => id)
    const cached = cache.wrap(fn, { tags: ['users'] })
    await cached(1)
    await cache.invalidateTags(['users'])
    await cached(1)
    expect(fn).toHaveBeenCalledTimes(2)
  })

  it('may be made of the arguments, beside those of the namespace', async () => {
    const { cache } = trackedCache()
    const users = cache.namespace('users', { tags: ['all'] })
    const fn = vi.fn((team: number, id: number) => `${team}/${id}`)
    const cached = users.wrap(fn, { tags: (team) => [`team:${team}`], ttl: 60 })
    const ask = async () => [await cached(1, 7), await cached(2, 7)]
    await ask()
    await cache.invalidateTags(['team:1'])
    expect(await ask()).toEqual(['1/7', '2/7'])
    expect(fn.mock.calls).toEqual([
      [1, 7],
      [2, 7],
      [1, 7],
    ])
    await cache.invalidateTags(['all'])
    await ask()
    expect(fn).toHaveBeenCalledTimes(5)
  })

  it('fence out a load that began before they were invalidated', async () => {
    const { cache } = trackedCache()
    const answers = [gate<number>(), gate<number>()]
    let calls = 0
    const cached = cache.wrap((_: number) => answers[calls++]!.promise, {
      tags: (id) => [`t${id}`],
    })
    const first = cached(1)
    await cache.invalidateTags(['t1'])
    answers[0]!.open(1)
    expect(await first).toBe(1)
    answers[1]!.open(2)
    expect(await cached(1)).toBe(2)
  })

  it.each([
    ['one', "option 'tags' is 'one'"],
    [[5], "option 'tags' is 5"],
    [undefined, 'undefined'],
  ])('are refused where the function answers %o', async (tags, message) => {
    const { cache } = trackedCache()
    const fn = vi.fn(() => 1)
    const cached = cache.wrap(fn, { tags: () => tags as never })
    await expect(cached()).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(cached()).rejects.toThrow(message)
    expect(fn).not.toHaveBeenCalled()
  })

  it('pass on what their function throws', async () => {
    const { cache } = trackedCache()
    const boom = new Error('boom')
    const cached = cache.wrap(() => 1, {
      tags: () => {
        throw boom
      },
    })
    await expect(cached()).rejects.toBe(boom)
  })
})
