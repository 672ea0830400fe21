/**
 * Damaged entries and bombs through every decoder: no throw, no prototype touched, no call that
 * takes long or much room. The long form is `npm run fuzz`.
 */
import { describe, expect, it } from 'vitest'
import { faultOfAnswer } from '../support/decoded-judge.js'
import { DECODER_BOMBS } from '../support/decoder-bombs.js'
import { entryCodec } from '../support/entry-codec.js'
import { entryCorpus, FUZZ_KEYS, fuzzRegistry } from '../support/entry-corpus.js'
import { fuzzDecoders, MAX_CALL_BYTES, MAX_CALL_MS } from '../support/fuzz-decoders.js'
import { measuredCall } from '../support/measured-call.js'

const FRESH_SEED = Date.now() % 1_000_000
const SEEDS = [1, 2, 3, 4, FRESH_SEED]
const INPUTS = 10_000
const TRIES = 3

describe('a damaged entry', () => {
  it.each(SEEDS)('is an entry or a fault (seed %i)', async (seed) => {
    const { failures, inputs, outcomes } = await fuzzDecoders({ seed, runs: INPUTS })
    expect(failures).toEqual([])
    expect(inputs).toBe(INPUTS)
    // Many are harmless, or nothing of it would have been read.
    expect(outcomes['an entry']).toBeGreaterThan(INPUTS / 50)
  })

  it('was whole before', async () => {
    const codec = entryCodec({ encryptionKeys: FUZZ_KEYS, codec: fuzzRegistry() })
    for (const { name, bytes } of await entryCorpus()) {
      const answer = await codec.decode(bytes)
      const isOthers = name.includes('dictionary') || name.includes('codec of its own')
      if (!isOthers) expect(answer, name).toBeTypeOf('object')
    }
  })
})

describe('a bomb', () => {
  const codec = entryCodec({ encryptionKeys: FUZZ_KEYS })

  it.each(Object.entries(DECODER_BOMBS))('takes little: %s', async (_, make) => {
    const bytes = make()
    expect(bytes.length).toBeLessThanOrEqual(2 ** 17)
    const calls = []
    for (let tries = 0; tries < TRIES; tries++) {
      calls.push(await measuredCall(() => codec.decode(bytes)))
    }
    const { answer, error } = calls[0]!
    expect(error).toBeUndefined()
    expect(faultOfAnswer(answer!)).toBeUndefined()
    expect(Math.min(...calls.map((call) => call.ms))).toBeLessThan(MAX_CALL_MS)
    expect(Math.min(...calls.map((call) => call.bytes))).toBeLessThan(MAX_CALL_BYTES)
  })
})
