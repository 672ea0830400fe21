/**
 * A process of the proof: in each round an application or a worker, as its parent says. It tells
 * what it does in lines on its output, written at once: what was told before it is killed is not
 * lost. It ends with its parent.
 */
import { writeSync } from 'node:fs'
import pg from 'pg'
import { type Cache, createCache } from '../../../src/index.js'
import { type WriteBehind, writeBehind } from '../../../src/patterns/index.js'
import { redis } from '../../../src/stores/redis/index.js'
import { Application } from './application.js'
import { Deliverer } from './deliverer.js'
import type { FromMember, MemberSetting, RoundSetting, ToMember } from './messages.js'
import { LEASE_MS } from './plan.js'
import { rowOf } from './source.js'

const OUTPUT = 1
/** Nobody wakes it. */
const ASLEEP = new Int32Array(new SharedArrayBuffer(4))
const AGAIN_MS = 2
/** More than the batches of a worker, each with one that was taken from it. */
const MAX_CONNECTIONS = 10
const DRAIN_TRIES = 20
const DRAIN_AGAIN_MS = 100

const { postgresUrl, redisUrl } = JSON.parse(process.argv[2]!) as MemberSetting
const pool = new pg.Pool({ connectionString: postgresUrl, max: MAX_CONNECTIONS })
pool.on('error', () => {})
const cache = open()

interface Round {
  readonly setting: RoundSetting
  readonly behind: WriteBehind<string, string>
  rest(): Promise<void>
}
let round: Round | undefined

function tell(message: FromMember): void {
  let left: Uint8Array = Buffer.from(`${JSON.stringify(message)}\n`)
  while (left.length > 0) left = left.subarray(written(left))
}

/** How many bytes of it; none where the parent has not read yet. */
function written(bytes: Uint8Array): number {
  try {
    return writeSync(OUTPUT, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(ASLEEP, 0, 0, AGAIN_MS)
    return 0
  }
}

function open(): Cache {
  const store = redis({ url: redisUrl, connectTimeout: '1s' })
  return createCache({ store, ttl: '1h', readDeadline: '1s', writeDeadline: '1s' }) as Cache
}

function behindOver(
  over: Cache,
  { plan, role }: RoundSetting,
  deliverer?: Deliverer,
): WriteBehind<string, string> {
  const { batch, concurrency, delayMs, partitions, seed } = plan
  return writeBehind<string, string, string>(over.namespace<string>('proof'), {
    ...{ name: `seed-${seed}`, key: (key: string) => key, partitions, batch, concurrency },
    ...{
      delay: `${delayMs}ms`,
      lease: `${LEASE_MS}ms`,
      worker: role === 'worker',
      whenAway: 'reject',
    },
    ...(deliverer === undefined ? {} : { write: deliverer.write }),
    load: (key) => rowOf(pool, key),
    onError: (error) => tell({ kind: 'trouble', error: String(error) }),
  })
}

function begin(setting: RoundSetting): void {
  if (setting.role === 'application') {
    const behind = behindOver(cache, setting)
    const application = new Application(behind, setting, tell)
    round = { setting, behind, rest: () => application.rest() }
    return
  }
  const deliverer = new Deliverer(pool, setting, tell)
  const behind = behindOver(cache, setting, deliverer)
  const rest = async () => {
    await behind.stop()
    await deliverer.rest()
  }
  round = { setting, behind, rest }
}

/** Redis may just have been started again. */
async function drain({ behind }: Round): Promise<void> {
  let isEmpty = false
  for (let i = 0; i < DRAIN_TRIES && !isEmpty; i++) {
    isEmpty = await behind.drain({ deadline: '10s' }).catch(() => false)
    if (!isEmpty) await new Promise((resolve) => setTimeout(resolve, DRAIN_AGAIN_MS))
  }
  tell({ kind: 'drained', isEmpty })
}

async function read({ setting }: Round): Promise<void> {
  const fresh = open()
  try {
    const behind = behindOver(fresh, { ...setting, role: 'application' })
    const values = await Promise.all(setting.plan.keys.map((key) => behind.get(key)))
    tell({ kind: 'read', values: values.map((value) => value ?? null) })
  } finally {
    await fresh.close()
  }
}

async function hear(message: ToMember): Promise<void> {
  if (message.op === 'round') begin(message.setting)
  else if (message.op === 'drain') await drain(round!)
  else if (message.op === 'read') await read(round!)
  else {
    await round!.rest()
    tell({ kind: 'rested' })
  }
}

process.on('message', (message: ToMember) => {
  hear(message).catch((error: unknown) => tell({ kind: 'failed', error: String(error) }))
})
// reason for exit: connections must not keep the process alive.
process.once('disconnect', () => process.exit(0))
tell({ kind: 'ready' })
