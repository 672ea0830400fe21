/**
 * The suite of all stores on a master that three real sentinels name, for both client libraries.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import { storeSuite } from '../../src/testing/index.js'
import { type RedisSentinels, startRedisSentinels } from '../support/redis-sentinels.js'
import { watched } from '../support/watched-store.js'

let sentinels: RedisSentinels
beforeAll(async () => {
  sentinels = await startRedisSentinels()
})
afterAll(() => sentinels?.stop())

const DRIVERS: readonly RedisDriver[] = ['node-redis', 'ioredis']

for (const driver of DRIVERS) {
  storeSuite({
    name: `sentinels over ${driver}`,
    create: async () => {
      const { name, nodes } = sentinels
      const store = redis({ sentinel: { name, nodes }, driver })
      return { store, dispose: () => store.close() }
    },
    test: { describe, it },
  })
}

describe.each(DRIVERS)('sentinels over %s', (driver) => {
  it('say what is wrong where they know no such master', async () => {
    const store = redis({ sentinel: { name: 'nobody', nodes: sentinels.nodes }, driver })
    const watch = watched(store)
    const cause = await watch.down()
    expect(String(cause)).toMatch(/No such master/)
    await store.close()
  })
})
