/** The queue of writes on real servers, for both clients: by the suite, and against its model. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { redis } from '../../src/stores/redis/index.js'
import { inProcessStore } from '../../src/testing/index.js'
import { REDIS_PLACES } from '../support/places.js'
import { startRedisCluster } from '../support/redis-cluster.js'
import { watched } from '../support/watched-store.js'
import { agreeWithModel } from '../support/write-queue-model.js'
import { writeQueueSuite } from '../support/write-queue-suite.js'

const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

async function opened(store: Store): Promise<Store> {
  ends.push(() => store.close())
  await watched(store).up()
  return store
}

async function start(make: () => Promise<Store>) {
  const store = await opened(await make())
  let queues = 0
  return {
    open: () => store.writeQueue!(`queue ${++queues}`, 4),
    openAs: (name: string, partitions: number) => store.writeQueue!(name, partitions),
    wallMs: () => Date.now(),
    pass: (ms: number) => sleep(ms),
  }
}

for (const { name, start: startPlace } of REDIS_PLACES) {
  const onPlace = async () => {
    const place = await startPlace()
    ends.push(() => place.stop())
    return place.store()
  }
  writeQueueSuite(name, () => start(onPlace), it.concurrent)
}

async function onCluster(): Promise<Store> {
  const cluster = await startRedisCluster()
  ends.push(() => cluster.stop())
  return redis({ cluster: cluster.seeds })
}
writeQueueSuite('Redis Cluster', () => start(onCluster), it.concurrent)

describe('a write queue on Redis', () => {
  it.each([1, 2, 3])('answers what its model answers, whatever is asked: seed %i', async (seed) => {
    const place = await REDIS_PLACES[0]!.start()
    ends.push(() => place.stop())
    await agreeWithModel(await opened(place.store()), await opened(inProcessStore()), seed)
  })
})
