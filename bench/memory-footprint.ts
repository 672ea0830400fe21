/**
 * What an entry costs on the heap beside its key and its value: the tier in four forms, lru-cache
 * in the same, and a whole `createCache`.
 *
 * Each figure comes from a fresh process, which makes keys and values first and keeps them,
 * collects garbage before and after it fills the container, and counts buffers outside of the heap.
 * Values are strings, so that a cache keeps them as they are.
 */

import { LRUCache } from 'lru-cache'
import { systemClock } from '../src/core/clock.js'
import { createCache } from '../src/index.js'
import { BoundedMemoryTier } from '../src/memory/index.js'
import type { Bench, Round, Row, Setting, StartSubject } from './harness/bench.js'
import { heldBytes } from './harness/held-bytes.js'
import { atMost, type Lab } from './harness/lab.js'
import { memoryEntry } from './harness/memory-entry.js'
import { spread } from './harness/stats.js'
import { digest } from './harness/timed.js'

const ENTRIES = 100_000
const TINY_ENTRIES = 1_000
const PROCESSES = 7
const TTL_MS = 600_000
const WEIGHT_BYTES = 100
const MAX_BYTES = 1_024 ** 3

/** What the container knows of each entry. */
interface Form {
  readonly isWeighed: boolean
  readonly hasTtl: boolean
}

type Pairs = readonly (readonly [key: string, value: string])[]
type Read = (key: string) => unknown
/** A container with all pairs, as a way to read it. */
type Fill = (pairs: Pairs, maxEntries: number, form: Form) => Promise<Read>

function makePairs(count: number): Pairs {
  return Array.from({ length: count }, (_, id) => [`key:${id}`, `value:${id}`] as const)
}

function onHeap(fill: Fill): StartSubject {
  return async ({ tiny, params }: Setting) => {
    const form = { isWeighed: params.isWeighed === true, hasTtl: params.hasTtl === true }
    const pairs = makePairs(tiny ? TINY_ENTRIES : ENTRIES)
    const run = async (): Promise<Round> => {
      const { length } = pairs
      // In little room: arrays that are made at once would count as there before.
      await fill(pairs.slice(0, 10), 10, form)
      const before = heldBytes()
      const read = await fill(pairs, length, form)
      const bytes = (heldBytes() - before) / length
      const answers = digest(pairs.map(([key]) => read(key)))
      return { operations: length, elapsedMs: 0, cpuMs: 0, answers, figures: { bytes } }
    }
    return { run, stop: async () => {} }
  }
}

const fillTier: Fill = async (pairs, maxEntries, { isWeighed, hasTtl }) => {
  const maxBytes = isWeighed ? MAX_BYTES : Number.POSITIVE_INFINITY
  const tier = new BoundedMemoryTier({ maxEntries, maxBytes, clock: systemClock })
  const partition = tier.partition('')
  const untilMs = hasTtl ? systemClock.monotonicMs() + TTL_MS : Number.POSITIVE_INFINITY
  for (const [key, value] of pairs) {
    partition.write(key, memoryEntry(value, untilMs, isWeighed ? WEIGHT_BYTES : 0))
  }
  return (key) => partition.glance(key)
}

const fillLru: Fill = async (pairs, max, { isWeighed, hasTtl }) => {
  const lru = new LRUCache<string, string>({
    max,
    ...(isWeighed ? { maxSize: MAX_BYTES, sizeCalculation: () => WEIGHT_BYTES } : {}),
    ...(hasTtl ? { ttl: TTL_MS } : {}),
  })
  for (const [key, value] of pairs) lru.set(key, value)
  return (key) => lru.peek(key)
}

const fillCache: Fill = async (pairs, maxEntries) => {
  const cache = createCache({ memory: { maxEntries } })
  for (const [key, value] of pairs) await cache.set(key, value)
  return (key) => cache.peek(key)
}

export const subjects = {
  'lru-cache': onHeap(fillLru),
  tier: onHeap(fillTier),
  createCache: onHeap(fillCache),
}

const FORMS: readonly (Form & { readonly name: string; readonly limit: number })[] = [
  { name: 'bare', isWeighed: false, hasTtl: false, limit: 80 },
  { name: 'with weights', isWeighed: true, hasTtl: false, limit: 88 },
  { name: 'with a ttl', isWeighed: false, hasTtl: true, limit: 96 },
  { name: 'with both', isWeighed: true, hasTtl: true, limit: 104 },
]

/** Each in a process of its own. */
async function measure(lab: Lab, name: string, form: Form): Promise<Round[]> {
  const rounds: Round[] = []
  for (let round = 0; round < (lab.tiny ? 1 : PROCESSES); round++) {
    const host = await lab.host(name, { isWeighed: form.isWeighed, hasTtl: form.hasTtl })
    rounds.push(await host.run(round))
    await host.end()
  }
  return rounds
}

/** `limit`: of bytes; absent for what has none. */
async function rowOf(
  lab: Lab,
  name: string,
  subject: string,
  form: Form,
  limit?: number,
): Promise<Row> {
  const rounds = await measure(lab, subject, form)
  const right = digest(makePairs(rounds[0]!.operations).map(([, value]) => value))
  return lab.report({
    ...{ case: `heap per entry, ${name}`, subject, against: '', unit: 'B' },
    ...spread(rounds.map(({ figures }) => figures!.bytes!)),
    ...(limit === undefined ? {} : { target: atMost(limit) }),
    figures: {},
    answers: rounds[0]!.answers,
    isRight: rounds.every(({ answers }) => answers === right),
  })
}

export const bench: Bench = {
  name: 'memory-footprint',
  says:
    'Bytes of an entry on the heap beside its key and its value, of 100 000 entries in room for ' +
    'as many, garbage collected and buffers counted: the tier and lru-cache in four forms, and a ' +
    'cache with its default options (both bounds, ttl).',
  columns: [],
  async run(lab) {
    const rows: Row[] = []
    for (const { name, limit, ...form } of FORMS) {
      rows.push(await rowOf(lab, name, 'lru-cache', form))
      rows.push(await rowOf(lab, name, 'tier', form, limit))
    }
    rows.push(await rowOf(lab, 'a whole cache', 'createCache', FORMS.at(-1)!))
    return rows
  },
}
