/**
 * A process that fills its memory and is killed, or closes its cache: started with its orders as
 * JSON, it says on its output when it has got there.
 */

import { createCache } from '../../src/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { PATIENT } from './patient.js'

export interface WarmChildOrders {
  readonly redisUrl: string | undefined
  readonly file: string | undefined
  readonly keys: number
  /** `closed`: its cache. `written`: its first snapshot. `filled`: its memory, and nothing more. */
  readonly dieWhen: 'closed' | 'written' | 'filled'
}

const orders = JSON.parse(process.argv[2]!) as WarmChildOrders
const { redisUrl, file, keys, dieWhen } = orders
const cache = createCache({
  ...PATIENT,
  prefix: 'warm',
  ttl: '1h',
  ...(redisUrl === undefined ? {} : { store: redis({ url: redisUrl }) }),
  memory: { warmRestart: { every: '1s', ...(file === undefined ? {} : { file }) } },
})
cache.on('snapshot', () => {
  if (dieWhen === 'written') say()
})
for (let i = 0; i < keys; i++) {
  await cache.set(`key:${i}`, { at: i, of: 'the first life' }, { tags: [`tag:${i % 10}`] })
}
if (dieWhen === 'closed') await cache.close()
if (dieWhen !== 'written') say()
setInterval(() => {}, 60_000)

function say(): void {
  process.stdout.write(`${dieWhen}\n`)
}
