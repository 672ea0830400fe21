/**
 * What happens between the commands of one call: a server takes a long pipeline in pieces, and runs
 * what other clients ask in between.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import type { RedisCommand, RedisConnection } from '../../src/stores/redis/connection.js'
import { DialedLink } from '../../src/stores/redis/dialed-link.js'
import { redis } from '../../src/stores/redis/index.js'
import { dialIoredis } from '../../src/stores/redis/ioredis-connection.js'
import { resolveRedisOptions } from '../../src/stores/redis/options.js'
import { RedisStore } from '../../src/stores/redis/redis-store.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { watched } from '../support/watched-store.js'

const OLD = Buffer.from('old')
const NEVER_PAST = { offset: 0, now: Buffer.alloc(0) }

/** One command at a time, and `between` after each of them. */
function slowly(inner: RedisConnection, between: () => Promise<unknown>): RedisConnection {
  let last: Promise<unknown> = Promise.resolve()
  const send = (command: RedisCommand) => {
    const sent = last.then(() => inner.send(command))
    last = sent.then(between, () => {})
    return sent
  }
  return {
    get isReady() {
      return inner.isReady
    },
    keyPrefix: inner.keyPrefix,
    send,
    sendMany: (commands) => Promise.all(commands.map(send)),
    cork: () => inner.cork(),
    uncork: () => inner.uncork(),
    subscribe: (channel, onMessage) => inner.subscribe(channel, onMessage),
    release: () => inner.release(),
  }
}

describe('a load that ends in the middle of a call', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server?.stop())

  async function open(store: Store): Promise<Store> {
    await watched(store).up()
    return store
  }

  function openSlow(between: () => Promise<unknown>): Promise<Store> {
    const { target } = resolveRedisOptions({ url: server.url })
    const dial = async () => (to: typeof target, listener: Parameters<typeof dialIoredis>[2]) =>
      slowly(dialIoredis({ Redis: Redis as never }, to, listener), between)
    return open(new RedisStore(new DialedLink(target, dial)))
  }

  it.each([
    ['deleteMany', (store: Store, key: string) => store.deleteMany([key])],
    ['patch', (store: Store, key: string) => store.patch(key, 0, Buffer.from('x'), 60_000)],
    [
      'increment',
      (store: Store, key: string) => store.increment(key, 1, Buffer.from('head'), 60_000),
    ],
  ] as const)('does not leave its value behind: %s', async (verb, call) => {
    const key = `interleaved:${verb}`
    const loading = await open(redis({ url: server.url }))
    const write = { key, bytes: OLD, ttlMs: 60_000 }
    let isUnderWay = false
    const fill = async () => {
      if (isUnderWay) await loading.fillMany!([{ key, token: 'mine', write }])
    }
    const slow = await openSlow(fill)
    try {
      const right = {
        leaseMs: 60_000,
        how: 'take',
        replaces: undefined,
        unusable: undefined,
      } as const
      const request = { key, token: 'mine', ...right }
      expect((await loading.leaseMany!([request], NEVER_PAST))[0]!.isLeased).toBe(true)
      isUnderWay = true
      await call(slow, key)
      const [found] = await loading.getMany([key])
      expect(found === undefined ? undefined : Buffer.from(found)).not.toEqual(OLD)
    } finally {
      await slow.close()
      await loading.close()
    }
  })
})
