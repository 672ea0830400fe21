/**
 * `npm start`: a service over a real PostgreSQL, real cities and visitors in proportion to their
 * people; first without a cache, then with it, and the difference as a table.
 *
 * Both runs get the same requests and must give the same answers. All that the demo starts or
 * writes goes away with it, also on Ctrl-C.
 */
import { randomBytes } from 'node:crypto'
import { type CachedSource, openCachedSource } from './cached-source.js'
import { readCities } from './cities.js'
import { type CitySource, citySource } from './city-source.js'
import { Crowd } from './crowd.js'
import { openDatabase } from './database.js'
import { type Measuring, measure, type Run, warmUp } from './measure.js'
import { type DemoOptions, readOptions, USAGE, UsageError } from './options.js'
import { Progress } from './progress.js'
import { table, whole } from './report.js'
import { openService } from './service.js'
import { chooseStore, type StoreChoice } from './store-choice.js'
import { Teardown } from './teardown.js'

const STROLL_VISITS_PER_SECOND = 20
const EXIT_GRACE_MS = 2_000

async function demo(options: DemoOptions, teardown: Teardown, progress: Progress): Promise<void> {
  const store = await chooseStore(options)
  const cities = readCities()
  progress.say(`${whole(cities.length)} cities; seed ${options.seed}; cache: ${store.says}`)
  const database = await openDatabase(cities, teardown, progress)
  const origin = citySource(database)
  const service = await openService(origin, database, options.port, teardown)
  const crowd = new Crowd(options.seed, teardown)
  const { requests, visitors } = options
  const measuring: Measuring = { service, crowd, visitors, requests, progress }
  progress.say(`PostgreSQL is up; ${visitors} visitors ask ${whole(requests)} times in each run`)

  await warmUp(measuring)
  const runs = await measureAll(origin, store, measuring, teardown)
  progress.say(`\n${table(runs)}\n`)
  progress.say(
    `All ${runs.length} runs gave the same answers: ${runs[0]!.crowd.digest.slice(0, 16)}`,
  )
  if (options.once) return

  crowd.stroll(service.baseUrl, STROLL_VISITS_PER_SECOND)
  progress.say(`\nStill serving, with a few visitors: ${service.baseUrl}/`)
  progress.say('Press Ctrl-C to stop; nothing is left behind.')
  await teardown.untilStopped()
}

async function measureAll(
  origin: CitySource,
  store: StoreChoice,
  measuring: Measuring,
  teardown: Teardown,
): Promise<Run[]> {
  const { service } = measuring
  // a prefix of its own, so that the cache starts empty even in a Redis that others use
  const prefix = `cities-${randomBytes(6).toString('hex')}`
  const open = () => openCachedSource(origin, prefix, store)
  const current = teardown.own(
    'cache',
    () => ({ cached: open() }),
    ({ cached }) => emptyAndClose(cached),
  )
  service.answerFrom(origin, 'without a cache')
  const runs = [await measure('no cache', false, measuring)]
  service.answerFrom(current.cached.source, `cache: ${store.says}`, current.cached)
  runs.push(await measure('cache, empty at first', true, measuring))
  if (store.open === undefined) return runs
  // what a deployment does: memory is gone, the store is not
  await current.cached.close()
  current.cached = open()
  service.answerFrom(current.cached.source, `cache: ${store.says}`, current.cached)
  runs.push(await measure('cache, restarted', true, measuring))
  return runs
}

/** Nothing of the demo stays in the store. */
async function emptyAndClose(cached: CachedSource): Promise<void> {
  try {
    if (!(await cached.clear())) throw new Error('Redis did not confirm; it expires within an hour')
  } finally {
    await cached.close()
  }
}

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2), process.env)
    if (options === undefined) return console.log(USAGE)
    const teardown = new Teardown()
    const progress = new Progress(process.stdout)
    process.exitCode = await teardown.guard(() => demo(options, teardown, progress))
    if (!options.once || process.exitCode > 128) progress.say('Stopped; everything is tidied up.')
    // everything is closed, so the process ends by itself; this is for a bug that keeps it
    setTimeout(() => process.exit(), EXIT_GRACE_MS).unref()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    process.exitCode = 2
  }
}

await main()
