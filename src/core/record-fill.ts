/**
 * Filling many keys from a record that one call has brought.
 *
 * The keys are known only when the record is there, so no right to fill could be asked for before
 * the load. The fence alone must say what was invalidated since, here and in every other process:
 *
 *   note    the fence's count and the place in the log, before the load
 *   load
 *   look    the log is heard and caught up with: what it names by now is not touched any more
 *   take    the right to fill each of the others, whoever has it
 *   wait    for as long as a write to the store may take
 *   look    once more, then each value passes the fenced door (fill.ts) as of the note
 *
 * A delete elsewhere ends the right first, and then tells of it:
 * - after `take` it ends ours: the store refuses the fill, and memory lets go of the value;
 * - before `take`, with its record before the last look: the record was applied, the fence refuses;
 * - before `take`, with a record that comes after the last look: more than a write's deadline lies
 *   between the two, so whoever deleted takes it to have failed, has confirmed nothing, and deletes
 *   again. Without the wait that record could be on its way, its delete be confirmed a moment
 *   later, and the old value be there until its ttl ends.
 * The same holds for a set. The deadline is this process's; all of a cache should have the same.
 * Tags, prefixes and what is cleared need none of this: the entry is as old as the note, by that it
 * is judged wherever it is read.
 *
 * The right of a load elsewhere is taken as well, as by `fresh`; not that of one in this process,
 * which is newer. What is invalidated here counts from when it is asked for.
 *
 * Where the log is not heard (the store is away), nobody can say what others have invalidated: the
 * store is left alone, and memory serves what it keeps for as long after the note as it serves any
 * load of its own without a lease.
 *
 * Bounded: 2 048 keys at a time. A right lasts as long as all of this may take, and some seconds.
 */
import { addDependency } from './dependencies.js'
import type { Engine } from './engine.js'
import { fillUnasked, giveBack } from './fill.js'
import { Flight } from './flight.js'
import { mayRemember } from './keep.js'
import { type DependencyTags, LoadContext } from './loader-context.js'
import type { Policy } from './options.js'
import { RIGHT_MS } from './right-renewal.js'
import type { Space } from './space.js'
import { storeKeyOf } from './store-key.js'

/** `no-log`: a store that others share, and that tells of nothing they invalidate. */
export type UnfilledReason = 'unheard' | 'no-log'

export interface RecordFilled {
  /** Values that the record held. */
  readonly loaded: number
  /** Of these, how many are in the cache now. */
  readonly kept: number
  readonly reason: UnfilledReason | undefined
}

export interface RecordFill {
  readonly engine: Engine
  readonly space: Space
  readonly policy: Policy
  readonly load: () => Promise<ReadonlyMap<string, unknown>>
  /** Throws where the caller has left; asked before each slice. */
  readonly check: () => void
}

const SLICE_KEYS = 2_048

/** Rejects with what `load` or `check` does, and with what is wrong with a key. */
export async function fillFromRecord(request: RecordFill): Promise<RecordFilled> {
  const { coherence, invalidations, store, batch } = request.engine
  const isOurs = store?.shared !== true
  if (!isOurs && !(coherence.isShared && batch!.leases)) {
    return { loaded: 0, kept: 0, reason: 'no-log' }
  }
  if (!coherence.isJoined) await coherence.renew()
  const note = noteNow(request)
  try {
    const record = await loadCounted(request)
    const entries = [...record].map(([key, raw]) => entryOf(request, note, key, raw))
    for (let from = 0; from < entries.length; from += SLICE_KEYS) {
      request.check()
      await fillSlice(request, entries.slice(from, from + SLICE_KEYS))
    }
    await writesSettled(request.engine)
    const kept = entries.filter(({ isKept }) => isKept).length
    const isHeard = entries.every((each) => each.isHeard)
    return { loaded: entries.length, kept, reason: isHeard ? undefined : 'unheard' }
  } finally {
    invalidations.endLoad()
  }
}

interface Note {
  readonly since: number
  readonly born: number
  readonly keptBorn: number
  readonly beganMs: number
}

interface Entry {
  readonly key: string
  readonly raw: unknown
  /** In no table: nobody can join a load that has ended. */
  readonly flight: Flight
  isKept: boolean
  isHeard: boolean
}

/** As a load does when it begins. */
function noteNow({ engine, policy: { holdOffMs } }: RecordFill): Note {
  const { clock, coherence, invalidations } = engine
  const beganMs = clock.monotonicMs()
  const born = coherence.applied
  const keptBorn = holdOffMs > 0 ? coherence.appliedAt(beganMs - holdOffMs) : born
  return { since: invalidations.beginLoad(), born, keptBorn, beganMs }
}

async function loadCounted({ engine, space, load }: RecordFill) {
  const { clock, observer } = engine
  const startMs = clock.monotonicMs()
  let isFailed = true
  space.counters.loads++
  try {
    const record = await load()
    isFailed = false
    return record
  } finally {
    if (isFailed) space.counters.loadFailures++
    observer.timed('load', clock.monotonicMs() - startMs, isFailed)
  }
}

function entryOf({ engine, space }: RecordFill, note: Note, key: string, raw: unknown): Entry {
  const { since, born, keptBorn, beganMs } = note
  const storeKey = storeKeyOf(engine, space, key)
  const flight = new Flight({ owner: engine, storeKey, born, since, kind: 'fresh', beganMs })
  flight.keptBorn = keptBorn
  return { key, raw, flight, isKept: false, isHeard: true }
}

async function fillSlice(request: RecordFill, entries: readonly Entry[]): Promise<void> {
  const { coherence, batch, clock, store } = request.engine
  if (batch !== undefined) {
    const waitMs = coherence.isShared ? store!.writeDeadlineMs : 0
    let isHeard = await coherence.renew()
    const areTaken = isHeard && batch.leases
    const wanted = areTaken ? entries.filter((each) => mayFill(request, each)) : []
    await takeRights(request.engine, wanted, waitMs + RIGHT_MS)
    if (isHeard && coherence.isShared) {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, waitMs, false))
      isHeard = await coherence.renew()
    }
    if (!isHeard) for (const each of entries) leaveStore(request.engine, each)
  }
  // All of this turn: nothing is heard between the last look and the door.
  for (const each of entries) each.isKept = fillOne(request, each)
}

/**
 * Also not what something newer brings, and keys too long to be told of. A load that began here
 * after the right was taken waits for this fill.
 */
function mayFill({ engine, space }: RecordFill, { key, flight }: Entry): boolean {
  const { storeKey, since, beganMs, token } = flight
  if (!mayRemember(engine, key)) return false
  if (token === undefined && engine.flights.get(storeKey) !== undefined) return false
  if ((space.memory.view(key)?.loadedAtMs ?? beganMs) > beganMs) return false
  return engine.invalidations.isCurrent(space, storeKey, since)
}

/** One round trip for each 512. */
function takeRights(engine: Engine, entries: readonly Entry[], leaseMs: number): Promise<void> {
  let left = entries.length
  return new Promise((resolve) => {
    if (left === 0) resolve()
    for (const { flight } of entries) {
      const token = engine.nextToken()
      const finish = (_answer: unknown, _atMs: number, _aheadMs: number, isLeased: boolean) => {
        if (isLeased) flight.token = token
        if (--left === 0) resolve()
      }
      const read = { storeKey: flight.storeKey, finish }
      engine.batch!.lease(read, { token, leaseMs, how: 'take' })
    }
  })
}

function leaveStore(engine: Engine, entry: Entry): void {
  entry.isHeard = false
  giveBack(engine, entry.flight)
  entry.flight.token = undefined
}

function fillOne(request: RecordFill, entry: Entry): boolean {
  const { engine, space, policy } = request
  const { key, raw, flight } = entry
  flight.superseded = !mayFill(request, entry)
  const dependencies: DependencyTags = {
    withDependency: (...call) => addDependency(engine, space, ...call),
  }
  const context = new LoadContext(key, undefined, policy.tags, dependencies)
  const loadMs = engine.clock.monotonicMs() - flight.beganMs
  const onRefused = () => {
    entry.isKept = false
  }
  return fillUnasked(engine, { space, flight, context, policy, loadMs, onRefused }, raw)
}

/** Nobody waits for a fill but who counts them; by its deadline each has its answer. */
async function writesSettled({ batch, clock, store }: Engine): Promise<void> {
  if (batch === undefined) return
  await new Promise<void>((resolve) => {
    const timer = clock.setTimer(resolve, store!.writeDeadlineMs, false)
    void batch.idle().then(() => {
      timer.cancel()
      resolve()
    })
  })
}
