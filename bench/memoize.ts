/**
 * A hit through a wrapped function, and through a decorated method, against a `get` of the key that
 * the same arguments have: what is left is the wrapping, the key is paid by all.
 */

import { type Cache, createCache } from '../src/index.js'
import { answersOf, cached } from '../src/patterns/index.js'
import type { Bench } from './harness/bench.js'
import { hitSubject, type Loop, MAX_ENTRIES, type Rows } from './harness/hit-loops.js'
import type { Row } from './harness/rows.js'

/** How a loop asks for the row of an id. */
interface Asking {
  readonly cache: Cache<Row>
  readonly byId: ReadonlyMap<string, Row>
}

function asking(rows: Rows): Asking {
  const cache = createCache({ memory: { maxEntries: MAX_ENTRIES } }) as Cache<Row>
  return { cache, byId: new Map(rows) }
}

class Users {
  readonly #byId: ReadonlyMap<string, Row>

  constructor(byId: ReadonlyMap<string, Row>) {
    this.#byId = byId
  }

  async user(id: string): Promise<Row> {
    return this.#byId.get(id)!
  }
}

/** Decorated by hand: each subject has a cache of its own. */
function decoratedUsers({ cache, byId }: Asking): Users {
  class Decorated extends Users {}
  const descriptor = Object.getOwnPropertyDescriptor(Users.prototype, 'user')!
  const decorated = cached(cache)(Decorated.prototype, 'user', descriptor)
  Object.defineProperty(Decorated.prototype, 'user', decorated)
  return new Decorated(byId)
}

function wrappedUser({ cache, byId }: Asking) {
  return cache.wrap(function user(id: string) {
    return byId.get(id)!
  })
}

export const subjects = {
  'get of its key': hitSubject(async (rows) => {
    const asked = asking(rows)
    const { cache } = asked
    const { keyOf } = wrappedUser(asked)
    for (const [id, row] of rows) await cache.set(keyOf(id), row)
    const loop: Loop = async (ids) => {
      let sum = 0
      for (const id of ids) sum += (await cache.get(keyOf(id)))!.id
      return sum
    }
    return { loop, peek: (id) => cache.peek(keyOf(id)) }
  }),
  'wrapped function': hitSubject(async (rows) => {
    const asked = asking(rows)
    const user = wrappedUser(asked)
    for (const [id] of rows) await user(id)
    const loop: Loop = async (ids) => {
      let sum = 0
      for (const id of ids) sum += (await user(id)).id
      return sum
    }
    return { loop, peek: (id) => asked.cache.peek(user.keyOf(id)) }
  }),
  'decorated method': hitSubject(async (rows) => {
    const asked = asking(rows)
    const users = decoratedUsers(asked)
    for (const [id] of rows) await users.user(id)
    const { keyOf } = answersOf(users, 'user')
    const loop: Loop = async (ids) => {
      let sum = 0
      for (const id of ids) sum += (await users.user(id)).id
      return sum
    }
    return { loop, peek: (id) => asked.cache.peek(keyOf(id)) }
  }),
}

export const bench: Bench = {
  name: 'memoize',
  says:
    'A hit through `await wrapped(id)` and `await service.method(id)` against ' +
    '`await cache.get(wrapped.keyOf(id))`; one hot key, and Zipf over 10 000.',
  async run(lab) {
    const rows = []
    for (const demand of ['hot', 'zipf']) {
      const compared = await lab.compare({
        case: `hit, ${demand}`,
        params: { demand },
        bare: ['get of its key'],
        // At most 1.2 times as long.
        ours: [{ subject: 'wrapped function', target: 0.83 }, { subject: 'decorated method' }],
      })
      rows.push(...compared)
    }
    return rows
  },
}
