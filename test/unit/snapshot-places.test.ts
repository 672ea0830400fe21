/** Where snapshots lie: whole or not there, whoever else writes, and whatever strangers leave. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ShelfPlace } from '../../src/core/warm-restart/shelf-place.js'
import { SnapshotFile } from '../../src/memory/index.js'
import { MapShelf } from '../support/map-shelf.js'
import { aloneOn, processesOver, snapshotPath } from './restarted-caches.js'
import { gate } from './tracked-cache.js'

const ALWAYS = { mayReplace: () => true, notWithinMs: 0 }
const ROOM = 2 ** 20
const OLD_MS = 3_600_000

async function* partsOf(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text)
}

describe('a snapshot in a file', () => {
  it('is replaced as a whole, or not at all', async () => {
    const path = snapshotPath()
    const file = new SnapshotFile(path)
    expect(await file.read(ROOM)).toBeUndefined()
    expect(await file.write(partsOf('one ', 'whole'), ALWAYS)).toBe(true)
    expect(await file.write(partsOf('other'), { ...ALWAYS, mayReplace: () => false })).toBe(false)
    expect(await file.write(partsOf(), ALWAYS)).toBe(false)
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('in the middle')
    }
    await expect(file.write(broken(), ALWAYS)).rejects.toThrow('in the middle')
    expect(String(await file.read(ROOM))).toBe('one whole')
    expect(await file.read(8)).toBe('too-large')
    expect(readdirSync(dirname(path))).toHaveLength(1)
  })

  it('is claimed by one, whoever asks', async () => {
    const path = snapshotPath()
    const files = [new SnapshotFile(path), new SnapshotFile(path)] as const
    await files[0].write(partsOf('mine'), ALWAYS)
    expect(files.map((file) => file.claim())).toEqual([true, false])
    expect(existsSync(path)).toBe(false)
    expect(String(await files[0].read(ROOM))).toBe('mine')
    expect(readdirSync(dirname(path))).toEqual([])
  })

  it('is written by one at a time; who ended in the middle is cleared away later', async () => {
    const path = snapshotPath()
    const [slow, other] = [new SnapshotFile(path), new SnapshotFile(path)]
    const waits = gate<void>()
    async function* slowly() {
      yield Buffer.from('slow')
      await waits.promise
    }
    const written = slow.write(slowly(), ALWAYS)
    await expect(other.write(partsOf('other'), ALWAYS)).rejects.toMatchObject({ code: 'EEXIST' })
    waits.open()
    expect(await written).toBe(true)
    writeFileSync(`${path}.tmp`, 'left')
    await expect(other.write(partsOf('other'), ALWAYS)).rejects.toMatchObject({ code: 'EEXIST' })
    const longAgo = new Date(Date.now() - OLD_MS)
    utimesSync(`${path}.tmp`, longAgo, longAgo)
    expect(await other.write(partsOf('other'), ALWAYS)).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('other')
  })

  it('never follows a link to write', async () => {
    const path = snapshotPath()
    const victim = join(dirname(path), 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, path)
    symlinkSync(victim, `${path}.tmp`)
    const file = new SnapshotFile(path)
    await file.write(partsOf('x'), ALWAYS).catch(() => {})
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
  })

  it('that is damaged makes a cold start, with a log and without', async () => {
    const path = snapshotPath()
    const alone = aloneOn(path)
    const { start } = await processesOver({ file: path })
    for (const begin of [() => alone.start(), () => start()]) {
      const { cache } = await begin()
      await cache.set('k', 'v')
      await cache.close()
      const whole = readFileSync(path)
      for (let at = 0; at < whole.length; at += 7) {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= 0x10
        writeFileSync(path, at % 2 === 0 ? bytes : whole.subarray(0, at))
        const after = await begin()
        expect(after.told).toMatchObject({ taken: 0, reason: expect.any(String) })
        expect(after.cache.peek('k')).toBeUndefined()
      }
    }
  })
})

describe('a snapshot in the store', () => {
  const codecs = { bornBefore: () => ({ offset: 13, now: new Uint8Array(6) }) }
  const placeOn = (shelf: MapShelf, wallMs = () => 1_000_000) =>
    new ShelfPlace({ shelf, codecs, wallMs, everyMs: 60_000 })

  it('comes back in one piece, and the one before is gone', async () => {
    const shelf = new MapShelf()
    const place = placeOn(shelf)
    expect(await place.read(ROOM)).toBeUndefined()
    for (const text of ['a'.repeat(300_000), 'b'.repeat(131_072), 'c']) {
      expect(await place.write(partsOf(text, text), ALWAYS)).toBe(true)
      expect(String(await placeOn(shelf).read(ROOM))).toBe(text + text)
      expect(shelf.names).toHaveLength(1 + Math.ceil((2 * text.length) / 2 ** 17))
    }
    expect(await place.read(1)).toBe('too-large')
    expect(await place.write(partsOf('d'), { ...ALWAYS, mayReplace: () => false })).toBe(false)
    expect(await place.write(partsOf('d'), { ...ALWAYS, notWithinMs: 10 })).toBe(false)
    expect(String(await place.read(ROOM))).toBe('cc')
    expect(shelf.names).toHaveLength(2)
  })

  it('of two that are written at once is one of them', async () => {
    const shelf = new MapShelf()
    const texts = ['a', 'b'].map((letter) => letter.repeat(400_000))
    await Promise.all(texts.map((text) => placeOn(shelf).write(partsOf(text), ALWAYS)))
    expect(texts).toContain(String(await placeOn(shelf).read(ROOM)))
  })

  it('is none, or an error, where a part is gone or a stranger wrote the head', async () => {
    const heads = ['', 'null', '[]', '{}', '"x"', '{"id":"../../secrets"}', 'x'.repeat(99)]
    const numbers = [-1, 0, 1.5, 2 ** 40, '1', null]
    const head = { id: 'aaaaaaaaaaaa', pieces: 1, bytes: 5, wallMs: 1 }
    heads.push(...numbers.map((pieces) => JSON.stringify({ ...head, pieces })))
    heads.push(...numbers.map((bytes) => JSON.stringify({ ...head, bytes })))
    heads.push(JSON.stringify({ ...head, wallMs: 'soon' }), JSON.stringify({ ...head, id: 7 }))
    for (const text of heads) {
      const shelf = new MapShelf()
      await shelf.put('warm-restart', Buffer.concat([Buffer.alloc(19), Buffer.from(text)]))
      expect(await placeOn(shelf).read(2 ** 30), text).toBeUndefined()
    }
    const shelf = new MapShelf()
    await placeOn(shelf).write(partsOf('a'.repeat(300_000)), ALWAYS)
    await shelf.remove([shelf.names.find((name) => name.endsWith(':1'))!])
    await expect(placeOn(shelf).read(ROOM)).rejects.toThrow('a piece of the snapshot is not there')
  })
})
