/** Where a snapshot lies: what a warm restart asks of a file, or of the store. */

export interface SnapshotPlace {
  /**
   * What lies there; `undefined` for nothing, `'too-large'` for more than `maxBytes`, which is not
   * read then. Rejects where it cannot tell.
   */
  read(maxBytes: number): Promise<Uint8Array | 'too-large' | undefined>
  /**
   * Puts all parts, in their order, in the place of what lies there: whole or not at all. Resolves
   * to whether it has; rejects where it could not, and then the former one is still there. Parts
   * are taken one by one, the next when the one before is written.
   */
  write(parts: AsyncIterable<Uint8Array>, terms: WriteTerms): Promise<boolean>
}

export interface WriteTerms {
  /** Asked last, and in the same turn as the new one takes its place. */
  readonly mayReplace: () => boolean
  /** Not if another process has written one less than so long ago, where that can be told. */
  readonly notWithinMs: number
}

/** A place of which one process can be the only reader. */
export interface OwnPlace extends SnapshotPlace {
  /**
   * Takes what lies there out of the reach of all later processes, before it returns; `read` still
   * finds it. `false` where there is nothing. Throws where that cannot be done.
   */
  claim(): boolean
  /** Removes what lies there, before it returns. Throws where that cannot be done. */
  remove(): void
}
