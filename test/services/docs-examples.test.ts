/** The examples of the docs that are marked `run redis`, against a real server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listPages, readPage } from '../docs/markdown.js'
import { promisedOutput, runBlock } from '../docs/run-block.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'

const root = process.cwd()
const blocks = listPages(root)
  .flatMap((path) => readPage(root, path).blocks)
  .filter(({ marks }) => marks.join(' ') === 'run redis')

let server: RedisServer

beforeAll(async () => {
  server = await startRedisServer()
})

afterAll(() => server.stop())

test('there are some', () => {
  expect(blocks.length).toBeGreaterThan(2)
})

for (const block of blocks) {
  test(`${block.page}:${block.line} runs and prints what it says`, async () => {
    const { exitCode, errors, printed } = await runBlock(root, block, { REDIS_URL: server.url })
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' })
    expect(printed).toEqual(promisedOutput(block))
  })
}
