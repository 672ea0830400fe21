/**
 * A value is the same from every real store, over each client library of Redis, as it was given.
 * Many keys a call, so that the values are what takes the time.
 */

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, createCache } from '../../src/index.js'
import { EXTREME_VALUES } from '../support/extreme-values.js'
import { PATIENT } from '../support/patient.js'
import { type FilePlace, QUIET_PLACES } from '../support/places.js'
import { changeOf, differenceOf } from '../support/same-value.js'
import { type Structured, structuredValues } from '../support/structured-values.js'
import { until } from '../support/watched-store.js'

const RUNS = 150
const FORMAT_RUNS = 20
const FORMATS = {
  encryptionKeys: [{ id: 'a', key: randomBytes(32) }],
  namespaces: {
    compressed: { compress: { threshold: 64, dictionary: true } },
    sealed: { encrypt: true },
    both: { encrypt: true, compress: { algorithm: 'brotli', threshold: 64 } },
  },
} as const

/** Two pieces, made in another thread. */
function makeLarge(): unknown {
  return { text: 'many of the same '.repeat(100_000), at: [new Date(5), new Map([['k', 1n]])] }
}

/** A large value may take long on a busy machine, which is no fault of fidelity. */

describe.each(QUIET_PLACES)('values: $name', ({ start }) => {
  let server: Awaited<ReturnType<FilePlace['start']>>
  let writer: Cache
  let reader: Cache
  let keys = 0

  const open = (): Cache =>
    createCache({ store: server.store(), memory: false, ...PATIENT, ...FORMATS })
  beforeAll(async () => {
    server = await start()
    ;[writer, reader] = [open(), open()]
    for (const cache of [writer, reader]) await until(() => cache.set('up', 1), 'connected')
  })
  afterAll(async () => {
    await Promise.all([writer?.close(), reader?.close()])
    await server?.stop()
  })

  async function expectSame(given: readonly Structured[], namespace = 'plain'): Promise<void> {
    const pairs = given.map(({ value }) => [`k${++keys}`, value] as const)
    expect(await writer.namespace(namespace).setMany(pairs)).toBe(true)
    const kept = await reader.namespace(namespace).getMany(pairs.map(([key]) => key))
    const differences = given.map(({ value, twin }, at) => [
      differenceOf(kept[at], value),
      changeOf(value, twin),
    ])
    expect(differences).toEqual(given.map(() => [undefined, undefined]))
  }

  it('are the same as they were given', async () => {
    const some = fc.array(structuredValues, { minLength: 1, maxLength: 8, size: 'max' })
    const property = fc.asyncProperty(some, (given) => expectSame(given))
    await fc.assert(property, { numRuns: RUNS })
  })

  it.each(Object.entries(EXTREME_VALUES))('are the same as they were given: %s', (_, make) =>
    expectSame([{ value: make(), twin: make() }]),
  )

  describe.each(Object.keys(FORMATS.namespaces))('%s', (namespace) => {
    it('are the same', async () => {
      const some = fc.array(structuredValues, { minLength: 1, maxLength: 8, size: 'max' })
      const property = fc.asyncProperty(some, (given) => expectSame(given, namespace))
      await fc.assert(property, { numRuns: FORMAT_RUNS })
    })

    it('are the same where they are large', () =>
      expectSame([{ value: makeLarge(), twin: makeLarge() }], namespace))
  })
})
