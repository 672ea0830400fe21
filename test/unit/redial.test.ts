/** A link whose place has changed goes there at once, whatever it was about to do. */
import { afterEach, describe, expect, it } from 'vitest'
import type { ConnectionListener } from '../../src/stores/kept-link.js'
import type { RedisConnection, RedisTarget } from '../../src/stores/redis/connection.js'
import { DialedLink } from '../../src/stores/redis/dialed-link.js'
import { until } from '../support/watched-store.js'

const TARGET: RedisTarget = {
  host: '',
  port: 0,
  username: undefined,
  password: undefined,
  db: 0,
  tls: undefined,
  connectTimeoutMs: 60_000,
}

describe('another place to dial', () => {
  const links: DialedLink[] = []
  afterEach(async () => {
    for (const link of links.splice(0)) await link.close()
  })

  /** Servers by name: one of them answers, one is silent, one refuses. */
  function open(first: string) {
    const dialed: string[] = []
    const state = { place: first }
    const dial = ({ host }: RedisTarget, listener: ConnectionListener): RedisConnection => {
      dialed.push(host)
      if (host === 'refuses') throw new Error('refused')
      queueMicrotask(() => listener.onUp())
      const answer = async () => 'PONG'
      return {
        isReady: true,
        keyPrefix: '',
        send: host === 'silent' ? () => new Promise(() => {}) : answer,
        sendMany: async () => [],
        cork: () => {},
        uncork: () => {},
        subscribe: async () => {},
        release: () => {},
      }
    }
    const placeOf = () => ({ host: state.place, port: 1 })
    const link = new DialedLink(TARGET, async () => dial, { placeOf })
    links.push(link)
    link.open({ onUp: () => {}, onDown: () => {} })
    return { link, dialed, state }
  }

  it.each(['answers', 'silent', 'refuses'])('is dialed after one that %s', async (first) => {
    const { link, dialed, state } = open(first)
    await until(() => dialed.length > 0, 'the first is dialed')
    if (first === 'answers') await until(() => link.connection !== undefined, 'it is ready')
    state.place = 'next'
    link.redial()
    expect(dialed.at(-1)).toBe('next')
    expect(dialed.filter((host) => host === 'next')).toHaveLength(1)
    await until(() => link.connection !== undefined, 'the next is ready')
  })

  it('is not dialed by a link that is closed', async () => {
    const { link, dialed } = open('answers')
    await until(() => link.connection !== undefined, 'it is ready')
    await link.close()
    link.redial()
    expect(dialed).toHaveLength(1)
  })
})
