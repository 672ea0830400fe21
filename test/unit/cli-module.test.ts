/** Which queues a module has, and what becomes of those that nobody asked for. */
import { describe, expect, it } from 'vitest'
import { closeOf, findQueues } from '../../src/cli/find-queues.js'
import { processIo } from '../../src/cli/process-io.js'
import { runCli } from '../../src/cli/run-cli.js'
import { fakeClock } from '../../src/testing/index.js'
import { temporaryTree } from '../house/temporary-tree.js'
import { cliWorld, scriptedQueue } from './cli-world.js'

const [{ queue: a }, { queue: b }] = [scriptedQueue(), scriptedQueue()]

async function names(exports: object, wanted?: string) {
  const found = await findQueues(exports as Record<string, unknown>, wanted)
  return found.map(({ name }) => name)
}

describe('queues', () => {
  it('are found by their verbs, wherever they are exported', async () => {
    expect(await names({ a, b, c: { start: () => {} }, d: null, e: 'e' })).toEqual(['a', 'b'])
    expect(await names({ both: { a, b, n: 1 }, list: [scriptedQueue().queue] })).toEqual([
      'both.a',
      'both.b',
      'list.0',
    ])
    expect(await names({ default: a })).toEqual(['default'])
  })

  it('count once, under the name of their own', async () => {
    const exports = { default: { a, b }, 'module.exports': { a, b }, b }
    expect(await names(exports)).toEqual(['b', 'default.a'])
  })

  it('are not looked for in objects with a class', async () => {
    class Holder {
      get queue() {
        throw new Error('looked')
      }
    }
    expect(await names({ holder: new Holder(), a })).toEqual(['a'])
  })

  it('may be the answer of a function', async () => {
    expect(await names({ open: () => a })).toEqual(['open'])
    expect(await names({ open: async () => [a, b], other: () => 1 })).toEqual(['open.0', 'open.1'])
    expect(await names({ open: async () => ({ a, b }) })).toEqual(['open.a', 'open.b'])
  })

  it('that are there make no function be called, but the one that is named', async () => {
    const called: string[] = []
    const make = (name: string) => () => {
      called.push(name)
      return b
    }
    const exports = { a, open: make('open'), other: make('other'), close: make('close') }
    expect(await names(exports)).toEqual(['a'])
    expect(called).toEqual([])
    expect(await names(exports, 'open')).toEqual(['a', 'open'])
    expect(called).toEqual(['open'])
    expect(await names({ close: make('close') })).toEqual([])
    expect(called).toEqual(['open'])
  })

  it('that cannot be made are told with the module', async () => {
    const open = () => {
      throw new Error('no pool')
    }
    const world = cliWorld({ open })
    expect(await world.run('queue', 'status', 'm')).toBe(2)
    expect(world.errors).toEqual(["cachewright: a function of 'm' has failed: no pool"])
  })
})

describe('a module', () => {
  it('is a path from the working directory', async () => {
    const world = cliWorld({ a })
    expect(await world.run('queue', 'status', './jobs/m.js')).toBe(0)
    expect(await world.run('queue', 'status', '/srv/m.js')).toBe(0)
    expect(world.imported).toEqual(['/app/jobs/m.js', '/srv/m.js'])
  })

  it('is imported by the process that runs', async () => {
    const folder = temporaryTree({ 'm.mjs': 'export const n = 1\nexport const o = 2\n' })
    const world = cliWorld()
    const io = { ...processIo(), cwd: folder, stderr: world.io.stderr }
    expect(await runCli(['queue', 'status', 'm.mjs'], io)).toBe(2)
    expect(await runCli(['queue', 'status', 'n.mjs'], io)).toBe(2)
    expect(world.errors).toEqual([
      "cachewright: 'm.mjs' exports no write-behind; it exports: n, o",
      expect.stringContaining("cachewright: cannot import 'n.mjs': "),
    ])
  })

  it('has its workers stopped before anything is asked of a queue', async () => {
    const [one, other] = [scriptedQueue(), scriptedQueue()]
    const exports = { one: one.queue, other: other.queue }
    await cliWorld(exports).run('queue', 'dead', 'm', '--queue', 'one')
    expect(one.asked).toEqual([['stop'], ['deadLetters', 100]])
    expect(other.asked).toEqual([['stop']])
  })

  it('is closed in the end, also after a failure', async () => {
    const closed: string[] = []
    const close = () => closed.push('named')
    await cliWorld({ a, close }).run('queue', 'status', 'm')
    const status = () => Promise.reject(new Error('broken'))
    const world = cliWorld({
      a: { ...a, status },
      default: { close: () => closed.push('default') },
    })
    expect(await world.run('queue', 'status', 'm')).toBe(1)
    await cliWorld({ close }).run('queue', 'status', 'm')
    expect(closed).toEqual(['named', 'default', 'named'])
    expect(world.errors).toEqual(['cachewright: broken'])
  })

  it('is not closed by the verb of a queue or of another object', () => {
    expect(closeOf({ default: { ...a, close: () => {} } })).toBeUndefined()
    expect(closeOf({ cache: { close: () => {} } })).toBeUndefined()
  })

  it('that closes badly, or not at all, ends with 1', async () => {
    const failing = cliWorld({ a, close: () => Promise.reject(new Error('pool\nis gone')) })
    expect(await failing.run('queue', 'status', 'm')).toBe(1)
    expect(failing.errors).toEqual(["cachewright: 'close' has failed: pool"])
    const clock = fakeClock()
    const hanging = cliWorld({ a, close: () => new Promise(() => {}) }, clock)
    const exitCode = hanging.run('queue', 'status', 'm')
    await clock.advance(6_000)
    expect(await exitCode).toBe(1)
    expect(hanging.errors).toEqual(["cachewright: 'close' has not ended within 5 s"])
    expect(clock.pendingTimers).toBe(0)
  })
})
