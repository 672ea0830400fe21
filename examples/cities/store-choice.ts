/**
 * Which store stands behind memory: Redis if one answers, otherwise none, and why.
 *
 * Looks with one short TCP conversation, so that a machine without Redis waits for nothing.
 */
import { connect } from 'node:net'
import { redis } from 'cachewright/redis'
import type { DemoOptions } from './options.js'

const PROBE_DEADLINE_MS = 500
const LOCAL_URL = 'redis://127.0.0.1:6379'

export interface StoreChoice {
  /** For people; holds no password. */
  readonly says: string
  /** A new store for each cache; `undefined` for memory alone. */
  readonly open: (() => ReturnType<typeof redis>) | undefined
}

export async function chooseStore(options: DemoOptions): Promise<StoreChoice> {
  if (options.store === 'memory') return { says: 'memory alone, as asked', open: undefined }
  const given = options.redisUrl
  const url = given ?? LOCAL_URL
  const { protocol, hostname, port } = new URL(url)
  const place = `${hostname}:${port || '6379'}`
  // a conversation over TLS is the client's business
  const answers = protocol === 'rediss:' || (await answersPing(hostname, Number(port || 6379)))
  const source = given === undefined ? '' : ' (REDIS_URL)'
  if (answers)
    return { says: `memory, then Redis at ${place}${source}`, open: () => redis({ url }) }
  return { says: `memory alone: no Redis answers at ${place}${source}`, open: undefined }
}

function answersPing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port })
    const settle = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.setTimeout(PROBE_DEADLINE_MS, () => settle(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    // a server that wants a password first is a Redis too
    socket.once('data', (chunk) => settle(/^(\+PONG|-NOAUTH)/.test(chunk.toString('latin1'))))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
  })
}
