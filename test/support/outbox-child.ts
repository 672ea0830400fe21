/**
 * A process that is killed at the worst moment: started with its orders as JSON, it says on its
 * output when it has got there, and then waits for its end.
 */

import pg from 'pg'
import { createCache } from '../../src/index.js'
import { invalidationOutbox } from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { PATIENT } from './patient.js'

export interface OutboxChildOrders {
  readonly settings: pg.PoolConfig
  readonly redisUrl: string
  readonly prefix: string
  readonly table: string
  /** `committed`: after the commit, its relay asleep. `taken`: its relay has rows in hand. */
  readonly dieWhen: 'committed' | 'taken'
}

const orders = JSON.parse(process.argv[2]!) as OutboxChildOrders
const { settings, redisUrl, prefix, table } = orders
const client = new pg.Pool(settings)
const cache = createCache({ ...PATIENT, prefix, store: redis({ url: redisUrl }) })

if (orders.dieWhen === 'taken') await takeRows()
else await commit()
setInterval(() => {}, 60_000)

async function commit(): Promise<void> {
  const outbox = invalidationOutbox({ client, cache, table, pollInterval: '1h' })
  outbox.start()
  // Its only look within the hour is over.
  await outbox.publish()
  const tx = await client.connect()
  await tx.query('BEGIN')
  await tx.query(`UPDATE person SET name = 'Bea' WHERE id = 42`)
  await outbox.note(tx, { keys: ['person:42'] })
  await tx.query('COMMIT')
  process.stdout.write('committed\n')
}

async function takeRows(): Promise<void> {
  const hanging = {
    ...{ invalidateTags: hang, invalidatePattern: hang, delete: hang },
    ...{ namespace: () => hanging, stats: () => cache.stats() },
  }
  const outbox = invalidationOutbox({ client, cache: hanging, table, lease: '1s' })
  void outbox.publish()
}

function hang(): Promise<false> {
  process.stdout.write('taken\n')
  return new Promise(() => {})
}
