/** Classes of a user's own: plain data by default, with an event; registered ones as they are. */
import { describe, expect, it } from 'vitest'
import { msgpack } from '../../src/index.js'
import { record, trackedCache, trackedPair, trackedWithStore } from './tracked-cache.js'

class Money {
  readonly #cents: bigint
  readonly currency: string
  constructor(cents: bigint, currency: string) {
    this.#cents = cents
    this.currency = currency
  }
  get cents(): bigint {
    return this.#cents
  }
}

class Basket {
  items: Money[] = []
  readonly openedAt = new Date(5)
}

const withClasses = () =>
  msgpack()
    .register(Money, {
      name: 'money',
      toPlain: ({ cents, currency }) => [cents, currency] as const,
      fromPlain: ([cents, currency]) => new Money(cents, currency),
    })
    .register(Basket, {
      name: 'basket-2',
      toPlain: ({ items }) => ({ items }),
      fromPlain: ({ items }) => Object.assign(new Basket(), { items }),
    })

const ten = new Money(1_000n, 'EUR')
const basket = Object.assign(new Basket(), { items: [ten, ten, new Money(-1n, 'CHF')] })

describe('an instance of a class that nobody has registered', () => {
  it('comes back as plain data, with an event that names the path', async () => {
    const { cache } = trackedCache()
    const events = record(cache, 'instance-flattened')
    await cache.set('k', { rows: [{ price: ten }], other: basket })
    expect(await cache.get('k')).toMatchObject({ rows: [{ price: { currency: 'EUR' } }] })
    const where = { namespace: '', key: 'k', path: 'value.rows[0].price', className: 'Money' }
    expect(events).toEqual([['instance-flattened', where]])
  })

  it('is told of a load as well, and of one that answers by toJSON', async () => {
    const { cache } = trackedCache()
    const events = record(cache, 'instance-flattened')
    class Decimal {
      toJSON() {
        return '1.50'
      }
    }
    expect(await cache.getOrSet('k', () => ({ price: new Decimal() }))).toEqual({ price: '1.50' })
    expect(events).toMatchObject([['instance-flattened', { path: 'value.price' }]])
  })

  it('is no event where there is none', async () => {
    const { cache } = trackedCache({ codec: withClasses() })
    const events = record(cache, 'instance-flattened')
    await cache.set('k', {
      basket,
      at: new Date(),
      n: new Number(1),
      map: new Map(),
      e: new Error(),
    })
    expect(events).toEqual([])
  })
})

describe('an instance of a class that was registered', () => {
  it.each(['frozen', 'cloned', false] as const)('comes back as such (%s)', async (values) => {
    const memory = values === false ? (false as const) : { values }
    const { a, b } = await trackedPair({ codec: withClasses(), memory })
    const loaded = await a.cache.getOrSet('loaded', () => basket)
    await a.cache.set('k', { deep: [basket] })
    const answers = [
      loaded,
      await a.cache.get<Basket>('loaded'),
      await b.cache.get<Basket>('loaded'),
    ]
    const deep = [await a.cache.get('k'), await b.cache.get('k')] as { deep: [Basket] }[]
    for (const each of [...answers, ...deep.map((value) => value.deep[0])]) {
      expect(each).toBeInstanceOf(Basket)
      expect(each).not.toBe(basket)
      expect(each!.items.map((item) => [item.cents, item.currency])).toEqual([
        [1_000n, 'EUR'],
        [1_000n, 'EUR'],
        [-1n, 'CHF'],
      ])
      expect(each!.items[0]).toBeInstanceOf(Money)
      expect(each!.items[0]).toBe(each!.items[1])
    }
  })

  it('belongs to nobody else', async () => {
    const { cache } = trackedCache({ codec: withClasses() })
    const mine = new Basket()
    await cache.set('k', mine)
    mine.items.push(ten)
    const first = await cache.get<Basket>('k')
    first!.items.push(ten)
    expect((await cache.get<Basket>('k'))!.items).toEqual([])
  })

  it('is a miss for a process that does not know it', async () => {
    const { a, b, clock, data } = await trackedPair({ codec: withClasses(), memory: false })
    await a.cache.set('k', basket)
    const other = trackedWithStore({ memory: false }, clock, data)
    const events = record(other.cache, 'entry-refused')
    await clock.settle()
    expect(await other.cache.get('k')).toBeUndefined()
    expect(events).toMatchObject([['entry-refused', { reason: 'payload' }]])
    expect(await b.cache.get('k')).toBeInstanceOf(Basket)
  })

  it('may not hold itself: it is refused, and its load goes uncached', async () => {
    class Node {
      next: unknown
    }
    const codec = msgpack().register(Node, {
      name: 'node',
      toPlain: ({ next }) => ({ next }),
      fromPlain: ({ next }) => Object.assign(new Node(), { next }),
    })
    const { cache } = trackedCache({ codec })
    const node = new Node()
    node.next = node
    await expect(cache.set('k', node)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
    expect(await cache.getOrSet('k', () => node)).toBe(node)
  })
})

describe('register', () => {
  const rules = { name: 'money', toPlain: () => 1, fromPlain: () => ten }

  it.each<[string, unknown, object]>([
    ['Class', 'Money', rules],
    ['name', Money, { ...rules, name: '' }],
    ['name', Money, { ...rules, name: 'a b' }],
    ['toPlain', Money, { ...rules, toPlain: undefined }],
    ['fromPlain', Money, { ...rules, fromPlain: 5 }],
  ])('refuses a wrong %s', (option, Class, given) => {
    const codec = msgpack()
    const register = () => codec.register(Class as typeof Money, given as typeof rules)
    expect(register).toThrowError(new RegExp(`^register: option '${option}' is`))
  })

  it('refuses a name that is taken', () => {
    const codec = withClasses()
    expect(() => codec.register(Basket, { ...rules, fromPlain: () => basket })).toThrowError(
      /option 'name' is 'money'/,
    )
  })
})
