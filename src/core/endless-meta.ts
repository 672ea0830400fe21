import type { EntryMeta } from './codec.js'

/** Of what never expires and nobody invalidates: the count of fences, a write that waits. */
export const ENDLESS_META: EntryMeta = {
  born: 0,
  freshUntilWallMs: Number.POSITIVE_INFINITY,
  graceMs: 0,
  loadMs: 0,
  tags: [],
}
