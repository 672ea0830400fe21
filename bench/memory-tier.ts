/**
 * The tier by itself against lru-cache, synchronously: hits, a mix of reads and writes, a fill
 * beside a source, writes that evict.
 *
 * `partition.hit` and `partition.write` are what the engine calls. Each write brings a new entry
 * object, as the engine makes one; lru-cache is given the value. Keys and values are made, and what
 * that leaves behind is collected, before the clock starts. Both have exactly the room of the case.
 */

import { LRUCache } from 'lru-cache'
import { systemClock } from '../src/core/clock.js'
import type { MemoryEntry } from '../src/core/contracts.js'
import { BoundedMemoryTier } from '../src/memory/index.js'
import type { Bench, Round, StartSubject } from './harness/bench.js'
import { memoryEntry } from './harness/memory-entry.js'
import { type Habit, type Requests, TierRequests, type Value } from './harness/tier-requests.js'
import { timed } from './harness/timed.js'

const TTL_MS = 600_000
const CALLS = 1_000_000
const TINY_CALLS = 1_000
const TINY_ENTRIES = 50

/** One loop for each habit, written out: a callback would cost as much as a hit. */
interface Loops extends Record<Habit, (requests: Requests) => number> {
  put(key: string, value: Value): void
  entryCount(): number
}

function subject(make: (entries: number) => Loops): StartSubject {
  return async ({ tiny, params }) => {
    const habit = params.habit as Habit
    const entries = tiny ? TINY_ENTRIES : Number(params.entries)
    const calls = tiny ? TINY_CALLS : CALLS
    const demand = new TierRequests(habit, entries, calls)
    const loops = make(entries)
    for (const { key, value } of demand.first) loops.put(key, value)
    const run = async (round: number): Promise<Round> => {
      const requests = demand.next(round)
      // What making them has left behind would be collected while a subject is timed: by the one
      // that allocates, which is ours.
      globalThis.gc?.()
      const result = await timed(calls, habit, () => loops[habit](requests))
      if (loops.entryCount() <= entries) return result
      throw new Error(`${loops.entryCount()} entries in room for ${entries}`)
    }
    return { run, stop: async () => {} }
  }
}

function lruLoops(entries: number): Loops {
  const lru = new LRUCache<string, Value>({ max: entries })
  return {
    put: (key, value) => lru.set(key, value),
    entryCount: () => lru.size,
    hit({ keys }) {
      let sum = 0
      for (const key of keys) sum += lru.get(key)!.id
      return sum
    },
    mixed({ keys, values, sets }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        const value = values[at]!
        if (sets[at] === 1) {
          lru.set(keys[at]!, value)
          sum += value.id
        } else sum += (lru.get(keys[at]!) ?? value).id
      }
      return sum
    },
    fill({ keys, values }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        const found = lru.get(keys[at]!)
        if (found === undefined) lru.set(keys[at]!, values[at]!)
        sum += (found ?? values[at]!).id
      }
      return sum
    },
    set({ keys, values }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        lru.set(keys[at]!, values[at]!)
        sum += values[at]!.id
      }
      return sum
    },
  }
}

function tierLoops(entries: number, entryOf: (value: Value) => MemoryEntry): Loops {
  const tier = new BoundedMemoryTier({
    ...{ maxEntries: entries, maxBytes: Number.POSITIVE_INFINITY, clock: systemClock },
  })
  const partition = tier.partition('')
  return {
    put: (key, value) => partition.write(key, entryOf(value)),
    entryCount: () => tier.entryCount,
    hit({ keys }) {
      let sum = 0
      for (const key of keys) sum += (partition.hit(key) as Value).id
      return sum
    },
    mixed({ keys, values, sets }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        const value = values[at]!
        if (sets[at] === 1) {
          partition.write(keys[at]!, entryOf(value))
          sum += value.id
        } else sum += ((partition.hit(keys[at]!) as Value | undefined) ?? value).id
      }
      return sum
    },
    fill({ keys, values }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        const found = partition.hit(keys[at]!) as Value | undefined
        if (found === undefined) partition.write(keys[at]!, entryOf(values[at]!))
        sum += (found ?? values[at]!).id
      }
      return sum
    },
    set({ keys, values }) {
      let sum = 0
      for (let at = 0; at < keys.length; at++) {
        partition.write(keys[at]!, entryOf(values[at]!))
        sum += values[at]!.id
      }
      return sum
    },
  }
}

const entryWithTtl = (value: Value): MemoryEntry =>
  memoryEntry(value, systemClock.monotonicMs() + TTL_MS)

export const subjects = {
  'lru-cache': subject(lruLoops),
  tier: subject((entries) => tierLoops(entries, (value) => memoryEntry(value))),
  'tier, ttl': subject((entries) => tierLoops(entries, entryWithTtl)),
}

interface Case {
  readonly habit: Habit
  readonly says: string
  readonly sizes: Readonly<Record<string, number>>
  readonly target: number
  /** What entries with a ttl are to reach, against lru-cache without. */
  readonly targetWithTtl?: number
}

const CASES: readonly Case[] = [
  {
    ...{ habit: 'hit', says: 'get, all hits, Zipf', target: 1.15, targetWithTtl: 0.95 },
    sizes: { '1 k': 1_000, '100 k': 100_000, '1 M': 1_000_000 },
  },
  {
    ...{ habit: 'mixed', says: '75 % get, 25 % set, half of them new keys', target: 1 },
    sizes: { '100 k': 100_000 },
  },
  {
    ...{ habit: 'fill', says: 'get, on a miss set, Zipf over ten times as many', target: 1.1 },
    sizes: { '10 k': 10_000, '100 k': 100_000 },
  },
  { habit: 'set', says: 'set, always new keys', target: 0.5, sizes: { '100 k': 100_000 } },
]

export const bench: Bench = {
  name: 'memory-tier',
  says:
    'The tier (`partition.hit`, `partition.write`) against `get` and `set` of lru-cache, both ' +
    'synchronous, with room for as many entries as the case says; "ttl" is ten minutes, against ' +
    'lru-cache without one. Zipf with exponent 0.99.',
  async run(lab) {
    const rows = []
    for (const { habit, says, sizes, target, targetWithTtl } of CASES) {
      for (const [size, entries] of Object.entries(sizes)) {
        const withTtl = { subject: 'tier, ttl', target: targetWithTtl }
        const compared = await lab.compare({
          case: `${size} entries: ${says}`,
          params: { habit, entries },
          bare: ['lru-cache'],
          ours: [{ subject: 'tier', target }, ...(targetWithTtl === undefined ? [] : [withTtl])],
        })
        rows.push(...compared)
      }
    }
    return rows
  },
}
