/**
 * The Redis store against the in-process store as judge: random calls, random bytes, odd keys.
 *
 * A failing run prints its seed and the shortest sequence of calls.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/contracts.js'
import { inProcessStore } from '../../src/testing/index.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'
import { watched } from '../support/watched-store.js'

type Call = (store: Store, prefix: string) => Promise<unknown>

const name = fc.constantFrom('a', 'a*', 'a?', '[ab]', '\\', 'é🧊', '\n', '\0', '__proto__', 'b')
const names = fc.array(name, { maxLength: 6 })
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constant(new Uint8Array(0)),
  // Looks like a counter now and then.
  fc.integer().map((n) => Buffer.concat([Uint8Array.of(7, 2), Buffer.from(String(n))])),
)
const ttlMs = fc.constantFrom(600_000, 1e9, Number.POSITIVE_INFINITY)
const head = fc.constantFrom(Uint8Array.of(7, 2), Uint8Array.of(7, 3), Uint8Array.of(9, 2))

const call: fc.Arbitrary<Call> = fc.oneof(
  names.map(
    (all): Call =>
      async (store, at) => {
        const values = await store.getMany(all.map((one) => at + one))
        return values.map(legible)
      },
  ),
  fc.array(fc.record({ name, bytes, ttlMs }), { maxLength: 5 }).map(
    (writes): Call =>
      (store, at) =>
        store.setMany(writes.map((write) => ({ ...write, key: at + write.name }))),
  ),
  names.map(
    (all): Call =>
      (store, at) =>
        store.deleteMany(all.map((one) => at + one)),
  ),
  fc.tuple(name, fc.nat(45), fc.uint8Array({ maxLength: 8 }), ttlMs).map(
    ([one, offset, patch, ttl]): Call =>
      (store, at) =>
        store.patch(at + one, offset, patch, ttl),
  ),
  fc.tuple(name, fc.maxSafeInteger(), head, ttlMs).map(
    ([one, by, front, ttl]): Call =>
      (store, at) =>
        store.increment(at + one, by, front, ttl),
  ),
  name.map(
    (one): Call =>
      async (store, at) => {
        const found = new Set<string>()
        for await (const page of store.scan(at + one)) for (const key of page) found.add(key)
        return [...found].sort()
      },
  ),
)

/** Sums past 2^53: one number, which may be written with an exponent or without. */
const PAST_WHOLE: readonly Call[] = [
  (store, at) => store.increment(`${at}a`, 2 ** 53 - 1, Uint8Array.of(7, 2), 600_000),
  (store, at) => store.increment(`${at}a`, 25_464_572_389, Uint8Array.of(7, 2), 600_000),
  async (store, at) => (await store.getMany([`${at}a`])).map(legible),
]

function legible(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const number = Number(Buffer.from(bytes.subarray(2)).toString('latin1'))
  if (!(Math.abs(number) > 2 ** 53)) return Buffer.from(bytes).toString('hex')
  return `${bytes[0]} ${bytes[1]} ${number}`
}

describe.each(QUIET_PLACES)('model: $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  it('answers as the in-process store does', async () => {
    const { store, up } = watched(server.store())
    const model = inProcessStore()
    await Promise.all([up(), watched(model).up()])
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
        run += 1
        for (const one of calls) {
          const [real, expected] = await Promise.all([
            outcome(one(store, `${run}:`)),
            outcome(one(model, `${run}:`)),
          ])
          expect(real).toEqual(expected)
        }
      }),
      { numRuns: 150, examples: [[[...PAST_WHOLE]]] },
    )
    await store.close()
  })
})

/** What came of a call: its answer, or the code of its error. */
function outcome(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: { code?: string }) => `rejected: ${error.code}`)
}
