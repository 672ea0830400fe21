/**
 * The model of test/model over a real server: one call after the other against a plain Map.
 *
 * The cache lives on the model's clock, the server on its own. So no life is shorter than a second,
 * which a run does not take, and model time passes only while no call is under way.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { MapOracle } from '../model/map-oracle.js'
import { perform } from '../model/perform.js'
import { modelRuns } from '../model/runs.js'
import { type Setup, type Step, setups, steps } from '../model/steps.js'
import { type Call, World } from '../model/world.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'

const SHORTEST_MS = 1_000
const LIMIT_MS = 10_000

describe.each(QUIET_PLACES)('model over $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  let runs = 0
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  it('knows what a Map with lives would know', async () => {
    const once = (setup: Setup, script: readonly Step[]) => {
      runs += 1
      return run(setup, script, { store: server.store(), prefix: `m${runs}` })
    }
    await fc.assert(fc.asyncProperty(setups, steps, once), modelRuns(60))
  })
})

async function run(
  setup: Setup,
  script: readonly Step[],
  own: { readonly store: Store; readonly prefix: string },
): Promise<void> {
  const world = new World(unhurried(setup), own)
  const oracle = new MapOracle(world)
  await joined(world)
  for (const step of script.map(unhurriedStep)) {
    if (step.verb === 'advance') {
      await atRest(world)
      await world.clock.advance(step.ms)
    }
    if (step.verb === 'drop') world.dropMemory()
    const call = perform(world, step, (outcome) => oracle.settled(outcome))
    if (call === undefined) continue
    await ended(world, call)
    // A refresh in the background asks the store for its right before it loads.
    await atRest(world)
  }
  await atRest(world)
  await world.end()
}

/** What is loaded before is not kept: nobody could say what it is worth. */
async function joined(world: World): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS
  while (world.root.stats().coherence.state !== 'leased') {
    await atRest(world)
    if (performance.now() > limitMs) throw new Error('the cache does not join the log')
  }
}

/** Replies come in order: once this one is there, so are those to all that was sent before. */
async function atRest(world: World): Promise<void> {
  await world.clock.settle()
  await world.root.health()
}

/** Lets the call come to its end, and with it every load that it waits for. */
async function ended(world: World, call: Call): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS
  while (!call.done) {
    world.loaders.answer(0)
    await new Promise((resolve) => setImmediate(resolve))
    if (performance.now() > limitMs) throw new Error(`${call.what} hangs`)
  }
}

function unhurried(setup: Setup): Setup {
  const { negativeTtlMs } = setup
  return { ...setup, negativeTtlMs: negativeTtlMs === undefined ? undefined : 5_000 }
}

function unhurriedStep(step: Step): Step {
  if ('plan' in step) {
    const { plan } = step
    const when = plan.when === 'at-once' ? plan.when : 'later'
    return { ...step, plan: { ...plan, when, ttlMs: lengthened(plan.ttlMs) } } as Step
  }
  if ('ttlMs' in step) return { ...step, ttlMs: lengthened(step.ttlMs) } as Step
  return step
}

function lengthened(ttlMs: number | undefined): number | undefined {
  return ttlMs === undefined || ttlMs > SHORTEST_MS ? ttlMs : ttlMs + 2 * SHORTEST_MS
}
