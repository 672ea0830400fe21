/**
 * A process that takes a lock and keeps it: says `held <fence>` when it has it, and `lost` when it
 * is told that somebody else may.
 */

import { createCache } from '../../src/index.js'
import { lock } from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { PATIENT } from './patient.js'

export interface LockChildOrders {
  readonly redisUrl: string
  readonly prefix: string
  readonly ttl: string
}

const { redisUrl, prefix, ttl } = JSON.parse(process.argv[2]!) as LockChildOrders
const cache = createCache({ ...PATIENT, prefix, store: redis({ url: redisUrl }) })

await lock(
  cache,
  'k',
  ({ fence, signal }) => {
    process.stdout.write(`held ${fence}\n`)
    signal.addEventListener('abort', () => process.stdout.write('lost\n'))
    return new Promise(() => {})
  },
  { ttl },
)
