/** Payloads of a namespace, to train on, until there are enough: by number or by bytes. */
const MAX_SAMPLES = 512
const MAX_BYTES = 2 ** 18

export class Samples {
  #samples: Buffer[] = []
  #bytes = 0

  /** Copied: what it is cut from may be large. */
  add(payload: Uint8Array): void {
    if (this.isFull) return
    this.#samples.push(Buffer.from(payload))
    this.#bytes += payload.length
  }

  get isFull(): boolean {
    return this.#samples.length >= MAX_SAMPLES || this.#bytes >= MAX_BYTES
  }

  /** At most so many more until it is full. */
  get lacking(): number {
    return MAX_SAMPLES - this.#samples.length
  }

  take(): readonly Buffer[] {
    const samples = this.#samples
    this.#samples = []
    this.#bytes = 0
    return samples
  }
}
