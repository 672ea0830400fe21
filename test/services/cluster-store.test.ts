/**
 * The suite of all stores on a real cluster of six nodes, for both client libraries.
 */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type RedisDriver, redis } from '../../src/stores/redis/index.js'
import { storeSuite } from '../../src/testing/index.js'
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.js'

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.stop())

const DRIVERS: readonly RedisDriver[] = ['node-redis', 'ioredis']

for (const driver of DRIVERS) {
  storeSuite({
    name: `a cluster over ${driver}`,
    create: async () => {
      const store = redis({ cluster: cluster.seeds, driver })
      return { store, dispose: () => store.close() }
    },
    test: { describe, it },
  })
}
