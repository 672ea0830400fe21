/** The tier for `memory: false`: holds nothing, so the engine needs no second read path. */
import type { MemoryPartition, MemoryTier } from '../core/contracts.js'

const NO_KEYS: readonly string[] = []

const emptyPartition: MemoryPartition = {
  hit: () => undefined,
  glance: () => undefined,
  read: () => undefined,
  view: () => undefined,
  write: () => false,
  approve: () => {},
  postponeCheck: () => {},
  remove: () => false,
  clear: () => 0,
  keys: () => NO_KEYS.values() as IterableIterator<string>,
  entryCount: 0,
}

export const noMemory: MemoryTier = {
  partition: () => emptyPartition,
  hasRoomFor: () => true,
  entryCount: 0,
  byteCount: 0,
  maxEntries: 0,
  maxBytes: 0,
  nextDeadAtMs: Number.POSITIVE_INFINITY,
  sweep: () => false,
  resize: () => {},
  byHeat: () => [],
  clear: () => {},
}
