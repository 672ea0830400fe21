/** The decorators, in every form in which TypeScript compiles them: the same cases for all. */
import { beforeEach, describe, expect, it } from 'vitest'
import * as patterns from '../../src/patterns/index.js'
import { answersOf, type CachedDecorator, cached, cachedClass } from '../../src/patterns/index.js'
import { compiledDecorators, DECORATOR_FORMS } from '../support/compiled-decorators.js'
import type { privateMethods } from './decorated/private-methods.js'
import type { services } from './decorated/services.js'
import { gate, trackedCache, trackedWithStore } from './tracked-cache.js'

const imports = { 'patterns/index.js': patterns }
const compile = (form: string) =>
  compiledDecorators<{ services: typeof services }>(
    'test/unit/decorated/services.ts',
    DECORATOR_FORMS[form]!,
    imports,
  ).services

describe.each(Object.keys(DECORATOR_FORMS))('%s decorators', (form) => {
  const services = compile(form)

  describe('a class with methods', () => {
    const calls: unknown[][] = []
    beforeEach(() => {
      calls.length = 0
    })

    it('caches by arguments, for all instances, on the one that was asked first', async () => {
      const { cache } = trackedCache()
      const UserService = services.userService(cache, calls)
      const [ann, bea] = [new UserService('ann'), new UserService('bea')]
      expect(await ann.getUser('1')).toEqual({ id: '1', by: 'ann' })
      expect(await bea.getUser('1')).toEqual({ id: '1', by: 'ann' })
      expect(await bea.getUser('2')).toEqual({ id: '2', by: 'bea' })
      expect(calls).toEqual([
        ['getUser', '1'],
        ['getUser', '2'],
      ])
    })

    it('shares one load among instances that ask at once', async () => {
      const { cache } = trackedCache()
      const UserService = services.userService(cache, calls)
      const asked = ['ann', 'bea', 'cleo'].map((by) => new UserService(by).getUser('1'))
      expect(new Set(await Promise.all(asked))).toEqual(new Set([{ id: '1', by: 'ann' }]))
      expect(calls).toHaveLength(1)
    })

    it('has namespace, ttl and tags of class and method', async () => {
      const { cache } = trackedCache()
      const service = new (services.userService(cache, calls))()
      await service.getUser('1')
      await service.searchUsers('x', 3)
      const users = cache.namespace('userService')
      expect(answersOf(service, 'getUser').keyOf('1')).toBe('UserService.getUser("1")')
      expect(await users.ttl('UserService.getUser("1")')).toBe(1_800)
      expect(await users.ttl('search:x:3')).toBe(3_600)
      for (const tag of ['users', 'service']) {
        await cache.invalidateTags([tag])
        await service.getUser('1')
      }
      await cache.invalidateTags(['query:x'])
      await service.searchUsers('x', 3)
      await cache.invalidateTags(['query:y'])
      await service.searchUsers('x', 3)
      await cache.invalidateTags(['service'])
      await service.searchUsers('x', 3)
      expect(calls.map(([name]) => name)).toEqual([
        ...['getUser', 'searchUsers', 'getUser', 'getUser', 'searchUsers', 'searchUsers'],
      ])
    })

    it('leaves a method that names a cache out of the namespace, not out of the ttl', async () => {
      const { cache } = trackedCache()
      await new (services.userService(cache, calls))().elsewhere()
      expect(await cache.ttl('UserService.elsewhere()')).toBe(3_600)
    })

    it('caches static methods apart from those of instances', async () => {
      const { cache } = trackedCache()
      const UserService = services.userService(cache, calls)
      const [one, other] = [
        { team: 1, city: 'Bern' },
        { city: 'Bern', team: 1 },
      ]
      expect([await UserService.count(one), await UserService.count(other)]).toEqual([1, 1])
      expect(await new UserService().count(one)).toMatch(/^of one instance/)
      expect(answersOf(UserService, 'count').keyOf(one)).toMatch(/^static UserService\.count\(/)
    })

    it('leaves methods without cached alone', async () => {
      const { cache } = trackedCache()
      const service = new (services.userService(cache, calls))()
      expect([await service.plain(), await service.plain()]).toEqual([1, 2])
    })

    it('keeps name and number of parameters, and calls the method with its defaults', async () => {
      const { cache } = trackedCache()
      const service = new (services.userService(cache, calls))()
      expect([service.getUser.name, service.getUser.length]).toEqual(['getUser', 1])
      await service.searchUsers('x')
      expect(calls).toEqual([['searchUsers', 'x', 10]])
    })
  })

  describe('answersOf', () => {
    it('invalidates and refreshes by the arguments of the method', async () => {
      const { cache } = trackedCache()
      const calls: unknown[][] = []
      const UserService = services.userService(cache, calls)
      const service = new UserService()
      const answers = answersOf(service, 'getUser')
      await service.getUser('1')
      expect(await answers.invalidate('1')).toEqual(expect.any(String))
      await service.getUser('1')
      expect(calls).toHaveLength(2)
      expect(await answers.refresh('1')).toEqual({ id: '1', by: 'ann' })
      expect(calls).toHaveLength(3)
      await answersOf(UserService.prototype, 'getUser').invalidate('1')
      await answersOf(service, service.getUser).invalidate('2')
      await service.getUser('1')
      expect(calls).toHaveLength(4)
    })

    it('refuses a method that is not decorated, and nothing', () => {
      const service = new (services.userService(trackedCache().cache, []))()
      const range = "option 'method' is 'plain'; the range is a method that cached decorates"
      expect(() => answersOf(service, 'plain')).toThrow(range)
      expect(() => answersOf(service, service.plain)).toThrow(range)
      expect(() => answersOf(service, 'none' as never)).toThrow("'none'")
      expect(() => answersOf(undefined as never, 'getUser' as never)).toThrow("'getUser'")
    })

    it('gives key and tags the instance', async () => {
      const { cache } = trackedCache()
      const Tenant = services.tenants(cache)
      const [acme, best] = [new Tenant('acme'), new Tenant('best')]
      expect([await acme.find('1'), await best.find('1')]).toEqual(['1 of acme', '1 of best'])
      expect(answersOf(best, 'find').keyOf('1')).toBe('best/1')
      expect(await cache.get('acme/1')).toBe('1 of acme')
      await answersOf(acme, 'find').invalidate('1')
      expect([cache.peek('acme/1'), cache.peek('best/1')]).toEqual([undefined, '1 of best'])
      await cache.invalidateTags(['tenant:best'])
      expect(await cache.get('best/1')).toBeUndefined()
    })
  })

  it('asks the instance for its cache with each call', async () => {
    const [one, other] = [trackedCache().cache, trackedCache().cache]
    const Holder = services.holders()
    const asked = [new Holder(one, 1), new Holder(other, 2), new Holder(one, 3)]
    expect(await Promise.all(asked.map((holder) => holder.ask()))).toEqual([1, 2, 1])
    expect(await other.namespace('held').get('Holder.ask()')).toBe(2)
  })

  describe('inheritance', () => {
    it('tells subclasses apart: an inherited method may answer by what they override', async () => {
      const { cache } = trackedCache()
      const { Repository, Users, Teams } = services.repositories(cache, [])
      const all = [new Repository(), new Users(), new Teams()]
      expect(await Promise.all(all.map((each) => each.find(1)))).toEqual([
        ...['none 1', 'users 1', 'team: teams 1'],
      ])
      expect(all.map((each) => answersOf(each, 'find').keyOf(1))).toEqual([
        ...['Repository.find(1)', 'Users:Repository.find(1)', 'Teams.find(1)'],
      ])
      expect([await Repository.make(), await Users.make()]).toEqual(['Repository', 'Users'])
    })

    it('caches super.method() under a key of its own', async () => {
      const { cache } = trackedCache()
      const calls: string[] = []
      const { Teams, Cities } = services.repositories(cache, calls)
      const [team, city] = [new Teams(), new Cities()]
      for (let times = 0; times < 2; times++) {
        expect(await team.find(1)).toBe('team: teams 1')
        expect(await city.find(1)).toBe('city: cities 1')
      }
      await answersOf(team, 'find').invalidate(1)
      await team.find(1)
      expect(calls).toEqual(['teams 1', 'cities 1'])
      expect(await cache.get('Teams:Repository.find(1)')).toBe('teams 1')
      expect(() => answersOf(city, 'find')).toThrow("option 'method' is 'find'")
    })

    it('takes instances that no constructor made, and bound methods', async () => {
      const { cache } = trackedCache()
      const { Users } = services.repositories(cache, [])
      const bare = Object.assign(Object.create(Users.prototype) as InstanceType<typeof Users>, {
        table: 'bare',
      })
      bare.find = bare.find.bind(bare)
      const { find } = bare
      expect(await find(1)).toBe('bare 1')
      expect(await cache.get('Users:Repository.find(1)')).toBe('bare 1')
    })
  })

  describe('what goes wrong', () => {
    it('passes on what the method, or the function for the cache, throws', async () => {
      const boom = new Error('boom')
      const failing = new (services.failing(trackedCache().cache, boom))()
      await expect(failing.load()).rejects.toBe(boom)
      await expect(failing.withoutCache()).rejects.toBe(boom)
      await expect(answersOf(failing, 'withoutCache').invalidate()).rejects.toBe(boom)
    })

    it('rejects without a cache, and says where to name one', async () => {
      const failing = new (services.failing(trackedCache().cache, new Error()))()
      const call = failing.withNoCache()
      await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
      await expect(call).rejects.toThrow("pass cached('withNoCache') one, or its class by")
    })

    it('rejects arguments of which no key can be made', async () => {
      const failing = new (services.failing(trackedCache().cache, new Error()))()
      await expect(failing.of(() => 1)).rejects.toThrow('argument 1 of of holds a function')
      await expect(failing.of(() => 1)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    })

    it('rejects a call on nothing: the class cannot be told', async () => {
      const { cache } = trackedCache()
      const { find } = new (services.repositories(cache, []).Users)()
      await expect(find(1)).rejects.toMatchObject({ code: 'KEY_INVALID' })
      await expect(find.call({} as never, 1)).rejects.toThrow('call it on its instance')
      const [bare, spaced] = [services.nameless(cache).Bare, services.nameless(cache).Spaced]
      await expect(new bare().load()).rejects.toThrow("pass the option 'namespace' or 'key'")
      expect(await new spaced().load(5)).toBe(5)
      expect(await cache.namespace('spaced').get('.load(5)')).toBe(5)
    })

    it('rejects where another decorator lies above, not where one lies below', async () => {
      const { Below, Above } = services.overlaid(trackedCache().cache)
      await expect(new Below().load(1)).rejects.toThrow('put cached above the others')
      expect(await new Above().load(1)).toBe(1)
    })

    it.each([
      ['getter', /'total' is an? (getter|accessor): it is for methods/],
      ['setter', /'total' is an? (setter|accessor): it is for methods/],
      ['field', /'total' is a field: it is for methods/],
      ['symbol', /'Symbol\(load\)' is named by a symbol/],
      ['class by cached', /is a class/],
      ['not called', /cached: /],
      ['method by cachedClass', /cachedClass: it is for classes/],
      ['class without methods', /cachedClass: Total has no method that cached decorates/],
    ])('refuses, where the class is made: %s', (name, message) => {
      const make = () => services.refused[name]!(trackedCache().cache)
      expect(make).toThrow(message)
      const code = expect.stringMatching(/^OPTION_(INVALID|UNKNOWN)$/)
      expect(make).toThrow(expect.objectContaining({ code }))
    })
  })
})

describe('private methods, which the standard form has alone', () => {
  const methods = compiledDecorators<{ privateMethods: typeof privateMethods }>(
    'test/unit/decorated/private-methods.ts',
    DECORATOR_FORMS.standard!,
    imports,
  ).privateMethods

  it('are cached in a namespace', async () => {
    const { cache } = trackedCache()
    const calls: string[] = []
    const Vault = methods.vaults(cache, calls)
    const vault = new Vault()
    expect([await vault.open('a'), await new Vault().open('a')]).toEqual(['opened a', 'opened a'])
    await vault.close('a')
    await vault.open('a')
    expect(calls).toEqual(['a', 'a'])
    expect(vault.keys('a')).toEqual(['Vault.#open("a")', 'static Vault.#count()'])
  })

  it('are refused without one: their class cannot be told', () => {
    expect(() => methods.unspaced(trackedCache().cache)).toThrow(
      "'#open' is private, so that its class cannot be told: pass the option 'namespace'",
    )
  })

  it('leave accessors refused', () => {
    expect(() => methods.accessors(trackedCache().cache)).toThrow("'total' is an accessor")
  })
})

describe('options', () => {
  const { cache } = trackedCache()

  it.each<[string, () => unknown, string]>([
    ['unknown', () => cached(cache, { tll: 5 } as never), "cached: unknown option 'tll'"],
    ['ttl', () => cached({ ttl: -1 }), "cached: option 'ttl' is -1"],
    ['key', () => cached({ key: 'k' as never }), "cached: option 'key' is 'k'"],
    ['tags', () => cached({ tags: 'a' as never }), "cached: option 'tags' is 'a'"],
    ['namespace', () => cached({ namespace: 'a:b' }), "namespace 'a:b' must be"],
    ['no object', () => cached(cache, 5 as never), "cached: option 'options' is 5"],
    ['no options', () => cached(5 as never), "cached: option 'options' is 5"],
    ['no cache', () => cached({} as never, {}), "cached: option 'cache' is an object"],
    ['of a class', () => cachedClass({ cache, tll: 5 } as never), "unknown option 'tll'"],
    ['key of a class', () => cachedClass({ cache, key: () => '' } as never), "option 'key'"],
    ['ttl of a class', () => cachedClass({ cache, ttl: -1 }), "cachedClass: option 'ttl' is -1"],
    ['tags of a class', () => cachedClass({ cache, tags: (() => []) as never }), "option 'tags'"],
    ['cache of a class', () => cachedClass({} as never), "option 'cache' is undefined"],
    ['space of a class', () => cachedClass({ cache, namespace: '' }), "namespace '' must be"],
    ['nothing', () => cachedClass(undefined as never), "option 'options' is undefined"],
  ])('are refused by name and range: %s', (_, make, message) => {
    expect(make).toThrow(message)
  })

  class Base {
    async load() {
      return 1
    }
  }
  const decorateByHand = (target: Base, decorate: CachedDecorator<unknown, unknown, never[]>) => {
    const descriptor = Object.getOwnPropertyDescriptor(Base.prototype, 'load')!
    Object.defineProperty(target, 'load', decorate(target, 'load', descriptor))
  }

  it('of the caller are not written to, and undefined erases nothing', async () => {
    const own = Object.freeze({ ttl: undefined, grace: 5, tags: Object.freeze(['own']) })
    const ofClass = Object.freeze({ cache, ttl: 60, tags: Object.freeze(['class']) })
    class Plain extends Base {}
    decorateByHand(Plain.prototype, cached(own))
    cachedClass(ofClass)(Plain)
    await new Plain().load()
    expect(await cache.ttl('Plain.load()')).toBe(60)
  })

  it('of the class hold for a method that was called before the class was decorated', async () => {
    const { cache: other } = trackedCache()
    class Early extends Base {}
    decorateByHand(Early.prototype, cached(other))
    await new Early().load()
    cachedClass({ cache: other, ttl: 60 })(Early)
    await answersOf(new Early(), 'load').refresh()
    expect(await other.ttl('Early.load()')).toBe(60)
  })
})

describe('a method under load', () => {
  it('keeps nothing that began before its tags were invalidated', async () => {
    const services = compile('standard')
    const { cache } = trackedWithStore()
    const answer = gate<number>()
    const Holder = services.holders()
    class Slow extends Holder {
      override readonly answer = answer.promise as never
    }
    const slow = new Slow(cache, 0)
    const first = slow.ask()
    await answersOf(slow, 'ask').invalidate()
    answer.open(7)
    expect(await first).toBe(7)
    expect(await cache.namespace('held').get('Slow:Holder.ask()')).toBeUndefined()
  })
})
