/**
 * Warming against deletes at any moment, over a store whose answers take their time: what was
 * changed and then deleted is never read old again. A failure names its seed.
 */
import { expect, it } from 'vitest'
import { warm } from '../../src/automate/index.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { trackedProcesses } from './tracked-processes.js'

const SEEDS = 60
const KEYS = ['a', 'b', 'c', 'd']

async function run(seed: number): Promise<string[]> {
  const random = seededRandom(seed)
  const below = (ms: number) => Math.floor(random() * ms)
  const { caches, all, clock } = await trackedProcesses(2)
  const source = new Map(KEYS.map((key) => [key, 'old']))
  const sleep = (ms: number) => new Promise<void>((wake) => void clock.setTimer(wake, ms, false))
  const [warming, changing] = all
  // Its record follows a delete by so much.
  changing.store.inject({ kind: 'delay', delayMs: below(240) }, { ops: ['append'] })
  const fault = random()
  if (fault < 0.3) warming.store.inject({ kind: 'delay', delayMs: below(90) })
  else if (fault < 0.7) warming.store.inject({ kind: 'throw' }, { ops: ['push'] })
  const job = warm(caches[0], async () => {
    const record = new Map(source)
    await sleep(below(200))
    return record
  })
  const stale: string[] = []
  const changes = KEYS.map(async (key) => {
    await sleep(below(800))
    source.set(key, 'new')
    const cache = caches[random() < 0.7 ? 1 : 0]
    const isConfirmed = (await cache.delete(key)) !== false
    // By the store, as a third process would read it.
    await sleep(5_000)
    for (const { cache: reader } of all) {
      if ((await reader.get(key)) === 'old') stale.push(`seed ${seed}: ${key}, ${isConfirmed}`)
    }
  })
  await clock.advance(8_000)
  await Promise.all([job, ...changes])
  return stale
}

it('brings nothing back', async () => {
  const stale: string[] = []
  for (let seed = 1; seed <= SEEDS; seed++) stale.push(...(await run(seed)))
  expect(stale).toEqual([])
})
