/**
 * What sealing costs: entries that are encrypted against entries that are not, each encoded and
 * decoded once, by size.
 */
import type { DecodedEntry } from '../src/core/codec.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { codecWith } from './harness/plain-codec.js'
import { makeRow, type Row, type Size } from './harness/rows.js'
import { digest, timed } from './harness/timed.js'

const ROWS = 256
const CALLS: Readonly<Record<string, number>> = { '100 B': 50_000, '2 KB': 20_000, '50 KB': 1_000 }
const KEY = `bench:${Buffer.alloc(32, 7).toString('base64')}`

function subject(isSealed: boolean): StartSubject {
  return async (setting) => {
    const size = setting.params.size as Size
    const { codec, entryOf } = codecWith({ encrypt: isSealed }, { encryptionKeys: [KEY] })
    const entries = Array.from({ length: ROWS }, (_, id) => entryOf(makeRow(size, id)))
    // Nothing is compressed here: both ways are done at once.
    const bothWays = (at: number) => {
      const encoded = Buffer.from(codec.encode('k', entries[at % ROWS]!) as string)
      return { encoded, row: (codec.decode('k', encoded) as DecodedEntry).value as Row }
    }
    const all = entries.map((_, at) => bothWays(at))
    const content = digest(all.map(({ row }) => row))
    const calls = setting.tiny ? ROWS : CALLS[size]!
    const loop = () => {
      let sum = 0
      for (let call = 0; call < calls; call++) sum += bothWays(call).row.id
      return sum
    }
    const meanBytes = all.reduce((sum, { encoded }) => sum + encoded.length, 0) / ROWS
    const run = async () => ({
      ...(await timed(calls, content, loop)),
      figures: { 'bytes encoded': meanBytes },
    })
    return { run, stop: async () => {} }
  }
}

export const subjects = { plain: subject(false), sealed: subject(true) }

export const bench: Bench = {
  name: 'encryption',
  says: 'An entry encoded and decoded, sealed with AES-256-GCM against plain, by size.',
  async run(lab) {
    const rows = []
    for (const size of Object.keys(CALLS)) {
      const compared = await lab.compare({
        case: `both ways ${size}`,
        params: { size },
        bare: ['plain'],
        ours: [{ subject: 'sealed' }],
      })
      rows.push(...compared)
    }
    return rows
  },
}
