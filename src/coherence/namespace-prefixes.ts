/** The prefixes of one namespace; a look-up for each length that occurs. */
export class NamespacePrefixes {
  readonly seqs = new Map<string, number>()
  readonly #lengths = new Map<number, number>()

  /** Whether it is new. */
  add(prefix: string, seq: number): boolean {
    const known = this.seqs.get(prefix)
    this.seqs.set(prefix, Math.max(known ?? 0, seq))
    if (known !== undefined) return false
    this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1)
    return true
  }

  remove(prefix: string): void {
    if (!this.seqs.delete(prefix)) return
    const left = this.#lengths.get(prefix.length)! - 1
    if (left > 0) this.#lengths.set(prefix.length, left)
    else this.#lengths.delete(prefix.length)
  }

  newest(key: string): number {
    let newest = 0
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue
      const seq = this.seqs.get(length === key.length ? key : key.slice(0, length))
      if (seq !== undefined && seq > newest) newest = seq
    }
    return newest
  }
}
