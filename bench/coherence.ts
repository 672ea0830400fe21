/**
 * Several processes over one Redis: what coherence promises of them, and what it costs.
 *
 * Processes are real ones where processes are meant. A `set` in both tiers against a bare SET is in
 * bench/fill; what a failing Redis does is in bench/outage and in test/proof.
 */
import { appliedRows } from './coherence/applied.js'
import { boundsRows, boundsSubjects } from './coherence/bounds.js'
import { heardRows } from './coherence/heard.js'
import { idleRows, idleSubjects } from './coherence/idle.js'
import { oneLoadRows, oneLoadSubjects } from './coherence/one-load.js'
import { pairSubjects } from './coherence/pair.js'
import { tagInvalidationRows, tagInvalidationSubjects } from './coherence/tag-invalidation.js'
import { taggedMemoryHitRows, taggedMemoryHitSubjects } from './coherence/tagged-memory-hit.js'
import { taggedStoreHitRows, taggedStoreHitSubjects } from './coherence/tagged-store-hit.js'
import type { Bench } from './harness/bench.js'

export const subjects = {
  ...oneLoadSubjects,
  ...tagInvalidationSubjects,
  ...taggedStoreHitSubjects,
  ...taggedMemoryHitSubjects,
  ...pairSubjects,
  ...idleSubjects,
  ...boundsSubjects,
}

export const bench: Bench = {
  name: 'coherence',
  says:
    'Several processes, each with its memory, over one Redis: loads of one key in all of them, ' +
    'invalidating a tag by how many keys have it (a server for each size), hits of entries with ' +
    "tags, from the call of `delete` until another process's `peek` finds nothing, `delete` with " +
    "`until: 'applied'` in units of a PING on the same connection, and what an idle process sends.",
  async run(lab) {
    await lab.redis()
    return [
      ...(await oneLoadRows(lab)),
      ...(await tagInvalidationRows(lab)),
      ...(await taggedStoreHitRows(lab)),
      ...(await taggedMemoryHitRows(lab)),
      ...(await heardRows(lab)),
      ...(await appliedRows(lab)),
      ...(await idleRows(lab)),
      ...(await boundsRows(lab)),
    ]
  },
}
