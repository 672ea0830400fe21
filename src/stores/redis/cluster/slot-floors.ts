/**
 * What a server of a cluster may have brought back, fenced.
 *
 * Replication is asynchronous: a replica that takes over may never have heard of the last deletes,
 * and a server that restarts comes with what it last wrote to disk. The log lies elsewhere and
 * knows nothing of it. So each life of each server (its run id and its replication id) has a
 * number: that of a record which was appended when a process met it for the first time. In the
 * slots it had then, whatever was born before that record is out of date.
 *
 * The numbers are kept beside the log, by slots and not by servers, since slots move. Bounded: of
 * more than 2 000 lives the oldest is let go of, and the floor of the whole log rises to its
 * number.
 */
import { script } from '../scripts.js'
import type { Greeting } from './cluster-node.js'
import type { SlotRange } from './cluster-view.js'
import { SLOT_COUNT } from './key-slot.js'

/** Twice as many as a cluster may have nodes. */
const MAX_LIVES = 2_000

/**
 * KEYS: lives, state; ARGV: life, its number and slots or '' to ask only. Answers each life with
 * its number and slots: those of whoever came first.
 */
export const LIVES = script(`
if ARGV[2] ~= '' and redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1
    and redis.call('HLEN', KEYS[1]) > ${MAX_LIVES} then
  local all, oldest, name = redis.call('HGETALL', KEYS[1])
  for at = 2, #all, 2 do
    local seq = tonumber(string.match(all[at], '^%d+'))
    if not oldest or seq < oldest then oldest, name = seq, all[at - 1] end
  end
  redis.call('HDEL', KEYS[1], name)
  local floor = tonumber(redis.call('HGET', KEYS[2], 'floor') or '0')
  if oldest > floor then redis.call('HSET', KEYS[2], 'floor', string.format('%.0f', oldest)) end
end
return redis.call('HGETALL', KEYS[1])`)

/** What it takes to number a life. */
export interface LivesBook {
  /** Runs LIVES. */
  lives(life: string, entry: string): Promise<readonly unknown[]>
  /** Appends a record that invalidates nothing; resolves to its number. */
  mark(): Promise<number>
}

export class SlotFloors {
  readonly #floors = new Float64Array(SLOT_COUNT)
  #known = new Set<string>()

  /** Below which `born` what lies in the slot is out of date. */
  at(slot: number): number {
    return this.#floors[slot]!
  }

  /** Resolves once the life has its number, and all others are known here. */
  async admit({ life, ranges }: Greeting, book: LivesBook): Promise<void> {
    if (this.#known.has(life)) return
    this.#learn(await book.lives(life, ''))
    if (this.#known.has(life)) return
    // After the server was met as a master: every delete that it may lack has a lower number.
    const seq = await book.mark()
    this.#learn(await book.lives(life, `${seq} ${rangesText(ranges)}`))
  }

  #learn(lives: readonly unknown[]): void {
    this.#known = new Set()
    for (let i = 0; i < lives.length; i += 2) {
      this.#known.add(String(lives[i]))
      const [seq, ranges = ''] = String(lives[i + 1]).split(' ')
      for (const range of ranges.split(',')) this.#raise(range, Number(seq))
    }
  }

  #raise(range: string, seq: number): void {
    const [from, to] = range.split('-').map(Number) as [number, number]
    for (let slot = from; slot <= to; slot++) {
      this.#floors[slot] = Math.max(this.#floors[slot]!, seq)
    }
  }
}

function rangesText(ranges: readonly SlotRange[]): string {
  return ranges.map(({ from, to }) => `${from}-${to}`).join(',')
}
