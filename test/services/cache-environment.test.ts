/**
 * `createCache()` without arguments, in a process of its own: the environment decides.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCache } from '../../src/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { Postgres } from '../support/postgres.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const LIMIT_MS = 15_000
const INDEX = new URL('../../src/index.ts', import.meta.url).href
const PROGRAM = `
import { createCache } from ${JSON.stringify(INDEX)}
const cache = createCache()
// Loading the client may take longer than the deadline of a first write.
let isWritten = false
for (let tries = 0; tries < 100 && !isWritten; tries++) {
  if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  isWritten = await cache.set('k', { from: 'child' })
}
const read = await cache.get('k')
console.log(JSON.stringify({ isWritten, read, store: cache.stats().store?.name ?? 'none' }))
await cache.close()
`

/** What the program prints; it must end by itself once its cache is closed. */
function runChild(env: Record<string, string>): Promise<{ out: string; code: number | null }> {
  const tsx = fileURLToPath(import.meta.resolve('tsx'))
  const child = spawn(
    process.execPath,
    ['--import', tsx, '--input-type=module', '--eval', PROGRAM],
    { env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ out, code })
    })
  })
}

describe('createCache() from the environment', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer()
  })
  afterAll(() => server?.stop())

  it.each(['REDIS_URL', 'REDIS_HOST and REDIS_PORT'])('finds Redis by %s', async (which) => {
    const byUrl = { REDIS_URL: server.url }
    const byHost = { REDIS_HOST: server.host, REDIS_PORT: String(server.port) }
    const { out, code } = await runChild(which === 'REDIS_URL' ? byUrl : byHost)
    expect(out).toContain('{"isWritten":true,"read":{"from":"child"},"store":"redis"}')
    expect(code).toBe(0)
    const cache = createCache({ store: redis({ url: server.url }) })
    await until(async () => (await cache.get('k')) !== undefined, 'what the child wrote')
    expect(await cache.get('k')).toEqual({ from: 'child' })
    await cache.delete('k')
    await cache.close()
  })

  it('takes the database that it is told of, and says so', async () => {
    const database = await Postgres.start()
    const env = { CACHE_ADAPTER: 'auto', NODE_ENV: 'development', DATABASE_URL: database.url }
    const { out, code } = await runChild({ ...env, CACHE_TABLE_NAME: 'cache_entries' })
    expect(out).toContain('{"isWritten":true,"read":{"from":"child"},"store":"postgres"}')
    const says =
      'the store is postgres (CACHE_ADAPTER=auto, NODE_ENV=development, DATABASE_URL is set)'
    expect(out).toContain(`cachewright: ${says}`)
    expect(out).not.toContain(database.settings.password)
    expect(code).toBe(0)
    const admin = await database.client()
    const { rows } = await admin.query('SELECT count(*)::int AS n FROM cache_entries')
    expect(rows).toEqual([{ n: 1 }])
    await database.stop()
  })

  it('takes a database in the process where it is told of none', async () => {
    const { out, code } = await runChild({ CACHE_ADAPTER: 'auto', NODE_ENV: 'test' })
    expect(out).toContain('{"isWritten":true,"read":{"from":"child"},"store":"sqlite"}')
    expect(code).toBe(0)
  })

  it('has memory alone where nothing is said', async () => {
    const { out, code } = await runChild({})
    expect(out).toContain('{"isWritten":true,"read":{"from":"child"},"store":"none"}')
    expect(code).toBe(0)
  })

  it('says which variable is wrong', async () => {
    const { out, code } = await runChild({ REDIS_HOST: server.host, REDIS_PORT: 'many' })
    expect(out).toContain('ENVIRONMENT_INVALID')
    expect(out).toContain('REDIS_PORT')
    expect(code).not.toBe(0)
  })
})
