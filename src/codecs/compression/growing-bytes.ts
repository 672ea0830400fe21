/**
 * Bytes that come piece by piece into one place of about the right size, so that joining them at
 * the end takes no second copy. Bounded: what would pass `maxBytes` is refused.
 */
export class GrowingBytes {
  readonly #maxBytes: number
  #target = Buffer.alloc(0)
  #length = 0
  #expectedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** How much will come in all, as far as one can tell: room is made for somewhat more. */
  expect(bytes: number): void {
    this.#expectedBytes = this.#length + bytes * 1.1
  }

  /** Whether there was room for it. */
  add(bytes: Uint8Array): boolean {
    const end = this.#length + bytes.length
    if (end > this.#maxBytes) return false
    if (end > this.#target.length) this.#makeRoom(end)
    this.#target.set(bytes, this.#length)
    this.#length = end
    return true
  }

  bytes(): Buffer {
    return this.#target.subarray(0, this.#length)
  }

  #makeRoom(neededBytes: number): void {
    const wanted = Math.max(neededBytes * 1.25, this.#expectedBytes)
    const target = Buffer.allocUnsafeSlow(Math.ceil(Math.min(this.#maxBytes, wanted)))
    target.set(this.#target.subarray(0, this.#length))
    this.#target = target
  }
}
