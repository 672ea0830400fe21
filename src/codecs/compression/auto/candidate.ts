/**
 * What a choice is made among. A candidate knows bytes and nothing else: no option, no envelope.
 */

/** One way to make bytes smaller: an algorithm at a level. */
export interface Candidate {
  readonly name: string
  compress(bytes: Uint8Array): Uint8Array
  /** `rawBytes`: how many there were before. */
  decompress(bytes: Uint8Array, rawBytes: number): Uint8Array
}
