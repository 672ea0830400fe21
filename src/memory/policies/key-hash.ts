/**
 * A hash of a key that a caller cannot foresee: the seed is drawn for each policy. V8 keeps one for
 * each string and does not tell, so this walks the key once when it is added; never on a hit.
 */
const MIX = 0x5bd1e995

/** 32 bits, well mixed. */
export function keyHash(key: string, seed: number): number {
  let hash = seed ^ key.length
  // Two characters a step: each step waits for the one before.
  for (let i = 0; i < key.length; i += 2) {
    const second = i + 1 < key.length ? key.charCodeAt(i + 1) : 0
    hash = Math.imul(hash ^ key.charCodeAt(i) ^ (second << 16), MIX)
    hash ^= hash >>> 15
  }
  // The finalizer of MurmurHash3 (Appleby), by which each bit moves all others.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
