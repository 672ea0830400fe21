/** The command line as it is installed: the built program, over a real Redis. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Cache } from '../../src/core/api.js'
import { createCache } from '../../src/index.js'
import { type WriteBehind, writeBehind } from '../../src/patterns/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { endWithUs } from '../support/end-with-us.js'
import { PATIENT } from '../support/patient.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { until } from '../support/watched-store.js'

const root = process.cwd()
const PROGRAM = join(root, 'dist/cli/main.js')

/** Keys that begin with `bad` are refused until a file says that they are not. */
const MODULE = `
import { appendFileSync, existsSync } from 'node:fs'
import { createCache } from 'cachewright'
import { writeBehind } from 'cachewright/patterns'
import { redis } from 'cachewright/redis'

const { CLOSED, MENDED, PATIENT, PREFIX, REDIS_URL, ROWS } = process.env
const store = redis({ url: REDIS_URL })
const cache = createCache({ ...JSON.parse(PATIENT), prefix: PREFIX, store })
const isBad = ({ key }) => key.startsWith('bad') && !existsSync(MENDED)

export const orders = writeBehind(cache, {
  attempts: 1,
  delay: '1h',
  write: (batch) => {
    for (const { key, value, version } of batch.filter((each) => !isBad(each))) {
      appendFileSync(ROWS, JSON.stringify({ key, value, version }) + '\\n')
    }
    return batch.filter(isBad).map(({ key }) => ({ key, error: new Error('refused') }))
  },
})
export const close = async () => {
  await cache.close()
  appendFileSync(CLOSED, 'closed')
}
`

let server: RedisServer
let folder = ''
let cache: Cache
let orders: WriteBehind<string, unknown>
let count = 0

beforeAll(async () => {
  server = await startRedisServer()
})

afterAll(() => server?.stop())

beforeEach(() => {
  count++
  // Below the package, so that the module finds it by its name.
  mkdirSync(join(root, '.tmp'), { recursive: true })
  folder = mkdtempSync(join(root, '.tmp', 'cli-'))
  writeFileSync(join(folder, 'm.mjs'), MODULE)
  cache = createCache({ ...PATIENT, prefix: `cli${count}`, store: redis({ url: server.url }) })
  orders = writeBehind(cache, { delay: '1h' })
})

afterEach(async () => {
  await cache.close()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string): string {
  return join(folder, name)
}

function rows(): Record<string, unknown> {
  const lines = existsSync(file('rows')) ? readFileSync(file('rows'), 'utf8').split('\n') : []
  const written = lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  return Object.fromEntries(written.map(({ key, value }) => [key, value]))
}

function begin(...args: string[]) {
  const env = {
    ...{ PATH: process.env.PATH ?? '', PATIENT: JSON.stringify(PATIENT), REDIS_URL: server.url },
    ...{ PREFIX: `cli${count}`, ROWS: file('rows'), CLOSED: file('closed') },
    MENDED: file('mended'),
  }
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env })
  endWithUs(child)
  const said = { out: '', errors: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.errors += chunk.toString()
  })
  return { child, said, closed: once(child, 'close') as Promise<[number | null]> }
}

async function run(...args: string[]) {
  const { closed, said } = begin(...args)
  const [exitCode] = await closed
  return { exitCode, lines: said.out.split('\n').slice(0, -1), errors: said.errors }
}

it('a worker writes what another process has queued, drains at SIGTERM, and closes', async () => {
  await orders.set('before', { n: 1 })
  const { child, closed, said } = begin('worker', './m.mjs')
  await until(() => said.out.includes('orders: worker started\n'), 'started')
  await orders.set('after', { n: 2 })
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  expect(said).toEqual({
    errors: '',
    out: 'orders: worker started\nSIGTERM: draining for at most 10s\norders: drained\n',
  })
  expect(rows()).toEqual({ before: { n: 1 }, after: { n: 2 } })
  expect(readFileSync(file('closed'), 'utf8')).toBe('closed')
  expect(await orders.status()).toMatchObject({ pending: 0, partitionsHeld: 0 })
}, 60_000)

it('a worker whose source takes nothing leaves it in the queue, and says so', async () => {
  await orders.set('bad', 1)
  const { child, closed, said } = begin('worker', './m.mjs', '--drain', '500ms')
  await until(() => said.out.includes('started\n'), 'started')
  child.kill('SIGINT')
  expect(await closed).toEqual([1, null])
  expect(said.out).toContain('orders: not drained, 1 wait; they stay in the queue\n')
  expect(await orders.status()).toMatchObject({ pending: 1 })
}, 60_000)

it('dead letters are shown, replayed, dropped', async () => {
  // Those that are taken tell that the source is there.
  for (const key of ['bad 1', 'bad 2', 'good 1', 'good 2']) await orders.set(key, { key })
  const pending = await run('queue', 'status', './m.mjs')
  expect(pending).toMatchObject({ exitCode: 0, errors: '' })
  expect(pending.lines).toEqual([expect.stringMatching(/^orders: 4 wait, the oldest for /)])
  expect(rows()).toEqual({})

  expect(await run('queue', 'drain', './m.mjs')).toMatchObject({ exitCode: 0 })
  const dead = await run('queue', 'dead', './m.mjs', '--json')
  const letters = dead.lines.map((line) => JSON.parse(line))
  expect(letters.map(({ key }) => key).sort()).toEqual(['bad 1', 'bad 2'])
  expect(letters[0]).toMatchObject({ queue: 'orders', op: 'set', error: 'Error: refused' })

  const dropped = await run('queue', 'drop', './m.mjs', 'bad 1', 'none')
  expect(dropped).toEqual({ exitCode: 1, lines: ['orders: 1 of 2 dropped'], errors: '' })
  writeFileSync(file('mended'), '')
  const replayed = await run('queue', 'replay', './m.mjs', '--all')
  expect(replayed).toEqual({ exitCode: 0, lines: ['orders: 1 of 1 wait again'], errors: '' })
  expect(await orders.get('bad 2')).toEqual({ key: 'bad 2' })
  expect(await run('queue', 'drain', './m.mjs')).toMatchObject({ exitCode: 0 })
  expect(Object.keys(rows()).sort()).toEqual(['bad 2', 'good 1', 'good 2'])
  expect(await orders.status()).toMatchObject({ pending: 0, deadLetters: 0 })
}, 60_000)

it('a module that is missing, and a store that is away, end with a line and a code', async () => {
  const missing = await run('queue', 'status', './n.mjs')
  expect(missing).toMatchObject({ exitCode: 2, lines: [] })
  expect(missing.errors).toMatch(/^cachewright: cannot import '.\/n.mjs': .*\n$/)
  writeFileSync(file('away.mjs'), MODULE.replace('url: REDIS_URL', "url: 'redis://127.0.0.1:1'"))
  const away = await run('queue', 'status', './away.mjs')
  expect(away).toMatchObject({ exitCode: 1, lines: [] })
  expect(away.errors).toMatch(/^cachewright: .*\n$/)
}, 60_000)
