/**
 * The suite of all stores, on a real server, for every client library, own and given.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeSuite } from '../../src/testing/index.js'
import { command, endCommands } from '../support/admin.js'
import { GIVEN_CLIENTS, OWN_CLIENTS } from '../support/redis-clients.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { watched } from '../support/watched-store.js'

let server: RedisServer
beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => {
  if (server !== undefined) endCommands([server])
  return server?.stop()
})

for (const { name, make } of OWN_CLIENTS) {
  storeSuite({
    name,
    create: async () => {
      const store = make({ url: server.url })
      return { store, dispose: () => store.close() }
    },
    test: { describe, it: it.concurrent },
  })
}

for (const { name, make } of GIVEN_CLIENTS) {
  storeSuite({
    name,
    create: async () => {
      const { store, end } = await make(server.port)
      const dispose = async () => {
        await store.close()
        await end()
      }
      return { store, dispose }
    },
    test: { describe, it: it.concurrent },
  })

  describe(name, () => {
    it('is left connected by close and reconnect', async () => {
      const { store, isConnected, end } = await make(server.port)
      await watched(store).up()
      store.reconnect()
      await store.close()
      expect(isConnected()).toBe(true)
      await end()
    })
  })
}

describe.each(OWN_CLIENTS)('$name', ({ name, make }) => {
  it('hands out a page for every round trip of a scan, also one without keys', async () => {
    const { store, up } = watched(make({ url: server.url }))
    await up()
    const others = Array.from({ length: 20_000 }, (_, i) => `other:${name}:${i}`)
    await store.setMany(others.map((key) => ({ key, bytes: 'v', ttlMs: 60_000 })))
    await command(server.port, ['CONFIG', 'RESETSTAT'])
    const pages: (readonly string[])[] = []
    for await (const page of store.scan(`absent:${name}:`)) pages.push(page)
    const stats = String(await command(server.port, ['INFO', 'commandstats']))
    expect(pages.flat()).toEqual([])
    expect(pages.length).toBeGreaterThan(10)
    expect(stats).toContain(`cmdstat_scan:calls=${pages.length},`)
    await store.deleteMany(others)
    await store.close()
  })

  it('treats a foreign list as a miss for reads and as no number for increment', async () => {
    const { store, up } = watched(make({ url: server.url }))
    await up()
    // The only verb that makes another type is none of ours: a raw client would be one more
    // dependency here.
    const { createClient } = await import('@redis/client')
    const raw = await createClient({ url: server.url }).connect()
    await raw.sendCommand(['RPUSH', 'foreign', 'x'])
    expect(await store.getMany(['foreign'])).toEqual([undefined])
    expect(await store.getMany(['foreign', 'none'])).toEqual([undefined, undefined])
    await expect(store.increment('foreign', 1, Uint8Array.of(1, 2), 1_000)).rejects.toMatchObject({
      code: 'VALUE_NOT_A_NUMBER',
    })
    await expect(store.patch('foreign', 0, Uint8Array.of(1), 1_000)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      op: 'patch',
      key: 'foreign',
    })
    expect(await store.deleteMany(['foreign'])).toBe(1)
    raw.destroy()
    await store.close()
  })

  it('runs its scripts also after SCRIPT FLUSH', async () => {
    const { store, up } = watched(make({ url: server.url }))
    await up()
    const { createClient } = await import('@redis/client')
    const raw = await createClient({ url: server.url }).connect()
    const head = Uint8Array.of(1, 2)
    expect(await store.increment(`flushed by ${name}`, 1, head, 60_000)).toBe(1)
    await raw.sendCommand(['SCRIPT', 'FLUSH'])
    expect(await store.increment(`flushed by ${name}`, 1, head, 60_000)).toBe(2)
    await raw.sendCommand(['SCRIPT', 'FLUSH'])
    expect(await store.patch(`flushed by ${name}`, 0, head, 60_000)).toBe(true)
    raw.destroy()
    await store.close()
  })

  it('gives what is under way its answer when it closes', async () => {
    const { store, up } = watched(make({ url: server.url }))
    await up()
    const write = store.setMany([{ key: 'last', bytes: Buffer.from('words'), ttlMs: 60_000 }])
    await store.close()
    await expect(write).resolves.toBeUndefined()
  })
})
