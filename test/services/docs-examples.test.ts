/**
 * The examples of the docs that are marked `run redis` or `run postgres`, against real servers.
 * They have the default deadlines, from the first call on: so they run where time counts.
 */
import { isDeepStrictEqual } from 'node:util'
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
  // A machine that stands still for longer than a deadline makes another right answer of one. An
  // empty server is all that the examples of Redis need to be run again.
  const tries = block.marks.includes('redis') ? 3 : 1
  test(`${block.page}:${block.line} runs and prints what it says`, async () => {
    const promised = { exitCode: 0, errors: '', printed: promisedOutput(block) }
    for (let left = tries - 1; ; left--) {
      const urls = { REDIS_URL: server.url, DATABASE_URL: database.url }
      const { exitCode, errors, printed } = await runBlock(root, block, urls)
      if (left > 0 && !isDeepStrictEqual({ exitCode, errors, printed }, promised)) {
        await server.restart()
        continue
      }
      expect({ exitCode, errors, printed }).toEqual(promised)
      return
    }
  })
}
