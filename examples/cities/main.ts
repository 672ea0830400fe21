/**
 * `npm start`: a service over a real PostgreSQL, real cities and visitors in proportion to their
 * people; first without a cache, then with it, and the difference as a table.
 *
 * Both runs get the same requests and must give the same answers. All that the demo starts or
 * writes goes away with it, also on Ctrl-C.
 */
import { readCities } from './cities.js'
import { type CitySource, citySource } from './city-source.js'
import { Crowd } from './crowd.js'
import { openDatabase } from './database.js'
import { type Measuring, measure, type Run, warmUp } from './measure.js'
import { type DemoOptions, readOptions, USAGE, UsageError } from './options.js'
import { Progress } from './progress.js'
import { table, whole } from './report.js'
import { RestartableCache } from './restartable-cache.js'
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
  const cache = new RestartableCache(origin, store, teardown)
  const service = await openService(origin, database, options.port, teardown)
  const crowd = new Crowd(options.seed, teardown)
  const { requests, visitors } = options
  const measuring: Measuring = { service, crowd, visitors, requests, progress }
  progress.say(`PostgreSQL is up; ${visitors} visitors ask ${whole(requests)} times in each run`)

  await warmUp(measuring)
  const runs = await measureAll(origin, cache, store, measuring)
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
  cache: RestartableCache,
  store: StoreChoice,
  measuring: Measuring,
): Promise<Run[]> {
  const { service } = measuring
  const answerFromCache = () => {
    service.answerFrom(cache.current.source, `cache: ${store.says}`, cache.current)
  }
  service.answerFrom(origin, 'without a cache')
  const runs = [await measure('no cache', false, measuring)]
  answerFromCache()
  runs.push(await measure('cache, empty at first', true, measuring))
  if (store.open === undefined) return runs
  await cache.restart()
  answerFromCache()
  runs.push(await measure('cache, restarted', true, measuring))
  return runs
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
