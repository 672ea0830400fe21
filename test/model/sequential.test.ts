/**
 * One call after the other, against a plain Map: what must be there is there.
 */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { MapOracle } from './map-oracle.js'
import { perform } from './perform.js'
import { modelRuns, timeLimitMs } from './runs.js'
import { type Setup, type Step, setups, steps } from './steps.js'
import { World } from './world.js'

const RUNS = 2_000

async function run(setup: Setup, script: readonly Step[]): Promise<void> {
  const world = new World(setup)
  const oracle = new MapOracle(world)
  for (const step of script) {
    if (step.verb === 'advance') await world.clock.advance(step.ms)
    if (step.verb === 'drop' && !world.dropMemory()) oracle.doubt()
    const call = perform(world, step, (outcome) => oracle.settled(outcome))
    if (call !== undefined) await world.drive(call)
  }
  await world.end()
}

describe('model, one call after the other', () => {
  it(
    'knows what a Map with lives would know',
    async () => {
      await fc.assert(fc.asyncProperty(setups, steps, run), modelRuns(RUNS))
    },
    timeLimitMs(RUNS),
  )
})
