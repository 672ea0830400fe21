/** A shelf in memory that counts what it is asked. */
import type { Shelf } from '../../src/core/shelf.js'

export class MapShelf implements Shelf {
  readonly #held = new Map<string, Buffer>()
  gets = 0
  puts = 0

  async get(name: string): Promise<Uint8Array | undefined> {
    this.gets++
    return this.#held.get(name)
  }

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    this.puts++
    this.#held.set(name, Buffer.from(bytes))
    return true
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#held.delete(name)
  }

  get names(): string[] {
    return [...this.#held.keys()]
  }

  clear(): void {
    this.#held.clear()
  }

  async copyFrom(other: MapShelf): Promise<void> {
    for (const [name, bytes] of other.#held) this.#held.set(name, Buffer.from(bytes))
  }

  /** Lets a stranger change what is held. */
  change(how: (bytes: Buffer) => void): void {
    for (const bytes of this.#held.values()) how(bytes)
  }
}
