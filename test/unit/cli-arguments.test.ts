/** What the command line refuses, and what it says then: one line, and exit code 2. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../src/cli/run-cli.js'
import { USAGE } from '../../src/cli/usage.js'
import { CacheError } from '../../src/core/errors.js'
import { cliWorld, scriptedQueue } from './cli-world.js'

const orders = scriptedQueue().queue
const users = scriptedQueue().queue

async function refusal(args: string[], exports: object = { orders }) {
  const world = cliWorld(exports)
  expect(await world.run(...args)).toBe(2)
  expect(world.out).toEqual([])
  expect(world.errors.length).toBe(1)
  expect([...world.listeners]).toEqual([])
  return world.errors[0]!
}

describe('what is asked for wrongly', () => {
  it.each([
    [[], 'cachewright: needs a command; known here: worker, queue, --help, --version'],
    [['wroker'], "unknown command 'wroker'; known here: worker, queue,"],
    [['--verbose'], "unknown option '--verbose'; known here: worker, queue, --help, --version"],
    [['queue'], 'queue: needs a command; known here: status, dead, replay, drop, drain'],
    [['queue', 'list', 'm'], "queue: unknown command 'list'; known here: status, dead,"],
    [['worker'], 'worker: needs the path of a module'],
    [['worker', 'm', 'n'], "worker: takes one module, and nothing after it: 'n'"],
    [['worker', 'm', '--limit', '1'], "Unknown option '--limit'; known here: --drain, --every,"],
    [['worker', 'm', '--every', '0'], "worker: option '--every' is 0; the range is 1s to 1d"],
    [['worker', 'm', '--every', 'now'], "worker: option '--every' is 'now'; the range is 1s to 1d"],
    [['worker', 'm', '--drain', '2d'], "worker: option '--drain' is '2d'; the range is 0ms to 1d"],
    [['queue', 'status', 'm', '--all'], "queue status: Unknown option '--all'; known here: --json"],
    [['queue', 'dead', 'm', '--limit=0'], "'--limit' is 0; the range is a whole number from 1 to"],
    [['queue', 'dead', 'm', '--limit=x'], "'--limit' is 'x'; the range is a whole number from 1"],
    [['queue', 'dead', 'm', '--limit'], "queue dead: Option '--limit <value>' argument missing;"],
    [['queue', 'drain', 'm', '--deadline=-1'], "queue drain: option '--deadline' is '-1'; the"],
    [['queue', 'replay', 'm'], 'queue replay: needs either keys or --all'],
    [['queue', 'drop', 'm', 'k', '--all'], 'queue drop: needs either keys or --all'],
  ])('%j is refused', async (args, says) => {
    expect(await refusal(args)).toContain(says)
  })

  it.each([
    [{ a: 1, b: () => 2 }, "'m' exports no write-behind; it exports: a, b"],
    [{}, "'m' exports no write-behind; it exports: nothing"],
    [{ orders: { ...orders, drop: 1 } }, "'m' exports no write-behind; it exports: orders"],
  ])('a module without a queue is refused', async (exports, says) => {
    expect(await refusal(['worker', 'm'], exports)).toBe(`cachewright: ${says}`)
  })

  it('a queue that is not there is refused, and those that are there are named', async () => {
    const found = await refusal(['queue', 'status', 'm', '--queue', 'order'], { orders, users })
    expect(found).toBe("cachewright: 'm' has no write-behind 'order'; it has: orders, users")
  })

  it.each(['replay', 'drop'])('%s over several queues is refused', async (verb) => {
    const found = await refusal(['queue', verb, 'm', 'k'], { orders, users })
    expect(found).toContain("'m' has several queues, choose one with --queue: orders, users")
  })

  it('a module that cannot be imported is named, with its reason on one line', async () => {
    const world = cliWorld()
    const importModule = () => Promise.reject(new Error('no such\u001b[2J file\nat a line'))
    const io = { ...world.io, importModule }
    expect(await runCli(['worker', './m.js'], io)).toBe(2)
    expect(world.errors).toEqual(["cachewright: cannot import './m.js': no such\\u001b[2J file"])
  })

  it('a key that can be none is refused', async () => {
    const drop = () => Promise.reject(new CacheError('KEY_TOO_LONG', 'a key of 3000 bytes'))
    const { queue } = scriptedQueue({ drop })
    const found = await refusal(['queue', 'drop', 'm', 'k'], { queue })
    expect(found).toBe('cachewright: a key of 3000 bytes')
  })
})

describe('help', () => {
  it.each([[['--help']], [['worker', '--help']], [['queue', 'drop', 'm', '-h']]])(
    '%j prints the usage',
    async (args) => {
      const world = cliWorld()
      expect(await world.run(...args)).toBe(0)
      expect(world.out.join('\n')).toBe(USAGE)
    },
  )

  it('is no key behind --', async () => {
    const { queue, asked } = scriptedQueue({ drop: async (keys: string[]) => asked.push(keys) })
    expect(await cliWorld({ queue }).run('queue', 'drop', 'm', '--', '--help')).toBe(1)
    expect(asked).toContainEqual(['--help'])
  })

  it('and its page name all commands and options', () => {
    const page = readFileSync('docs/cli.md', 'utf8')
    const named = USAGE.match(/--\w+|^ {2}(queue )?[a-z]+ (?=<)/gm)!
    expect(named.length).toBeGreaterThan(12)
    expect(named.filter((name) => !page.includes(name.trim()))).toEqual([])
  })

  it('has the version of the package', async () => {
    const world = cliWorld()
    expect(await world.run('--version')).toBe(0)
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(world.out).toEqual([version])
  })
})
