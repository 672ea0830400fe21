/**
 * A process of the proof: a real cache over a real store, behind a proxy of its own, and the
 * callers that use it. It tells its parent what they saw, and ends with it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '../../src/core/contracts.js'
import { type Cache, createCache } from '../../src/index.js'
import { chain } from '../../src/stores/chain/index.js'
import { postgres } from '../../src/stores/postgres/index.js'
import { redis } from '../../src/stores/redis/index.js'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { PLANTED_BUGS } from '../simulation/planted-bugs.js'
import { Callers } from './callers.js'
import type { FromWorker, StoreSetting, ToWorker, WorkerSetting } from './messages.js'
import { monotonicMs } from './monotonic-ms.js'
import { Notebook } from './notebook.js'

const TELL_EVERY_MS = 250
const POLL_MS = 2

const setting = JSON.parse(process.argv[2]!) as WorkerSetting

function plant(name: string): void {
  const bug = PLANTED_BUGS.find((each) => each.name === name)
  if (bug?.onClasses === undefined) throw new Error(`no bug of classes is named '${name}'`)
  bug.onClasses()
}

function tell(message: FromWorker): void {
  process.send?.(message)
}

function open(): Cache {
  return createCache({ store: storeOf(setting.store), ttl: '1h', hardTimeout: '5s' }) as Cache
}

function storeOf(given: StoreSetting): Store {
  const connectTimeout = '1s'
  if (given.sqlite !== undefined) return sqlite(given.sqlite)
  const first = () => redis({ ...given.redis, connectTimeout })
  if (given.postgres === undefined) return first()
  const second = postgres({ ...given.postgres, connectTimeout })
  return given.redis === undefined ? second : chain(first(), second)
}

function isLeased(cache: Cache): boolean {
  return cache.stats().coherence.state === 'leased'
}

/**
 * Writes its mark and reads those of the others: all processes work together again. What is written
 * to a server that has just lost its data is out of date as soon as somebody notices, and memory
 * keeps what the store did not take: so the mark is written until that is confirmed and it is still
 * there.
 */
async function meet(cache: Cache, reader: Cache, number: number): Promise<void> {
  const marks = cache.namespace<number>('marks')
  const names = Array.from({ length: setting.processes }, (_, by) => `mark:${by}`)
  let isWritten = false
  for (;;) {
    const found = await marks.getMany(names)
    const isMet = found.every((each) => each === number)
    if (isMet && isWritten && isLeased(cache) && isLeased(reader)) break
    if (!isWritten || found[setting.by] !== number) {
      isWritten = await marks.set(names[setting.by]!, number)
    }
    await pause(POLL_MS)
  }
  tell({ kind: 'met', number, atMs: monotonicMs() })
}

async function work(): Promise<void> {
  if (setting.plantedBug !== undefined) plant(setting.plantedBug)
  const [cache, reader] = [open(), open()]
  const notebook = new Notebook()
  const callers = new Callers(cache, reader, notebook, setting.seed)
  while (!isLeased(cache) || !isLeased(reader)) await pause(POLL_MS)
  await callers.sweepStill()
  const running = callers.run()
  const telling = setInterval(() => {
    tell({ kind: 'evidence', evidence: notebook.take() })
  }, TELL_EVERY_MS)
  const end = async () => {
    callers.stop()
    await running
    clearInterval(telling)
    tell({ kind: 'evidence', evidence: notebook.take() })
    await cache.close()
    await reader.close()
    tell({ kind: 'ended' })
  }
  process.on('message', (message: ToWorker) => {
    void (message.op === 'meet' ? meet(cache, reader, message.number) : end())
  })
  tell({ kind: 'ready' })
}

// reason for exit: what a planted bug leaves open must not keep the process alive.
process.once('disconnect', () => process.exit(0))
await work()
