/** Who waits here for keys that other processes fill. Bounded by the flights that wait. */
export class FillWaits {
  readonly #waits = new Map<string, Set<() => void>>()

  /** Somebody has filled the key, or changed it. */
  filled(storeKey: string): void {
    if (this.#waits.size === 0) return
    for (const wake of [...(this.#waits.get(storeKey) ?? [])]) wake()
  }

  add(storeKey: string, wake: () => void): void {
    const wakes = this.#waits.get(storeKey) ?? new Set()
    this.#waits.set(storeKey, wakes.add(wake))
  }

  remove(storeKey: string, wake: () => void): void {
    const wakes = this.#waits.get(storeKey)
    if (wakes?.delete(wake) === true && wakes.size === 0) this.#waits.delete(storeKey)
  }
}
