/**
 * What more connections would gain: the reads of a moment as one MGET over one connection, and cut
 * into as many as there are connections, all sent at once. Bare clients: it is their gain, or none.
 */
import type { RedisDriver } from '../src/stores/redis/index.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { type BareClient, bareClient } from './harness/clients.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const KEYS = 1_024
const TTL_MS = 3_600_000
const READS = 32_768

function pooled(driver: RedisDriver, connections: number): StartSubject {
  return async (setting) => {
    const size = setting.params.size as Size
    const atOnce = setting.params.atOnce as number
    const clients: BareClient[] = []
    for (let i = 0; i < connections; i++) clients.push(await bareClient(driver, setting))
    const keys = Array.from({ length: KEYS }, (_, id) => `pool:${size}:${id}`)
    for (const [id, key] of keys.entries()) {
      await clients[0]!.set(key, JSON.stringify(makeRow(size, id)), TTL_MS)
    }
    const share = Math.ceil(atOnce / connections)
    const readAll = async (from: number): Promise<Row[]> => {
      const parts = clients.map((client, i) => {
        const first = from + i * share
        const count = Math.min(share, atOnce - i * share)
        const part = Array.from({ length: count }, (_, n) => keys[(first + n) % KEYS]!)
        return client.mget(part)
      })
      return (await Promise.all(parts)).flat().map((text) => JSON.parse(text!) as Row)
    }
    const content = digest(await readAll(0))
    const groups = (setting.tiny ? atOnce : READS) / atOnce
    const run = () =>
      timed(groups * atOnce, content, async () => {
        let sum = 0
        for (let group = 0; group < groups; group++) {
          for (const row of await readAll(group * atOnce)) sum += row.id
        }
        return sum
      })
    const stop = async () => {
      for (const client of clients) await client.close()
    }
    return { run, stop }
  }
}

export const subjects = {
  'node-redis, 1': pooled('node-redis', 1),
  'node-redis, 2': pooled('node-redis', 2),
  'node-redis, 4': pooled('node-redis', 4),
  'ioredis, 1': pooled('ioredis', 1),
  'ioredis, 2': pooled('ioredis', 2),
  'ioredis, 4': pooled('ioredis', 4),
}

export const bench: Bench = {
  name: 'pool',
  says:
    'The reads of a moment over 2 and 4 connections, an MGET each, against one MGET over one ' +
    'connection; bare clients, JSON.parse of each value.',
  async run(lab) {
    await lab.redis()
    const rows = []
    for (const driver of ['node-redis', 'ioredis']) {
      for (const [size, atOnce] of [
        ['100 B', 64],
        ['2 KB', 64],
        ['2 KB', 512],
      ] as const) {
        const compared = await lab.compare({
          case: `${driver}, ${size}, ${atOnce} at once`,
          params: { size, atOnce },
          bare: [`${driver}, 1`],
          ours: [{ subject: `${driver}, 2` }, { subject: `${driver}, 4` }],
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
