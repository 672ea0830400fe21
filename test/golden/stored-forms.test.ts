/** The bytes of compressed, sealed and other special entries, version 1: read for ever. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Dictionary } from '../../src/codecs/compression/dictionaries/dictionary.js'
import { FIXED_BYTES } from '../../src/codecs/envelope.js'
import type { DecodedEntry, EntryMeta } from '../../src/core/codec.js'
import { admit } from '../../src/core/value.js'
import { entryCodec } from '../support/entry-codec.js'
import { MapShelf } from '../support/map-shelf.js'
import { GOLDEN_DICTIONARY, STORED_FORM_CASES, type StoredFormCase } from './stored-form-cases.js'

const FOLDER = new URL('./stored-forms-v1/', import.meta.url)
const META: EntryMeta = {
  born: 7,
  freshUntilWallMs: Date.UTC(2026, 0, 1),
  graceMs: 3_600_000,
  loadMs: 42,
  tags: ['team:7'],
}
/** Where the store keeps a dictionary: its head is that of an entry which no sweep takes. */
const DICTIONARY_NAME = `dictionary:n:${new Dictionary(GOLDEN_DICTIONARY).id}`

async function codecFor({ options }: StoredFormCase) {
  const shelf = new MapShelf()
  const head = Buffer.alloc(FIXED_BYTES, 0x7f)
  await shelf.put(DICTIONARY_NAME, Buffer.concat([head, GOLDEN_DICTIONARY]))
  return entryCodec({ ...options, shelf })
}

function golden(name: string): Buffer {
  const { hex } = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
  return Buffer.from(hex, 'hex')
}

const entryOf = ({ value, options }: StoredFormCase) => {
  const classes = typeof options.codec === 'object' && 'of' in options.codec
  return { ...META, ...admit(value, true, classes ? { classes: options.codec as never } : {}) }
}

describe('stored forms, version 1', () => {
  it.each(Object.entries(STORED_FORM_CASES))('%s is read', async (name, form) => {
    const codec = await codecFor(form)
    const entry = (await codec.decode(golden(name))) as DecodedEntry
    expect(entry).toMatchObject(META)
    expect(entry.value).toStrictEqual(form.value)
  })

  const stable = Object.entries(STORED_FORM_CASES).filter(([, { isStable }]) => isStable)
  it.each(stable)('%s is written the same', async (name, form) => {
    const bytes = await (await codecFor(form)).encode(entryOf(form))
    expect(bytes.toString('hex')).toBe(golden(name).toString('hex'))
  })

  it('have a case for each file', () => {
    const files = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''))
    expect(files.sort()).toEqual(Object.keys(STORED_FORM_CASES).sort())
  })
})
