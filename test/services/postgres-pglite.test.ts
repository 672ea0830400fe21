/** PGlite, a Postgres inside of the process: the suite of all stores, and two caches over one. */

import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCache } from '../../src/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { storeSuite } from '../../src/testing/index.js'
import { PATIENT } from '../support/patient.js'
import { until, watched } from '../support/watched-store.js'
import { writeQueueSuite } from '../support/write-queue-suite.js'

let client: PGlite
beforeAll(async () => {
  client = new PGlite()
  await client.waitReady
})
afterAll(() => client?.close())

storeSuite({
  name: 'PGlite',
  create: async () => {
    const store = postgres({ client })
    return { store, dispose: () => store.close() }
  },
  test: { describe, it },
})

writeQueueSuite('PGlite', async () => {
  const store = postgres({ client })
  await watched(store).up()
  let queues = 0
  return {
    open: () => store.writeQueue!(`queue ${++queues}`, 4),
    openAs: (name, partitions) => store.writeQueue!(name, partitions),
    wallMs: () => Date.now(),
    pass: (ms) => sleep(ms),
  }
})

describe('caches over PGlite', () => {
  it('hear what the other invalidates', async () => {
    const open = () => createCache({ ...PATIENT, store: postgres({ client }), prefix: 'heard' })
    const [ours, theirs] = [open(), open()]
    for (const cache of [ours, theirs]) {
      await until(() => cache.stats().coherence.state === 'leased', 'leased')
    }
    await ours.set('k', { at: new Date(0) }, { tags: ['t'] })
    expect(await theirs.get('k')).toEqual({ at: new Date(0) })
    expect(theirs.peek('k')).toEqual({ at: new Date(0) })
    await ours.invalidateTags(['t'])
    await until(() => theirs.peek('k') === undefined, 'the news')
    await ours.close()
    await theirs.close()
  })
})
