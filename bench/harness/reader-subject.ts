/**
 * A subject that reads rows by their keys, some at once. The sequence of keys is the same for all
 * of them, and every get is of another key than those around it.
 */
import type { Setting, StartSubject } from './bench.js'
import { inGroups } from './in-flight.js'
import { makeRow, type Row, type Size } from './rows.js'
import { digest, timed } from './timed.js'

const KEYS = 1_024
/** Coprime to KEYS: neighbours in time are strangers, and 1 024 calls meet each key once. */
const STRIDE = 7
/** Calls in a round: some tenths of a second. */
const CALLS: Record<string, { one: number; many: number }> = {
  '100 B': { one: 4_096, many: 32_768 },
  '2 KB': { one: 4_096, many: 16_384 },
  '50 KB': { one: 1_024, many: 1_024 },
}

export interface Reader {
  get(key: string): Promise<Row | undefined>
  seed(entries: readonly [string, Row][]): Promise<void>
  /** Gets that the store did not answer, so far. */
  misses(): number
  close(): Promise<void>
}

export function readerSubject(make: (setting: Setting) => Promise<Reader>): StartSubject {
  return async (setting) => {
    const size = setting.params.size as Size
    const atOnce = setting.params.atOnce as number
    const keys = Array.from({ length: KEYS }, (_, id) => `${size.replace(' ', '')}:${id}`)
    const reader = await make(setting)
    await reader.seed(keys.map((key, id) => [key, makeRow(size, id)]))
    const read: unknown[] = []
    for (const key of keys) read.push(await reader.get(key))
    const content = digest(read)
    const { one, many } = CALLS[size]!
    const calls = setting.tiny ? Math.max(64, atOnce) : atOnce === 1 ? one : many
    const missesBefore = reader.misses()
    return {
      run: async (round) => {
        const keyOf = (call: number) => keys[((call + round * calls) * STRIDE) & (KEYS - 1)]!
        const result = await timed(calls, content, () =>
          inGroups(
            calls,
            atOnce,
            (call) => reader.get(keyOf(call)),
            // What was missed makes the answers wrong.
            (row) => row?.id ?? -1,
          ),
        )
        return { ...result, figures: { 'not from the store': reader.misses() - missesBefore } }
      },
      stop: () => reader.close(),
    }
  }
}
