/**
 * Entries of a snapshot, back into memory, if nothing has invalidated them since.
 *
 * With a log, three judges look at each, and any of them can refuse it:
 * - what the log has after the place at which the snapshot was begun, by key, tag, prefix or all;
 * - the mirror, as for an entry that a store has brought, by the entry's own `born`;
 * - the fence of this process. What it invalidates itself counts from its first moment: it drops
 *   keys when it is asked to, and nobody tells it of that again. What others invalidate counts from
 *   when records are applied here, which is before the log was asked.
 * The last two are asked in the turn in which the entry is put into memory. From then on it is an
 * entry like any other.
 *
 * Alone, nobody else can have invalidated anything, and the snapshot is of the moment after which
 * the process before did nothing any more: entries are as new as the start.
 */
import type { Decoded } from '../codec.js'
import type { InvalidatedSince } from '../coherence.js'
import type { DecodedEntry } from '../contracts.js'
import type { Engine } from '../engine.js'
import type { ColdReason } from '../events.js'
import { isCopied, mayRemember, weigh } from '../keep.js'
import { isolate, keepStored } from '../keep-stored.js'
import type { Space } from '../space.js'
import { passes } from '../standard-schema.js'
import { storeKeyOf } from '../store-key.js'
import type { Snapshot, SnapshotEntry } from './snapshot-format.js'
import { turn } from './turn.js'

export interface Restoring {
  readonly engine: Engine
  readonly snapshot: Snapshot
  /** Of its entries, the hottest, for which memory has room. */
  readonly count: number
  /** The fence's count at the start of the cache, as of a read that began then. */
  readonly bootSince: number
  /** How far the log was applied then, where there is none. */
  readonly bootApplied: number
  readonly isOver: () => boolean
}

export interface Restored {
  readonly taken: number
  readonly reason?: ColdReason | undefined
}

const SLICE_ENTRIES = 64
const SLICE_BYTES = 2 ** 18

interface Candidate {
  readonly space: Space
  readonly key: string
  readonly storeKey: string
  readonly entry: DecodedEntry
}

/** Where there is a log, it was joined. The coldest first, so that the hottest were used last. */
export async function restoreValues(restoring: Restoring): Promise<Restored> {
  const { engine, snapshot, count, isOver } = restoring
  const { coherence, invalidations } = engine
  // All of this turn: a record is either seen by the fence from here on, or asked for below.
  const since = invalidations.now
  const spaces = new Map([...engine.spaces()].map((space) => [space.name, space]))
  const asked = coherence.isShared ? coherence.invalidatedSince(snapshot.token) : undefined
  const later = await asked
  if (typeof later === 'string') return { taken: 0, reason: later }
  // A record for a namespace that was not there yet has passed the fence unseen.
  const find = (name: string) => (later === undefined ? engine.findSpace(name) : spaces.get(name))
  const restore = new ValueRestore(restoring, since, later, find)
  let taken = 0
  for (let end = count; end > 0; ) {
    if (isOver()) return { taken, reason: 'closed' }
    const slice = sliceBefore(snapshot, end)
    end -= slice.length
    taken += await restore.takeAll(slice)
    await turn()
  }
  return { taken }
}

/** Those before `end`, the last first. */
function sliceBefore(snapshot: Snapshot, end: number): SnapshotEntry[] {
  const slice: SnapshotEntry[] = []
  let bytes = 0
  while (slice.length < Math.min(SLICE_ENTRIES, end) && bytes < SLICE_BYTES) {
    const entry = snapshot.entryAt(end - 1 - slice.length)
    slice.push(entry)
    bytes += entry.value.length
  }
  return slice
}

class ValueRestore {
  readonly #engine: Engine
  readonly #bootSince: number
  readonly #bootApplied: number
  readonly #since: number
  readonly #later: InvalidatedSince | undefined
  readonly #find: (name: string) => Space | undefined

  constructor(
    { engine, bootSince, bootApplied }: Restoring,
    since: number,
    later: InvalidatedSince | undefined,
    find: (name: string) => Space | undefined,
  ) {
    this.#engine = engine
    this.#bootSince = bootSince
    this.#bootApplied = bootApplied
    this.#since = since
    this.#later = later
    this.#find = find
  }

  /** How many memory has taken. Never rejects. */
  async takeAll(slice: readonly SnapshotEntry[]): Promise<number> {
    const opened = await Promise.all(slice.map((each) => this.#open(each)))
    const candidates = opened.filter((each) => each !== undefined)
    const { coherence } = this.#engine
    // What was asked of the log here is asked in one go.
    await Promise.all(candidates.map(({ entry }) => coherence.learn(entry.tags, entry.born)))
    return candidates.filter((each) => this.#take(each)).length
  }

  async #open({ namespace, key, value }: SnapshotEntry): Promise<Candidate | undefined> {
    const space = this.#find(namespace)
    if (space === undefined || !mayRemember(this.#engine, key)) return undefined
    try {
      const storeKey = storeKeyOf(this.#engine, space, key)
      // A view of a large buffer would keep all of it, where a value holds bytes.
      const decoded = await space.codec.decode(storeKey, Uint8Array.from(value))
      const entry = this.#usable(space, key, decoded)
      if (entry === undefined) return undefined
      const { schema } = space
      const isValid = schema === undefined || (await passes(schema, entry.value))
      return isValid ? { space, key, storeKey, entry } : undefined
    } catch {
      // A codec may be the user's own, and so are the options for keys.
      return undefined
    }
  }

  #usable(space: Space, key: string, decoded: Decoded): DecodedEntry | undefined {
    if (decoded === 'tampered') space.counters.tampered++
    if (typeof decoded === 'string') return undefined
    const later = this.#later
    if (later === undefined) return { ...decoded, born: this.#bootApplied }
    return later.names(space.name, key, decoded.tags) ? undefined : decoded
  }

  #take({ space, key, storeKey, entry }: Candidate): boolean {
    const { clock, coherence, invalidations, store } = this.#engine
    if (!invalidations.isCurrent(space, storeKey, this.#bootSince)) return false
    if (!invalidations.isReadCurrent(space, storeKey, this.#since)) return false
    if (entry.born < (store?.bornFloor(storeKey) ?? 0)) return false
    if (coherence.judge(space.name, key, entry.tags, entry.born) !== 'current') return false
    // What is there is at least as new.
    if (space.memory.view(key) !== undefined) return false
    const freshUntilMs = entry.freshUntilWallMs - coherence.wallAheadMs
    if (freshUntilMs + entry.graceMs <= clock.monotonicMs()) return false
    try {
      const weightBytes = weigh(this.#engine, key, entry.value, isolate(this.#engine, entry))
      const copied = isCopied(this.#engine, entry)
      return keepStored(this.#engine, space, key, entry, copied, freshUntilMs, weightBytes)
    } catch {
      // What strangers wrote may decode and still not be what it says.
      return false
    }
  }
}
