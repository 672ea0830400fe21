/**
 * Memory as a snapshot: the hottest entries first, until the budget is used.
 *
 * The place in the log is noted before the first entry is looked at: whatever is invalidated while
 * the rest is gathered has a later record, and whoever takes the snapshot looks at all of those.
 * What memory holds but nobody would be handed any more (dead, invalidated, made stale softly, not
 * judged) is left out, and so is what a codec cannot take.
 *
 * In slices: a turn of the loop encodes 64 entries or 64 KiB, or one entry that is larger.
 */
import { createHash } from 'node:crypto'
import type { Encoded, ValueForm } from '../codec.js'
import type { HeldKey, MemoryEntry } from '../contracts.js'
import type { Engine } from '../engine.js'
import { MAX_KEY_BYTES } from '../key.js'
import type { Space } from '../space.js'
import { storeKeyOf } from '../store-key.js'
import { unlikeJson } from '../unlike-json.js'
import { admit } from '../value.js'
import { DIGEST_BYTES, entryBytes, headBytes } from './snapshot-format.js'
import { turn } from './turn.js'
import type { WarmRestartSettings } from './warm-restart-options.js'

const SLICE_ENTRIES = 64
const PART_BYTES = 2 ** 16
/** So many in a row that the rest of the budget has no room for: it is used. */
const MAX_MISFITS = 64
const MAX_NAMESPACE_BYTES = 255
/** No entry takes less: its lengths, and a key of one byte. */
const LEAST_BYTES = 12
const NO_VALUE = new Uint8Array()

export class Capture {
  /** What the parts given out so far hold. */
  entries = 0
  bytes = 0
  /** '' where there is no log. */
  readonly token: string
  readonly #engine: Engine
  readonly #settings: WarmRestartSettings
  readonly #isOver: () => boolean

  constructor(engine: Engine, settings: WarmRestartSettings, isOver: () => boolean) {
    this.#engine = engine
    this.#settings = settings
    this.#isOver = isOver
    this.token = engine.coherence.isShared ? engine.coherence.token : ''
  }

  /** All of it in its order; ends early, without its sum, where it is over. Never throws. */
  async *parts(): AsyncGenerator<Uint8Array, void, void> {
    const { memory, settings } = this.#engine
    const { wallMs } = this.#engine.now()
    const head = { prefix: settings.prefix, token: this.token, wallMs }
    const hash = createHash('sha256')
    let gathered = [headBytes(this.#settings.what, head)]
    let gatheredBytes = gathered[0]!.length
    let room = this.#settings.maxBytes - DIGEST_BYTES - gatheredBytes
    let [looked, misfits] = [0, 0]
    const most = Math.min(memory.entryCount, Math.ceil(room / LEAST_BYTES))
    for (const held of memory.byHeat(most, 'hottest')) {
      if (++looked % SLICE_ENTRIES === 0) await turn()
      if (this.#isOver()) return
      const entry = await this.#encode(held)
      if (entry === undefined) continue
      if (entry.length > room) {
        if (++misfits === MAX_MISFITS) break
        continue
      }
      misfits = 0
      room -= entry.length
      this.entries++
      gathered.push(entry)
      gatheredBytes += entry.length
      if (gatheredBytes < PART_BYTES) continue
      yield this.#part(gathered, hash)
      gathered = []
      gatheredBytes = 0
      await turn()
    }
    if (this.entries === 0) return
    yield this.#part(gathered, hash)
    this.bytes += DIGEST_BYTES
    yield hash.digest()
  }

  #part(gathered: readonly Buffer[], hash: { update(bytes: Buffer): unknown }): Buffer {
    const part = Buffer.concat(gathered)
    hash.update(part)
    this.bytes += part.length
    return part
  }

  async #encode({ partition, key }: HeldKey): Promise<Buffer | undefined> {
    const space = this.#engine.findSpace(partition)
    const entry = space?.memory.view(key)
    if (entry === undefined || !isNameable(partition, key)) return undefined
    const { coherence } = this.#engine
    const verdict = coherence.judge(partition, key, entry.tags, entry.born)
    if (verdict !== 'current') return undefined
    if (this.#settings.what === 'names')
      return entryBytes(partition, key, entry.weightBytes, NO_VALUE)
    try {
      const encoded = encodeValue(this.#engine, space!, key, entry)
      const value = encoded instanceof Promise ? await encoded : encoded
      if (value === undefined) return undefined
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      return entryBytes(partition, key, entry.weightBytes, bytes)
    } catch {
      // A codec may be the user's own, and a value that is shared may have changed.
      return undefined
    }
  }
}

/** Whether there is room for the names, and their UTF-8 is what they are. */
function isNameable(namespace: string, key: string): boolean {
  if (namespace.length > MAX_NAMESPACE_BYTES || !key.isWellFormed()) return false
  return key.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(key) <= MAX_KEY_BYTES
}

/** As it would be written to the store. Throws what the codec cannot take. */
function encodeValue(
  engine: Engine,
  space: Space,
  key: string,
  entry: MemoryEntry,
): Encoded | Promise<Encoded> | undefined {
  const { freshUntilMs, deadAtMs, born, tags = [] } = entry
  const formed = formOf(space, entry.value)
  if (formed === undefined) return undefined
  const isForEver = freshUntilMs === Number.POSITIVE_INFINITY
  return space.codec.encode(storeKeyOf(engine, space, key), {
    ...formed,
    born,
    freshUntilWallMs: freshUntilMs + engine.coherence.wallAheadMs,
    graceMs: isForEver ? 0 : deadAtMs - freshUntilMs,
    loadMs: 0,
    tags,
    compression: space.policy.format.compression,
  })
}

/** Only of what comes back the same: `values: 'shared'` keeps what no codec can bring back. */
function formOf(
  { policy }: Space,
  raw: unknown,
): { readonly value: unknown; readonly form: ValueForm; readonly weightBytes: number } | undefined {
  const { codec, classes } = policy.format
  const isJson = codec === 'json'
  const { value, form, weightBytes, isFlattened } = admit(raw, false, { classes, isJson })
  if (isFlattened) return undefined
  if (!isJson || form !== 'graph') return { value, form, weightBytes }
  return unlikeJson(value) === undefined ? { value, form: 'tree', weightBytes } : undefined
}
