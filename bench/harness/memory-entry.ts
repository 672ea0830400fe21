/** An entry as the engine hands it to the memory tier; a new object each time, as there. */
import type { MemoryEntry } from '../../src/core/contracts.js'

export function memoryEntry(
  value: unknown,
  untilMs = Number.POSITIVE_INFINITY,
  weightBytes = 0,
): MemoryEntry {
  return {
    value,
    born: 0,
    loadedAtMs: Number.NEGATIVE_INFINITY,
    checkAtMs: untilMs,
    copied: false,
    freshUntilMs: untilMs,
    deadAtMs: untilMs,
    tags: undefined,
    weightBytes,
  }
}
