/** A connection of our own to a Redis server, kept alive by PING. */
import { KeptLink, type KeptLinkOptions } from '../kept-link.js'
import type { Dial, RedisConnection, RedisTarget } from './connection.js'
import { ping } from './ping.js'

export type DialedLinkOptions = Omit<KeptLinkOptions<RedisTarget, RedisConnection>, 'ping'>

export class DialedLink extends KeptLink<RedisTarget, RedisConnection> {
  constructor(target: RedisTarget, load: () => Promise<Dial>, options: DialedLinkOptions = {}) {
    super(target, load, { ping, ...options })
  }
}
