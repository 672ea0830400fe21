/**
 * Losing the server under a caller's client, which does its own reconnecting.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/core/log.js'
import { redis } from '../../src/stores/redis/index.js'
import { endWithUs } from '../support/end-with-us.js'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { GIVEN_CLIENTS } from '../support/redis-clients.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until, watched } from '../support/watched-store.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const write = { key: 'k', bytes: Buffer.from('v'), ttlMs: 60_000 }
const away = { code: 'STORE_UNAVAILABLE' }

async function clientsOf({ url }: RedisServer): Promise<number> {
  const client = new Redis(url)
  try {
    return String(await client.client('LIST'))
      .trim()
      .split('\n').length
  } finally {
    client.disconnect()
  }
}

describe("a caller's client", () => {
  let server: RedisServer
  let proxy: FaultProxy
  const unhandled = collectUnhandled()
  beforeEach(async () => {
    server = await startRedisServer()
    proxy = await startFaultProxy(server.port)
  })
  afterEach(async () => {
    await proxy.close()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })

  it.each(GIVEN_CLIENTS)('goes and comes back: $name', async ({ make }) => {
    const { store, end } = await make(server.port)
    const { up, down } = watched(store)
    await up()
    await store.setMany([write])
    await server.kill()
    await down()
    await expect(store.getMany(['k'])).rejects.toMatchObject(away)
    await expect(store.setMany([write, write])).rejects.toMatchObject(away)
    await server.restart()
    await up(1)
    expect(await store.getMany(['k'])).toEqual([undefined])
    await store.close()
    await expect(store.ping()).rejects.toMatchObject(away)
    await end()
  })

  it.each(GIVEN_CLIENTS)('has a duplicate that hears of records at once: $name', async (kind) => {
    const [writer, reader] = [await kind.make(server.port), await kind.make(server.port)]
    for (const { store } of [writer, reader]) await watched(store).up()
    const [to, from] = [writer.store.log!('pushed'), reader.store.log!('pushed')]
    const heard: LogRecord[] = []
    let timesListening = 0
    from.listen('r', {
      onRecord: (_, record) => heard.push(record),
      onListening: () => timesListening++,
      onFilled: () => {},
      onAck: () => {},
    })
    await until(() => timesListening === 1, 'listening')
    const member = { id: 'w', applied: -1, leaseMs: 2_000 }
    await to.append(member, [{ kind: 'tag', tag: 't' }], false)
    await until(() => heard.length === 1, 'the record')
    expect(heard[0]!.invalidations).toEqual([{ kind: 'tag', tag: 't' }])
    await server.restart()
    await until(() => timesListening === 2, 'listening again')
    for (const { store, end } of [writer, reader]) {
      await store.close()
      await end()
    }
    await until(async () => (await clientsOf(server)) === 1, 'nobody but who asks')
  })

  it.each(['node-redis', 'ioredis'])('that ends lets the process end: %s', async (library) => {
    const script = `
      import { createCache } from 'cachewright'
      import { redis } from 'cachewright/redis'
      import { createClient } from '@redis/client'
      import { Redis } from 'ioredis'
      const url = '${server.url}'
      const dial = { ioredis: () => new Redis(url), 'node-redis': () => createClient({ url }) }
      const client = dial['${library}']()
      if (client.status === undefined) await client.connect()
      const cache = createCache({ store: redis({ client }) })
      while (cache.stats().coherence.state !== 'leased') await new Promise(setImmediate)
      await cache.set('k', 1)
      client.disconnect()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT })
    endWithUs(child)
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).toBe(0)
  })

  it('that is not connected is not connected for its owner', async () => {
    const clients = [
      createClient({ url: server.url }),
      new Redis(server.url, { lazyConnect: true }),
    ]
    for (const client of clients) {
      const store = redis({ client })
      const { up, down } = watched(store)
      expect(String(await down())).toMatch(/not connected/)
      await expect(store.getMany(['k'])).rejects.toMatchObject(away)
      await client.connect()
      await up()
      await store.setMany([write])
      await store.close()
      client.disconnect()
    }
  })

  it('of @redis/client without an error listener does not end the process', async () => {
    const client = createClient({ url: server.url, socket: { reconnectStrategy: 20 } })
    const { store, up, down } = watched(redis({ client }))
    await client.connect()
    await up()
    await server.restart()
    await down()
    await up(1)
    await store.close()
    expect(client.listenerCount('error')).toBe(0)
    client.destroy()
  })

  it('of @redis/client does not send, after a reconnect, what was not sent before', async () => {
    const url = `redis://127.0.0.1:${proxy.port}`
    const client = createClient({ url, socket: { reconnectStrategy: 20 } })
    await client.connect()
    const { store, up, down } = watched(redis({ client }))
    await up()
    proxy.set({ kind: 'silence' })
    proxy.reset()
    // Asked in the same turn: the client has not heard of the reset and would queue it.
    const late = store.setMany([write])
    await expect(late).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await down()
    proxy.set({ kind: 'pass' })
    proxy.reset()
    await up(1)
    expect(await store.getMany(['k'])).toEqual([undefined])
    await store.close()
    client.destroy()
  })
})
