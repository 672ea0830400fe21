/**
 * What a process with a cache asks of the server while nobody uses it.
 *
 * MONITOR shows each command with the connection that sent it, and marks what scripts call: those
 * are the server's own work, and are told apart from what was sent.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { RedisDriver } from '../../src/stores/redis/index.js'
import type { Row, StartSubject } from '../harness/bench.js'
import { adminClient, cacheOn } from '../harness/clients.js'
import { atMost, type Lab } from '../harness/lab.js'
import { median, spread } from '../harness/stats.js'

const WINDOW_MS = 6_000
const ROUNDS = 5
const MAX_PER_SECOND = 4
const FROM_SCRIPT = /^\S+ \[\d+ lua\]/

function subject(driver: RedisDriver): StartSubject {
  return async (setting) => {
    const { cache } = await cacheOn(driver, setting, { prefix: `idle-${driver}` })
    const run = async () => {
      const isWell = cache.stats().coherence.state === 'leased'
      const answers = isWell ? 'right' : 'wrong'
      return { operations: 0, elapsedMs: 0, cpuMs: 0, answers }
    }
    return { run, stop: () => cache.close() }
  }
}

export const idleSubjects = {
  'idle, node-redis': subject('node-redis'),
  'idle, ioredis': subject('ioredis'),
}

interface Counted {
  readonly sentPerSecond: number
  readonly processedPerSecond: number
}

async function count(redisPort: number, windowMs: number): Promise<Counted> {
  const setting = { tiny: false, redisPort, params: {} }
  const [monitor, admin] = [await adminClient(setting), await adminClient(setting)]
  const processed = async () =>
    Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))![1])
  let sent = 0
  let isCounting = false
  await monitor.monitor((line) => {
    if (isCounting && !FROM_SCRIPT.test(String(line))) sent++
  })
  const before = await processed()
  isCounting = true
  const startMs = performance.now()
  await pause(windowMs)
  const seconds = (performance.now() - startMs) / 1_000
  isCounting = false
  // The first question counts itself only after it was answered.
  const all = (await processed()) - before - 1
  monitor.destroy()
  admin.destroy()
  return { sentPerSecond: sent / seconds, processedPerSecond: all / seconds }
}

export async function idleRows(lab: Lab): Promise<Row[]> {
  const { port } = await lab.redis()
  const rows: Row[] = []
  for (const name of lab.tiny ? ['idle, node-redis'] : Object.keys(idleSubjects)) {
    const host = await lab.host(name, {}, 'never')
    if (!lab.tiny) await pause(WINDOW_MS / 3)
    const counted: Counted[] = []
    for (let round = 0; round < (lab.tiny ? 1 : ROUNDS); round++)
      counted.push(await count(port, lab.tiny ? 300 : WINDOW_MS))
    const { answers } = await host.run(0)
    await host.end()
    const row = {
      case: 'commands that an idle process sends',
      ...{ subject: name.slice('idle, '.length), against: '', unit: 'a second' },
      ...spread(counted.map(({ sentPerSecond }) => sentPerSecond)),
      target: atMost(MAX_PER_SECOND),
      figures: {
        'processed a second, with those inside of scripts': median(
          counted.map(({ processedPerSecond }) => processedPerSecond),
        ),
      },
      ...{ answers, isRight: answers === 'right' },
    }
    rows.push(lab.report(row))
  }
  return rows
}
