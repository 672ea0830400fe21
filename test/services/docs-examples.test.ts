/** The examples of the docs that are marked `run redis` or `run postgres`, against real servers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listPages, readPage } from '../docs/markdown.js'
import { promisedOutput, runBlock } from '../docs/run-block.js'
import { Postgres } from '../support/postgres.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'

const root = process.cwd()
const blocks = listPages(root)
  .flatMap((path) => readPage(root, path).blocks)
  .filter(({ marks }) => ['run redis', 'run postgres'].includes(marks.join(' ')))

let server: RedisServer
let database: Postgres

beforeAll(async () => {
  server = await startRedisServer()
  database = await Postgres.start()
})

afterAll(async () => {
  await server?.stop()
  await database?.stop()
})

test('there are some', () => {
  expect(blocks.length).toBeGreaterThan(2)
})

for (const block of blocks) {
  test(`${block.page}:${block.line} runs and prints what it says`, async () => {
    const { exitCode, errors, printed } = await runBlock(root, block, {
      REDIS_URL: server.url,
      DATABASE_URL: database.url,
    })
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' })
    expect(printed).toEqual(promisedOutput(block))
  })
}
