/**
 * The values that are cached: rows as a database gives them, of five sizes, each different.
 *
 * A size is a person's row with a list of further rows in it; sizes are those of its JSON, about.
 */

export interface Person {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly active: boolean
  readonly age: number
  readonly city: string
}

export interface Row extends Person {
  readonly orders?: readonly Order[]
}

interface Order {
  readonly id: number
  readonly title: string
  readonly email: string
  readonly price: number
  readonly paid: boolean
}

export type Size = '100 B' | '400 B' | '1 KB' | '2 KB' | '50 KB'

/** How many orders make the size. */
const ORDERS: Record<Size, number> = {
  '100 B': 0,
  '400 B': 3,
  '1 KB': 10,
  '2 KB': 21,
  '50 KB': 533,
}
const NAMES = ['Ann Bell', 'Ben Ochs', 'Cleo Diaz', 'Dan Roy', 'Eve Park', 'Finn Lund', 'Zoë Marti']
const CITIES = ['Bern', 'Lagos', 'Lima', 'Oslo', 'Osaka', 'Quito', 'Riga', 'Tunis']

/** A new object each time, the same content for the same `id`. */
export function makeRow(size: Size, id: number): Row {
  const person = makePerson(id)
  const count = ORDERS[size]
  if (count === 0) return person
  return { ...person, orders: Array.from({ length: count }, (_, at) => makeOrder(id, at)) }
}

/** A row without a list: about 100 bytes of JSON. */
export function makePerson(id: number): Person {
  const name = NAMES[id % NAMES.length]!
  return {
    id,
    name,
    email: `user${id}@example.com`,
    active: id % 3 !== 0,
    age: 18 + (id % 60),
    city: CITIES[id % CITIES.length]!,
  }
}

function makeOrder(id: number, at: number): Order {
  const number = (id * 31 + at * 7) % 100_000
  return {
    id: number,
    title: `order ${number}`,
    email: `user${number}@example.com`,
    price: number / 4,
    paid: number % 2 === 0,
  }
}
