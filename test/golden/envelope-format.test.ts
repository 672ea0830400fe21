/** The bytes of entries in stores, version 1: written the same, and read for ever. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { admit } from '../../src/core/value.js'
import { entryCodec, testCodecs } from '../support/entry-codec.js'
import { isSame } from '../unit/odd-values.js'
import { ENVELOPE_CASES } from './envelope-cases.js'

interface Golden {
  readonly says: string
  readonly hex: string
}

const FOLDER = new URL('./envelope-v1/', import.meta.url)
const codec = entryCodec()
const codecs = testCodecs()

function golden(name: string, says: string, bytes: Buffer): Buffer {
  const file = new URL(`${name}.json`, FOLDER)
  if (!existsSync(file)) {
    const text = JSON.stringify({ says, hex: bytes.toString('hex') }, null, 2)
    throw new Error(
      `no golden bytes of '${name}'; if they are meant, write envelope-v1/${name}.json: ${text}`,
    )
  }
  return Buffer.from((JSON.parse(readFileSync(file, 'utf8')) as Golden).hex, 'hex')
}

describe('the envelope, version 1', () => {
  it.each(Object.entries(ENVELOPE_CASES))('%s', (name, { says, meta, value }) => {
    const admitted = admit(value)
    const bytes = codec.encodeNow({ ...meta, ...admitted })
    const held = golden(name, says, bytes)
    expect(bytes.toString('hex')).toBe(held.toString('hex'))
    const entry = codec.decodeNow(held)
    expect(entry).toMatchObject(meta)
    expect(typeof entry === 'object' && isSame(entry.value, admitted.value)).toBe(true)
  })

  it('the head of a counter', () => {
    const { meta } = ENVELOPE_CASES.number!
    const { head } = codecs.counterHead(meta, 0, 0)
    const bytes = Buffer.concat([head, Buffer.from('42')])
    expect(bytes.toString('hex')).toBe(golden('number', '', bytes).toString('hex'))
  })

  it('a patch of the life', () => {
    const { meta } = ENVELOPE_CASES.number!
    const held = golden('number', '', Buffer.alloc(0))
    const patched = Buffer.from(held)
    const life = codecs.lifePatch(0, 0)
    patched.set(life.bytes, life.offset)
    expect(patched).not.toEqual(held)
    const back = codecs.lifePatch(meta.freshUntilWallMs, meta.graceMs)
    patched.set(back.bytes, back.offset)
    expect(patched).toEqual(held)
  })

  it('has a case for each file', () => {
    const files = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''))
    expect(files.sort()).toEqual(Object.keys(ENVELOPE_CASES).sort())
  })
})
