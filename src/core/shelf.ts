/**
 * A place beside the entries, in the same store, for what their codec needs to read them: small,
 * named, shared by all processes. Nobody waits for it, and it may lose what it was given.
 */
export interface Shelf {
  /** `undefined` where there is none, or the store does not say. One round trip. Never rejects. */
  get(name: string): Promise<Uint8Array | undefined>
  /** Resolves to whether the store has it for so long. One round trip. Never rejects. */
  put(name: string, bytes: Uint8Array, ttlMs: number): Promise<boolean>
  /** What is not there is removed as well. One round trip. Never rejects. */
  remove(names: readonly string[]): Promise<void>
}
