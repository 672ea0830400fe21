/**
 * A snapshot in a file that only its owner can read. It is written beside it and renamed: what lies
 * under its name is whole, or damaged by others.
 *
 *   FILE         the snapshot
 *   FILE.tmp     one that is being written; of two processes that write at once, one gives up
 *   FILE.taken   one that is being read by the only process that may; never read by a later one
 *
 * What changes who may read it is done within the call, and is on the disk when that returns, also
 * if the machine loses its power: the calls after it may invalidate what it holds.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { OwnPlace, WriteTerms } from '../core/warm-restart/snapshot-place.js'

const OWNER_ONLY = 0o600
/** Whoever began to write one so long ago has ended in the middle of it. */
const LEFT_BEHIND_MS = 60_000

export class SnapshotFile implements OwnPlace {
  readonly #file: string
  readonly #temporary: string
  readonly #taken: string
  #isClaimed = false

  /** Of a path that may be relative to the working directory of now. */
  constructor(file: string) {
    this.#file = resolve(file)
    this.#temporary = `${this.#file}.tmp`
    this.#taken = `${this.#file}.taken`
  }

  claim(): boolean {
    try {
      renameSync(this.#file, this.#taken)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
    this.#syncFolder()
    this.#isClaimed = true
    return true
  }

  remove(): void {
    rmSync(this.#file, { force: true })
    this.#syncFolder()
  }

  async read(maxBytes: number): Promise<Uint8Array | 'too-large' | undefined> {
    const path = this.#isClaimed ? this.#taken : this.#file
    let handle: FileHandle | undefined
    try {
      handle = await open(path, 'r')
      const { size } = await handle.stat()
      return size > maxBytes ? 'too-large' : await readAll(handle, size)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    } finally {
      await handle?.close()
      if (this.#isClaimed) await rm(path, { force: true })
      this.#isClaimed = false
    }
  }

  async write(parts: AsyncIterable<Uint8Array>, { mayReplace }: WriteTerms): Promise<boolean> {
    const handle = await this.#begin()
    let isRenamed = false
    try {
      let bytes = 0
      for await (const part of parts) {
        await writeAll(handle, part)
        bytes += part.length
      }
      if (bytes > 0) await handle.sync()
      if (bytes > 0 && mayReplace()) {
        renameSync(this.#temporary, this.#file)
        isRenamed = true
      }
    } finally {
      await handle.close()
      if (!isRenamed) await rm(this.#temporary, { force: true })
    }
    return isRenamed
  }

  /** Never opens what is there already, or where a link leads to. */
  async #begin(): Promise<FileHandle> {
    const create = () => open(this.#temporary, 'wx', OWNER_ONLY)
    try {
      return await create()
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const { mtimeMs } = await stat(this.#temporary)
      if (Date.now() - mtimeMs < LEFT_BEHIND_MS) throw error
      await rm(this.#temporary, { force: true })
      return create()
    }
  }

  /** Some systems cannot; there it is on the disk when they say. */
  #syncFolder(): void {
    let folder: number | undefined
    try {
      folder = openSync(dirname(this.#file), 'r')
      fsyncSync(folder)
    } catch {
      // Nothing that could be done about it here.
    } finally {
      if (folder !== undefined) closeSync(folder)
    }
  }
}

/** What is there, of so many bytes at the most. */
async function readAll(handle: FileHandle, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  let at = 0
  while (at < bytes) {
    const { bytesRead } = await handle.read(buffer, at, bytes - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return buffer.subarray(0, at)
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}
