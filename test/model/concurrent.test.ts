/**
 * Calls that overlap in every way: nothing is awaited, loaders answer in an order of the run's own.
 */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { perform } from './perform.js'
import { modelRuns, timeLimitMs } from './runs.js'
import { type Setup, type Step, setups, steps } from './steps.js'
import { World } from './world.js'

const RUNS = 10_000

async function run(setup: Setup, script: readonly Step[]): Promise<void> {
  const world = new World(setup)
  for (const step of script) {
    if (step.verb === 'advance') await world.clock.advance(step.ms)
    else if (step.verb === 'drop') world.dropMemory()
    else if (step.verb === 'answer') world.loaders.answer(step.which)
    else perform(world, step, () => {})
  }
  await world.end()
}

describe('model, concurrent', () => {
  it(
    'never hands out what is wrong, dead or invalidated',
    async () => {
      await fc.assert(fc.asyncProperty(setups, steps, run), modelRuns(RUNS))
    },
    timeLimitMs(RUNS),
  )
})
