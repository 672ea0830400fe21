/**
 * The example of each face, alone in memory and over a real Redis. Deadlines are the default ones,
 * from the first call on, so they run where time counts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BlockRun, runBlock } from '../docs/run-block.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'

const root = process.cwd()

interface Example {
  readonly name: string
  readonly prints: readonly string[]
  /** Its last line, which says where values are. */
  readonly alone: string
  readonly overRedis: string
}

const EXAMPLES: readonly Example[] = [
  {
    name: 'unified',
    prints: [
      '20 people asked, the model ran 1 time(s)',
      'weather: 11, the tool ran 1 time(s)',
      'after a change: 12',
      'session since 2026-01-01T00:00:00.000Z, still a date: true',
      'after logging out: null',
      'profile of user 7, found 1 time(s)',
      'embedding begins with 5, made 1 time(s)',
      'search: nothing, then found',
      '2 drafts removed',
      '4 hits, 9 misses, 30.77%',
    ],
    alone: 'kept in memory (connected: false)',
    overRedis: 'kept in redis (connected: true)',
  },
  {
    name: 'service',
    prints: [
      '10 reads of a profile, 1 query',
      'after an update: paid',
      'its list of conversations: null',
      'nobody: null',
      'active for 300 s, completed for 86400 s',
      'transcription of 10000 characters, small: true',
      'session of user 1',
      'one that has ended is kept: false',
      'warmed 3 entries for 2 users',
      'queries for a warm profile: 0',
      '2 conversations removed by pattern',
    ],
    alone: '3 hits, 5 misses, connected: false',
    overRedis: '3 hits, 5 misses, connected: true',
  },
  {
    name: 'functions',
    prints: [
      'warmed 3 users and 200 jobs',
      'user 2 and job 300: 0 queries',
      '5 jobs of user 1, asked twice: 1 query',
      'no result yet, asked twice: 2 queries',
      'job 7 is done, with 12 rows',
      'report:daily:42: 300 for 300 s; absent: -2',
      '1 report removed',
      'own call of Redis: fallback',
    ],
    alone: '2 hits, 6 misses, store: memory alone',
    overRedis: '2 hits, 6 misses, store: redis',
  },
  {
    name: 'manager',
    prints: [
      '3 calls for 2 users: 2 queries',
      '1 in team blue, searched 1 time(s)',
      "3 entries with the tag 'users'",
      'after the update: Johnny',
      '2 of 3 found, dates are dates: true',
      'visits: 4',
      'expires: true, false',
      'settings 1, refreshed to 2',
      'told: the database is away',
      'memory had 3 answers; store healthy: true',
    ],
    alone: 'healthy, over a database',
    overRedis: 'healthy, over Redis',
  },
  {
    name: 'distributed',
    prints: [
      'lesson:intro:1: 1 load for 3 readers, 1800 s',
      '1 entry of the course invalidated',
      'loaded anew: 2',
      'refresh-ahead: page of home',
      'write-through: {"name":"Ann"} in the source',
      'write-behind: read 30, in the source: false',
      'flushed: true, {"percent":30}',
      'pipeline: [true,true,1,false]',
      'hottest: lesson:a',
      '3 lessons in memory, with the tag: lesson:intro:1',
      'scanned: lesson:a, lesson:b, lesson:intro:1',
      'removed by pattern: 2',
      'compressed more than tenfold: true, read back: true',
    ],
    alone: 'healthy, store: none',
    overRedis: 'healthy, store: connected',
  },
]

/** Node 22 warns of its SQLite, which the manager has without Redis. */
const QUIET = { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' }

let server: RedisServer

beforeAll(async () => {
  server = await startRedisServer()
})

afterAll(async () => {
  await server?.stop()
})

function run(name: string, variables: Readonly<Record<string, string>> = {}): Promise<BlockRun> {
  const page = `examples/${name}/main.ts`
  const code = readFileSync(join(root, page), 'utf8')
  return runBlock(root, { page, line: 1, marks: [], code, prelude: '', inPlace: code }, variables)
}

/** A machine that stands still for longer than a deadline makes another right answer of one. */
async function promised(example: Example, where: 'alone' | 'overRedis'): Promise<void> {
  const lines = [...example.prints, example[where]]
  const expected: BlockRun = { exitCode: 0, errors: '', printed: lines }
  for (let left = where === 'alone' ? 0 : 2; ; left--) {
    const variables = where === 'alone' ? QUIET : { ...QUIET, REDIS_URL: server.url }
    const seen = await run(example.name, variables)
    if (left > 0 && !isDeepStrictEqual(seen, expected)) {
      await server.restart()
      continue
    }
    expect(seen).toEqual(expected)
    return
  }
}

describe.each(EXAMPLES)('$name', (example) => {
  test('alone in memory', () => promised(example, 'alone'))
  test('over Redis', () => promised(example, 'overRedis'))
})
