/**
 * Loops of hits over the same rows in the same order, each against lru-cache: what bench/memory-hit
 * and bench/coherence share.
 */
import { LRUCache } from 'lru-cache'
import type { Round, Setting, StartSubject } from './bench.js'
import { zipf } from './demand.js'
import { makeRow, type Row } from './rows.js'
import { digest, timed } from './timed.js'

const KEYS = 10_000
export const MAX_ENTRIES = 50_000

/** One round of hits over `keys`; sums the ids of what came back. */
export type Loop = (keys: readonly string[]) => Promise<number>

export interface Hitter {
  readonly loop: Loop
  peek(key: string): Row | undefined
  /** Gets so far that memory did not answer. */
  misses?(): number
  close?(): Promise<void>
}

export type Rows = readonly (readonly [key: string, row: Row])[]

export function hitSubject(make: (rows: Rows, setting: Setting) => Promise<Hitter>): StartSubject {
  return async (setting) => {
    const count = setting.tiny ? 100 : KEYS
    const rows: Rows = Array.from({ length: count }, (_, id) => [
      `user:${id}`,
      makeRow('100 B', id),
    ])
    const hitter = await make(rows, setting)
    const content = digest(rows.map(([key]) => hitter.peek(key)))
    const keys = demand(setting, rows)
    const run = async (): Promise<Round> => {
      const missesBefore = hitter.misses?.() ?? 0
      const round = await timed(keys.length, content, () => hitter.loop(keys))
      const misses = (hitter.misses?.() ?? 0) - missesBefore
      return { ...round, figures: { 'not from memory': misses } }
    }
    const stop = async () => hitter.close?.()
    return { run, stop }
  }
}

function demand(setting: Setting, rows: Rows): string[] {
  const calls = setting.tiny ? 1_000 : 1_000_000
  if (setting.params.demand === 'hot') return new Array<string>(calls).fill(rows[7]![0])
  return zipf(rows.length, calls).map((at) => rows[at]![0])
}

export function filledLru(rows: Rows): LRUCache<string, Row> {
  const lru = new LRUCache<string, Row>({ max: MAX_ENTRIES })
  for (const [key, row] of rows) lru.set(key, row)
  return lru
}

/** The bare look-up of something that may have to be waited for. */
export const awaitedLru = hitSubject(async (rows) => {
  const lru = filledLru(rows)
  const loop: Loop = async (keys) => {
    let sum = 0
    for (const key of keys) sum += (await Promise.resolve(lru.get(key)))!.id
    return sum
  }
  return { loop, peek: (key) => lru.peek(key) }
})
