/**
 * Calls that overlap over a store that throws, hangs, is slow, loses replies, lies, and whose bytes
 * are damaged: no call rejects for it, none hangs, none hands out a wrong value.
 */
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { inflict, isFault } from './inflict.js'
import { perform } from './perform.js'
import { modelRuns, timeLimitMs } from './runs.js'
import { type Setup, type Step, setups, stepsWithFaults } from './steps.js'
import { World } from './world.js'

const RUNS = 5_000

async function run(setup: Setup, script: readonly Step[]): Promise<void> {
  const world = new World({ ...setup, store: setup.store === 'none' ? 'in-process' : setup.store })
  for (const step of script) {
    if (step.verb === 'advance') await world.clock.advance(step.ms)
    else if (step.verb === 'drop') world.dropMemory()
    else if (step.verb === 'answer') world.loaders.answer(step.which)
    else if (isFault(step)) await inflict(world, step)
    else perform(world, step, () => {})
  }
  await world.end()
}

describe('model, concurrent, with faults', () => {
  it(
    'never rejects, hangs or lies because of the store',
    async () => {
      await fc.assert(fc.asyncProperty(setups, stepsWithFaults, run), modelRuns(RUNS))
    },
    timeLimitMs(RUNS),
  )
})
