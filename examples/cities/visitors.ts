/**
 * The visitors: a process of their own, so that the server's numbers are the server's.
 *
 * Started by crowd.ts and told what to do over its channel. Every visitor keeps one connection and
 * takes the next visit when it is through with one. Answers are hashed into the place that their
 * path has in the sequence, whatever the order in which they arrive. Ends with its channel.
 */
import { createHash } from 'node:crypto'
import { Agent, get } from 'node:http'
import { readCities } from './cities.js'
import type { CrowdNews, CrowdOrder, CrowdRun } from './crowd-messages.js'
import { quantile } from './live-stats.js'
import { planVisits, visits } from './visits.js'

const DIGEST_BYTES = 32
const PROGRESS_EVERY_MS = 250
const ANSWER_TIMEOUT_MS = 30_000
/** Warming up walks another way, so that it fills no page that is measured. */
const OTHER_SEED = 0x5eed

const seed = Number(process.argv[2])
const cities = readCities()
let firstRun: Buffer | undefined

process.on('disconnect', () => process.exit(0))
// the demo ends us by closing the channel, in its own order
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})
process.on('message', (order: CrowdOrder) => {
  obey(order).catch((error: unknown) => {
    tell({ news: 'failed', reason: error instanceof Error ? error.message : String(error) })
  })
})

async function obey(order: CrowdOrder): Promise<void> {
  if (order.order === 'stroll') return stroll(order.baseUrl, order.visitsPerSecond)
  const measured = order.order === 'measure'
  const plan = planVisits(cities, measured ? seed : seed ^ OTHER_SEED, order.requests)
  const { run, digests } = await walk(plan, order.baseUrl, order.visitors)
  if (!measured) return tell({ news: 'done', run })
  firstRun ??= digests
  tell({ news: 'done', run: { ...run, differs: firstDifference(plan, firstRun, digests) } })
}

/** All of the plan, as fast as the server answers `visitors` at a time. */
async function walk(plan: readonly (readonly string[])[], baseUrl: string, visitors: number) {
  const paths = plan.flat()
  const digests = Buffer.alloc(paths.length * DIGEST_BYTES)
  const elapsed = new Float64Array(paths.length)
  const agent = new Agent({ keepAlive: true, maxSockets: visitors })
  const queue = places(plan)
  let answered = 0
  const visitor = async () => {
    for (const [from, to] of queue) {
      for (let place = from; place < to; place++) {
        const startedMs = performance.now()
        const digest = await ask(baseUrl, paths[place]!, agent)
        elapsed[place] = performance.now() - startedMs
        digest.copy(digests, place * DIGEST_BYTES)
        answered++
      }
    }
  }
  const ticker = setInterval(() => tell({ news: 'progress', answered }), PROGRESS_EVERY_MS)
  const startedMs = performance.now()
  try {
    await Promise.all(Array.from({ length: visitors }, visitor))
  } finally {
    clearInterval(ticker)
    agent.destroy()
  }
  return { digests, run: summary(elapsed, performance.now() - startedMs, digests) }
}

/** Each visit as its range of places; a shared iterator, so every visit has one visitor. */
function* places(plan: readonly (readonly string[])[]): Generator<readonly [number, number]> {
  let from = 0
  for (const visit of plan) {
    yield [from, from + visit.length]
    from += visit.length
  }
}

function summary(elapsed: Float64Array, elapsedMs: number, digests: Buffer): CrowdRun {
  const sorted = elapsed.sort()
  return {
    requests: elapsed.length,
    elapsedMs,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    digest: createHash('sha256').update(digests).digest('hex'),
    differs: undefined,
  }
}

function firstDifference(plan: readonly (readonly string[])[], a: Buffer, b: Buffer) {
  const paths = plan.flat()
  return paths.find((_, place) => {
    const from = place * DIGEST_BYTES
    return a.compare(b, from, from + DIGEST_BYTES, from, from + DIGEST_BYTES) !== 0
  })
}

/** Resolves to the digest of path, status and body. Rejects if the server fails or is silent. */
function ask(baseUrl: string, path: string, agent: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = get(baseUrl + path, { agent, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      const status = response.statusCode ?? 0
      const hash = createHash('sha256').update(`${path}\n${status}\n`)
      response.on('data', (chunk: Buffer) => hash.update(chunk))
      response.on('error', reject)
      response.on('end', () => {
        if (status >= 500) reject(new Error(`${path} was answered with status ${status}`))
        else resolve(hash.digest())
      })
    })
    request.on('timeout', () => request.destroy(new Error(`${path} was not answered in time`)))
    request.on('error', reject)
  })
}

/** A trickle without end that keeps the page alive; a failed visit is left to the next one. */
async function stroll(baseUrl: string, visitsPerSecond: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  for (const visit of visits(cities, seed ^ OTHER_SEED)) {
    for (const path of visit) await ask(baseUrl, path, agent).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1_000 / visitsPerSecond))
  }
}

function tell(news: CrowdNews): void {
  // a closed channel: the demo is going, and so are we
  if (process.connected) process.send?.(news)
}
