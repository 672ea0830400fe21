/**
 * Classes as applications write them. The tests compile this file in both forms of decorators and
 * run what comes out; the compiler judges it in both as well, also where it must refuse.
 */
import type { Cache } from '../../../src/index.js'
import { cached, cachedClass } from '../../../src/patterns/index.js'

export interface User {
  id: string
  by: string
}

function userService(cache: Cache, calls: unknown[][]) {
  @cachedClass({ cache, namespace: 'userService', ttl: 3_600, tags: ['service'] })
  class UserService {
    readonly #by: string

    constructor(by = 'ann') {
      this.#by = by
    }

    @cached({ ttl: 1_800, tags: ['users'] })
    async getUser(id: string): Promise<User> {
      calls.push(['getUser', id])
      return { id, by: this.#by }
    }

    @cached({
      key: (query: string, limit?: number) => `search:${query}:${limit}`,
      tags: (query: string) => [`query:${query}`],
    })
    async searchUsers(query: string, limit = 10): Promise<string[]> {
      calls.push(['searchUsers', query, limit])
      return [query, this.#by]
    }

    @cached()
    static async count(of: { team?: number; city?: string }): Promise<number> {
      calls.push(['count', of])
      return calls.length
    }

    @cached()
    async count(of: { team?: number; city?: string }): Promise<string> {
      return `of one instance: ${JSON.stringify(of)}`
    }

    @cached(cache)
    async elsewhere(): Promise<number> {
      return 1
    }

    async plain(): Promise<number> {
      return calls.push(['plain'])
    }
  }
  return UserService
}

function tenants(cache: Cache) {
  class Tenant {
    constructor(readonly name: string) {}

    @cached(cache, {
      key(this: Tenant, id: string) {
        return `${this.name}/${id}`
      },
      tags(this: Tenant) {
        return [`tenant:${this.name}`]
      },
    })
    async find(id: string): Promise<string> {
      return `${id} of ${this.name}`
    }
  }
  return Tenant
}

function holders() {
  class Holder {
    constructor(
      readonly cache: Cache,
      readonly answer: number,
    ) {}

    @cached((self: Holder) => self.cache, { namespace: 'held' })
    async ask(): Promise<number> {
      return this.answer
    }
  }
  return Holder
}

function repositories(cache: Cache, calls: string[]) {
  class Repository {
    table = 'none'

    @cached(cache)
    async find(id: number): Promise<string> {
      calls.push(`${this.table} ${id}`)
      return `${this.table} ${id}`
    }

    @cached(cache)
    static async make(): Promise<string> {
      // biome-ignore lint/complexity/noThisInStatic: reason: a subclass is meant
      return this.name
    }
  }
  class Users extends Repository {
    override table = 'users'
  }
  class Teams extends Repository {
    override table = 'teams'

    @cached(cache)
    override async find(id: number): Promise<string> {
      return `team: ${await super.find(id)}`
    }
  }
  class Cities extends Repository {
    override table = 'cities'

    override async find(id: number): Promise<string> {
      return `city: ${await super.find(id)}`
    }
  }
  return { Repository, Users, Teams, Cities }
}

function failing(cache: Cache, boom: Error) {
  class Failing {
    @cached(cache)
    async load(): Promise<number> {
      throw boom
    }

    @cached(() => {
      throw boom
    })
    async withoutCache(): Promise<number> {
      return 1
    }

    @cached({ ttl: '1m' })
    async withNoCache(): Promise<number> {
      return 1
    }

    @cached(cache)
    async of(_: unknown): Promise<number> {
      return 1
    }
  }
  return Failing
}

/** Two classes without a name. */
function nameless(cache: Cache) {
  class Bare {
    @cached(cache)
    async load(): Promise<number> {
      return 1
    }
  }
  class Spaced {
    @cached(cache, { namespace: 'spaced' })
    async load(id: number): Promise<number> {
      return id
    }
  }
  Object.defineProperty(Bare, 'name', { value: '' })
  Object.defineProperty(Spaced, 'name', { value: '' })
  return { Bare, Spaced }
}

type Load = (id: number) => Promise<number>

/** A decorator that puts a function of its own over the method, in both forms. */
function over(target: Load, context: object): Load
function over(target: object, name: string, descriptor: TypedPropertyDescriptor<Load>): void
function over(target: unknown, _: unknown, descriptor?: TypedPropertyDescriptor<Load>): unknown {
  const wrap = (inner: Load): Load =>
    function (this: unknown, id) {
      return inner.call(this, id)
    }
  if (descriptor === undefined) return wrap(target as Load)
  descriptor.value = wrap(descriptor.value!)
  return undefined
}

function overlaid(cache: Cache) {
  class Below {
    @over
    @cached(cache)
    async load(id: number): Promise<number> {
      return id
    }
  }
  class Above {
    @cached(cache)
    @over
    async load(id: number): Promise<number> {
      return id
    }
  }
  return { Below, Above }
}

const SYMBOL = Symbol('load')

/** Each makes a class that is refused. */
const refused: Readonly<Record<string, (cache: Cache) => unknown>> = {
  getter: (cache) =>
    asClass(() => {
      class Total {
        // @ts-expect-error: for methods
        @cached(cache)
        get total() {
          return Promise.resolve(1)
        }
      }
      return Total
    }),
  setter: (cache) =>
    asClass(() => {
      class Total {
        // @ts-expect-error: for methods
        @cached(cache)
        set total(_: number) {}
      }
      return Total
    }),
  field: (cache) =>
    asClass(() => {
      class Total {
        // @ts-expect-error: for methods
        @cached(cache)
        total = async () => 1
      }
      return Total
    }),
  symbol: (cache) =>
    asClass(() => {
      class Total {
        @cached(cache)
        async [SYMBOL]() {
          return 1
        }
      }
      return Total
    }),
  'class by cached': (cache) =>
    asClass(() => {
      // @ts-expect-error: for methods
      @cached(cache)
      class Total {}
      return Total
    }),
  'not called': () =>
    asClass(() => {
      class Total {
        // @ts-expect-error: it takes options, and gives a decorator
        @cached
        async total() {
          return 1
        }
      }
      return Total
    }),
  'method by cachedClass': (cache) =>
    asClass(() => {
      class Total {
        // @ts-expect-error: for classes
        @cachedClass({ cache })
        static async total() {
          return 1
        }

        one = 1
      }
      return Total
    }),
  'class without methods': (cache) =>
    asClass(() => {
      @cachedClass({ cache })
      class Total {
        async total() {
          return 1
        }
      }
      return Total
    }),
}

function asClass(make: () => unknown): unknown {
  return make()
}

/** What the compiler must refuse, and what it must take. Never called. */
function judged(cache: Cache, users: Cache<User>) {
  class Judged {
    // @ts-expect-error: it would answer with a promise
    @cached(cache)
    notAsync() {
      return 1
    }

    // @ts-expect-error: no User
    @cached(users)
    async wrongValue(id: number) {
      return id
    }

    @cached(users)
    async user(id: string): Promise<User> {
      return { id, by: '' }
    }

    @cached(() => users, { ttl: '5m' })
    async lazyUser(id: string): Promise<User> {
      return { id, by: '' }
    }

    // @ts-expect-error: the key takes a number
    @cached(cache, { key: (id: number) => id.toFixed() })
    async wrongKey(id: string) {
      return id
    }

    @cached(cache, { key: (id: string) => id, tags: (id: string) => [id] })
    async fewerArguments(id: string, limit: number) {
      return `${id}${limit}`
    }

    // @ts-expect-error: another class
    @cached((self: Date) => [cache, self][0] as Cache)
    async wrongSelf(id: string) {
      return id
    }

    // @ts-expect-error: no option
    @cached(cache, { tll: 5 })
    async unknownOption() {
      return 1
    }
  }
  return Judged
}

export const services = {
  userService,
  tenants,
  holders,
  repositories,
  failing,
  nameless,
  overlaid,
  refused,
  judged,
}
