import { describe, expect, it } from 'vitest'
import { trackedCache, trackedWithStore } from './tracked-cache.js'

describe('namespaces', () => {
  it('keep their keys apart, from each other and from the cache', async () => {
    const { cache } = trackedWithStore()
    const [a, b] = [cache.namespace('a'), cache.namespace('b')]
    await cache.set('k', 0)
    await a.set('k', 1)
    await b.set('k', 2)
    await cache.set('a:k', 3)
    expect([await cache.get('k'), await a.get('k'), await b.get('k')]).toEqual([0, 1, 2])
    await a.delete('k')
    expect([await cache.get('k'), await a.get('k'), await b.get('k')]).toEqual([0, undefined, 2])
  })

  it('are the same one for the same name, however it is reached', async () => {
    const { cache } = trackedCache()
    expect(cache.namespace('a')).toBe(cache.namespace('a'))
    expect(cache.namespace('a.b')).toBe(cache.namespace('a').namespace('b'))
    await cache.namespace('a').namespace('b.c').set('k', 1)
    expect(await cache.namespace('a.b.c').get('k')).toBe(1)
  })

  it('are never one where the names differ', async () => {
    const { cache } = trackedCache()
    const twins = [
      () => cache.namespace('a.').namespace('b'),
      () => cache.namespace('a').namespace('.b'),
    ]
    const outcomes = twins.map((make) => {
      try {
        return make()
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    const [one, other] = outcomes
    if (typeof one === 'object' && typeof other === 'object') {
      await one.set('k', 'one')
      expect(await other.get('k')).toBeUndefined()
    } else for (const code of outcomes) expect(code).toBe('NAMESPACE_INVALID')
  })

  it('take their defaults from the one above', async () => {
    const { cache } = trackedCache({ ttl: 100 })
    const a = cache.namespace('a', { ttl: 50, negativeTtl: 5 })
    const b = a.namespace('b', { ttl: 25 })
    await b.set('k', 1)
    await b.set('n', null)
    expect([await b.ttl('k'), await b.ttl('n')]).toEqual([25, 5])
  })

  it('take options only where they are first named', async () => {
    const { cache } = trackedCache({ namespaces: { a: { ttl: 5 } } })
    expect(() => cache.namespace('a', { ttl: 6 })).toThrow("namespace 'a': option 'options'")
    cache.namespace('b')
    expect(() => cache.namespace('b', {})).toThrow('first named')
    cache.namespace('c.d')
    expect(() => cache.namespace('c', { ttl: 6 })).toThrow('first named')
    expect(cache.namespace('c.d')).toBeDefined()
  })

  it.each(['', ':', 'a:b', 'a b', '*', 'x'.repeat(65), 42, null])('may not be named %s', (name) => {
    const { cache } = trackedCache()
    expect(() => cache.namespace(name as string)).toThrow(
      expect.objectContaining({ code: 'NAMESPACE_INVALID' }),
    )
  })

  it('are bounded: keys that are used as names are noticed', () => {
    const { cache } = trackedCache()
    expect(() => {
      for (let i = 0; i < 10_001; i++) cache.namespace(`n${i}`)
    }).toThrow('are keys used as names?')
  })

  it('that are refused leave nothing behind', () => {
    const { cache } = trackedCache()
    expect(() => cache.namespace('a', { ttl: -1 })).toThrow("option 'ttl' is -1")
    expect(() => cache.namespace('a', { tll: 1 } as never)).toThrow("unknown option 'tll'")
    cache.namespace('a', { ttl: 5 })
    expect(Object.keys(cache.stats().namespaces)).toEqual(['', 'a'])
  })
})
