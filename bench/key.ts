/**
 * Encoding a key: the loop over its units that the package uses, against the pattern that it
 * replaced.
 */
import { encodeKey } from '../src/core/key.js'
import type { Bench, StartSubject } from './harness/bench.js'
import { digest, timed } from './harness/timed.js'

const KEYS = 1_000
const CALLS = 5_000_000
/** What must be escaped: the first tilde, braces, any surrogate that might be alone. */
const SUSPICIOUS = /^~|[{}\ud800-\udfff]/

const KINDS: Record<string, (id: number) => string> = {
  short: (id) => `user:${id}`,
  'of 40 characters': (id) => `tenant:acme-7:invoices:2026-11:page:${10_000 + id}`,
  'with an accent': (id) => `city:Zürich:${id}`,
  'with an emoji': (id) => `mood:🙂:${id}`,
}

function subject(encode: (key: string) => string): StartSubject {
  return async (setting) => {
    const keys = Array.from({ length: KEYS }, (_, id) => KINDS[setting.params.kind as string]!(id))
    const content = digest(keys.map(encode))
    const calls = setting.tiny ? KEYS : CALLS
    const loop = () => {
      let sum = 0
      for (let call = 0; call < calls; call++) sum += encode(keys[call % KEYS]!).length
      return sum
    }
    return { run: () => timed(calls, content, loop), stop: async () => {} }
  }
}

export const subjects = {
  loop: subject((key) => encodeKey(key, 'hash')),
  pattern: subject((key) => (SUSPICIOUS.test(key) ? encodeKey(key, 'hash') : key)),
}

export const bench: Bench = {
  name: 'key',
  says: 'Encoding a key by a loop over its units, against a regular expression for the same test.',
  async run(lab) {
    const rows = []
    for (const kind of Object.keys(KINDS)) {
      const compared = await lab.compare({
        case: `key ${kind}`,
        params: { kind },
        bare: ['pattern'],
        ours: [{ subject: 'loop' }],
      })
      rows.push(...compared)
    }
    return rows
  },
}
