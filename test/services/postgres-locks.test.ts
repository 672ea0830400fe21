/**
 * Many calls on the same few keys at once, from several connections: none waits for another in a
 * circle, none fails, and what they leave is what one of them has written.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { Postgres } from '../support/postgres.js'
import { watched } from '../support/watched-store.js'

const STORES = 4
const CALLS = 300
/** Beyond the basic plane too: two orders of text differ there. */
const KEYS = [
  'a',
  'b',
  'z',
  '\uff5e',
  '\u{1f600}',
  ...Array.from({ length: 15 }, (_, i) => `k${i}`),
]
const EXPIRY = { offset: 0, now: Buffer.from('5') }

let server: Postgres
beforeAll(async () => {
  server = await Postgres.start()
})
afterAll(() => server?.stop())

/** Some of the keys, in any order. */
function draw(random: () => number): string[] {
  const keys = KEYS.filter(() => random() < 0.5)
  return keys
    .map((key) => ({ key, at: random() }))
    .sort((x, y) => x.at - y.at)
    .map(({ key }) => key)
}

async function callOnce(store: Store, random: () => number, token: string): Promise<unknown> {
  const keys = draw(random)
  const writes = keys.map((key) => ({ key, bytes: `6${token}`, ttlMs: 60_000 }))
  switch (Math.floor(random() * 7)) {
    case 0:
      return store.setMany(writes)
    case 1:
      return store.deleteMany(keys)
    case 2:
      return store.deleteMany(keys, 5)
    case 3:
      return store.deleteMany(keys, 0, EXPIRY)
    case 4:
      return store.setMany(writes.map((write) => ({ ...write, holdOffMs: 5 })))
    case 5:
      return store.increment(`n${Math.floor(random() * 3)}`, 1, Uint8Array.of(1, 2), 60_000)
    default: {
      const how = random() < 0.5 ? 'ask' : 'take'
      const common = {
        token,
        leaseMs: 1_000,
        how,
        replaces: undefined,
        unusable: undefined,
      } as const
      await store.leaseMany!(
        keys.map((key) => ({ key, ...common })),
        EXPIRY,
      )
      return store.fillMany!(writes.map((write) => ({ key: write.key, token, write })))
    }
  }
}

describe('calls on the same keys at once', () => {
  it('never wait for each other in a circle', async () => {
    const stores = Array.from({ length: STORES }, () => postgres({ url: server.url }))
    await Promise.all(stores.map((store) => watched(store).up()))
    const running = stores.flatMap((store, at) =>
      Array.from({ length: 4 }, async (_, lane) => {
        const random = seededRandom(1 + at * 10 + lane)
        for (let i = 0; i < CALLS; i++) await callOnce(store, random, `${at}.${lane}.${i}`)
      }),
    )
    await Promise.all(running)
    const values = await stores[0]!.getMany(KEYS)
    for (const value of values) expect(value === undefined || /^6\d/.test(String(value))).toBe(true)
    const admin = await server.client()
    const { rows } = await admin.query(
      `SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = 'postgres'`,
    )
    expect(rows).toEqual([{ n: 0 }])
    await Promise.all(stores.map((store) => store.close()))
  })
})
