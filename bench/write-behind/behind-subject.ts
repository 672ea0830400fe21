/** A write-behind over the bench's Redis with a source of its own, emptied at the end. */

import type { Cache } from '../../src/index.js'
import { type WriteBehind, type WriteBehindOptions, writeBehind } from '../../src/patterns/index.js'
import type { RedisDriver } from '../../src/stores/redis/index.js'
import type { Round, Setting, StartSubject } from '../harness/bench.js'
import { cacheOn } from '../harness/clients.js'
import { makePerson, type Person } from '../harness/rows.js'
import { digest } from '../harness/timed.js'
import { SlowSource } from './slow-source.js'

export interface Behind {
  readonly behind: WriteBehind<string, Person>
  readonly source: SlowSource
  readonly tiny: boolean
  /** The newest value that was acknowledged, by key. */
  readonly acknowledged: Map<string, { version: number; id: number }>
  /** Sets, and remembers what was acknowledged. */
  set(key: string, id: number): Promise<void>
}

/** A machine at work stands still for longer than a deadline, and a set that failed is none. */
const PATIENT = { ttl: '1h', readDeadline: '10s', writeDeadline: '10s' } as const

let runs = 0

/** `play` answers its figures once all is written; what is missing then is counted beside them. */
export function behindSubject(
  options: WriteBehindOptions<string, Person>,
  play: (under: Behind) => Promise<Record<string, number>>,
): StartSubject {
  return async (setting) => {
    const { cache } = await cacheOn(driverOf(setting), setting, PATIENT)
    const run = async (): Promise<Round> => {
      const under = makeBehind(cache, options, setting.tiny)
      const startMs = performance.now()
      const cpu = process.cpuUsage()
      const figures = await play(under)
      const { user, system } = process.cpuUsage(cpu)
      const elapsedMs = performance.now() - startMs
      await under.behind.stop()
      const missing = missingIn(under)
      return {
        operations: under.acknowledged.size,
        ...{ elapsedMs, cpuMs: (user + system) / 1_000 },
        answers: digest([missing]),
        figures: { ...figures, missing },
      }
    }
    return { run, stop: () => cache.close() }
  }
}

function driverOf({ params }: Setting): RedisDriver {
  return (params.driver as RedisDriver | undefined) ?? 'node-redis'
}

function makeBehind(
  cache: Cache,
  options: WriteBehindOptions<string, Person>,
  tiny: boolean,
): Behind {
  const source = new SlowSource()
  const name = `run-${process.pid}-${++runs}`
  const write = source.write
  const behind = writeBehind(cache as Cache<Person>, { name, write, ...options })
  const acknowledged: Behind['acknowledged'] = new Map()
  const set = async (key: string, id: number) => {
    const version = await behind.set(key, makePerson(id))
    // Calls that waited together share a version, the last one's value has it.
    if ((acknowledged.get(key)?.version ?? 0) <= version) acknowledged.set(key, { version, id })
  }
  return { behind, source, tiny, acknowledged, set }
}

/** Acknowledged writes that the source has neither itself nor by a later one. */
function missingIn({ acknowledged, source }: Behind): number {
  let missing = 0
  for (const [key, { version, id }] of acknowledged) {
    if (id === SlowSource.POISON) continue
    const row = source.rows.get(key)
    const isThere = row !== undefined && row.version >= version
    if (!isThere || (row.version === version && row.value?.id !== id)) missing++
  }
  return missing
}
