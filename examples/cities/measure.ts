/**
 * One measured run: the crowd walks its sequence, and the server's counts are read around it.
 *
 * Fails where the answers differ from the first run's: a fast wrong answer is no result.
 */
import type { CacheNumbers } from './cached-source.js'
import type { Crowd } from './crowd.js'
import type { CrowdRun } from './crowd-messages.js'
import type { Progress } from './progress.js'
import type { Service } from './service.js'

export interface Run {
  readonly name: string
  readonly crowd: CrowdRun
  readonly databaseQueries: number
  /** `undefined` for a run without a cache. */
  readonly cache: CacheNumbers | undefined
}

export interface Measuring {
  readonly service: Service
  readonly crowd: Crowd
  readonly visitors: number
  readonly requests: number
  readonly progress: Progress
}

/** Not counted: brings code, buffers and connections to temperature before the first run. */
export async function warmUp(measuring: Measuring): Promise<void> {
  await walk(measuring, 'warm-up', 'warming up', Math.ceil(measuring.requests / 10))
}

export async function measure(name: string, cached: boolean, measuring: Measuring): Promise<Run> {
  const crowd = await walk(measuring, 'measure', name, measuring.requests)
  if (crowd.differs !== undefined) {
    throw new Error(`the answers differ between runs: ${name} answered ${crowd.differs} otherwise`)
  }
  const { databaseQueries, cacheNumbers } = measuring.service
  return { name, crowd, databaseQueries, cache: cached ? cacheNumbers : undefined }
}

async function walk(
  { service, crowd, visitors, progress }: Measuring,
  order: 'measure' | 'warm-up',
  name: string,
  requests: number,
): Promise<CrowdRun> {
  const startedMs = performance.now()
  const onProgress = (answered: number) => {
    const perSecond = answered / ((performance.now() - startedMs) / 1_000)
    progress.update(`${name}: ${answered} of ${requests} requests, ${perSecond.toFixed(0)}/s`)
  }
  try {
    return await crowd.walk({ order, baseUrl: service.baseUrl, visitors, requests }, onProgress)
  } catch (error) {
    throw new Error(`${name}: ${String(error)}`, { cause: service.lastFailure })
  }
}
