/**
 * Losing the server in every way, and getting it back: own clients.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js'
import { type PlaceServer, POSTGRES_PLACE, REDIS_PLACES } from '../support/places.js'
import { sideBySide } from '../support/side-by-side.js'
import { collectUnhandled } from '../support/unhandled.js'
import { until, watched } from '../support/watched-store.js'

const write = { key: 'k', bytes: Buffer.from('v'), ttlMs: 60_000 }

const ALL_PLACES = [...REDIS_PLACES, POSTGRES_PLACE]
const directly = (server: PlaceServer) => {
  return watched(server.store(server.port, { connectTimeout: '500ms' }))
}

sideBySide(ALL_PLACES, 'faults: $name', ({ start }) => {
  let server: PlaceServer
  let proxy: FaultProxy
  const unhandled = collectUnhandled()
  beforeEach(async () => {
    server = await start()
    proxy = await startFaultProxy(server.port, 42)
  })
  afterEach(async () => {
    await proxy.close()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })
  const direct = () => directly(server)
  const proxied = () => watched(server.store(proxy.port))

  it('rejects at once before it is open, while it dials, and when the server is away', async () => {
    const store = server.store()
    await expect(store.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const { up, down } = watched(store)
    await expect(store.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await up()
    await server.kill()
    await down()
    await expect(store.setMany([write])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      op: 'setMany',
      retryable: true,
    })
    await store.close()
  })

  it('finds a server that was refused at first, and is told down once until then', async () => {
    await server.kill()
    const { store, up, down, downs } = direct()
    expect(String(await down())).toMatch(/ECONNREFUSED/)
    await until(async () => (await causeOf(store.ping())).includes('ECONNREFUSED'), 'refused')
    await server.restart()
    await up()
    await store.setMany([write])
    expect(downs).toHaveLength(1)
    await store.close()
  })

  it('comes back after each of many restarts', async () => {
    const { store, up, down, downs } = direct()
    for (let round = 0; round < 4; round += 1) {
      await up(round)
      await store.setMany([write])
      await server.restart()
      await down(round)
    }
    await up(4)
    expect(await store.getMany(['k'])).toEqual([undefined])
    expect(downs).toHaveLength(4)
    await store.close()
  })

  it('rejects what was under way when the connection broke', async () => {
    const { store, up, down } = proxied()
    await up()
    proxy.set({ kind: 'silence' })
    const calls = [
      store.getMany(['k']),
      store.setMany([write, { ...write, key: 'k2' }]),
      store.deleteMany(['k']),
      store.increment('n', 1, Uint8Array.of(1, 2), 1_000),
      store.patch('k', 0, Uint8Array.of(1), 1_000),
      store.scan('k')[Symbol.asyncIterator]().next(),
      store.ping(),
    ]
    const settled = Promise.allSettled(calls)
    await new Promise((resolve) => setImmediate(resolve))
    proxy.reset()
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } })
    }
    await down()
    proxy.set({ kind: 'pass' })
    await up(1)
    await store.close()
  })

  it('dials anew when it is told that a frozen server is silent', async () => {
    const { store, up, down } = direct()
    await up()
    server.freeze()
    const stuck = Promise.allSettled([store.getMany(['k'])])
    store.reconnect()
    expect((await stuck)[0]).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } })
    expect(String(await down())).toMatch(/silent/)
    // The kernel accepts for a frozen server: only an answer may count as being back.
    await until(async () => (await causeOf(store.ping())).includes('no answer'), 'a dial timed out')
    server.thaw()
    await up(1)
    await store.setMany([write])
    await store.close()
  })

  it('dials anew when a proxy swallows every reply', async () => {
    const { store, up, down } = proxied()
    await up()
    proxy.set({ kind: 'silence' })
    const stuck = Promise.allSettled([store.ping()])
    store.reconnect()
    store.reconnect()
    await Promise.all([stuck, down()])
    proxy.set({ kind: 'pass' })
    proxy.reset()
    await up(1)
    await store.ping()
    await store.close()
  })

  it('keeps trying where connections are accepted and cut', async () => {
    proxy.set({ kind: 'refuse' })
    const { store, up, down } = proxied()
    await down()
    await until(() => proxy.accepted > 3, 'several tries')
    proxy.set({ kind: 'pass' })
    await up()
    await store.close()
  })

  it('works over a slow line, replies in order', async () => {
    proxy.set({ kind: 'delay', delayMs: 15, jitterMs: 10 })
    const { store, up } = proxied()
    await up()
    const keys = Array.from({ length: 20 }, (_, i) => `slow${i}`)
    await store.setMany(keys.map((key) => ({ ...write, key, bytes: Buffer.from(key) })))
    const reads = await Promise.all(keys.map((key) => store.getMany([key])))
    expect(reads.map(([bytes]) => Buffer.from(bytes!).toString())).toEqual(keys)
    await store.close()
  })

  it.each(['never opened', 'while it dials', 'while away', 'while frozen'])(
    'closes %s',
    async (when) => {
      if (when === 'never opened') return server.store().close()
      if (when === 'while away') await server.kill()
      const watch = direct()
      const { store, up, down } = watch
      if (when === 'while away') await down()
      if (when === 'while frozen') {
        await up()
        server.freeze()
      }
      await store.close()
      server.thaw()
      await server.restart()
      await until(async () => (await causeOf(store.ping())).includes('closed'), 'closed')
      expect(watch.ups).toBe(when === 'while frozen' ? 1 : 0)
    },
  )

  it('leaves no connection behind, also when closed at any point of dialing', async () => {
    for (let turns = 0; turns < 30; turns += 1) {
      const { store } = proxied()
      for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve))
      await store.close()
    }
    await until(() => proxy.open === 0, 'no connection is open')
  })
})

// By itself: so many calls keep the process from whatever else it has to do.
describe.each(ALL_PLACES)('faults of ten thousand calls: $name', ({ start }) => {
  it('refuses further calls when a silent server has piled them up', async () => {
    const server = await start()
    const unhandled = collectUnhandled()
    const { store, up } = directly(server)
    await up()
    server.freeze()
    const waiting = Promise.allSettled(Array.from({ length: 10_000 }, () => store.ping()))
    await expect(store.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    server.thaw()
    expect((await waiting).every((result) => result.status === 'fulfilled')).toBe(true)
    await store.ping()
    await store.close()
    await server.stop()
    expect(unhandled.take()).toEqual([])
  })
})

/** A cursor of Postgres is a key: it holds wherever the next page is asked for. */
sideBySide(REDIS_PLACES, 'faults of a scan: $name', ({ start }) => {
  it('ends a scan whose cursor belongs to a connection that is gone', async () => {
    const server = await start()
    const { store, up, down } = watched(server.store())
    await up()
    const many = Array.from({ length: 5_000 }, (_, i) => ({ ...write, key: `scan${i}` }))
    await store.setMany(many)
    const pages = store.scan('scan')[Symbol.asyncIterator]()
    await pages.next()
    await server.restart()
    await down()
    await up(1)
    await expect(pages.next()).rejects.toMatchObject({ code: 'STORE_FAILED', op: 'scan' })
    await store.close()
  })
})

/** The message of a rejection; '' where there is none. */
function causeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => '',
    (error: unknown) => String(error),
  )
}
