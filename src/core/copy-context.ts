/** What the copy of a part asks of the walk that it belongs to (core/value.ts). */
export interface CopyContext {
  /** Estimated bytes so far. */
  bytes: number
  /** Notes that `copy` stands for `value`, before its parts are copied: they may point back. */
  remember<T extends object>(value: object, copy: T): T
  /** Copies a part, naming the step in a refusal. */
  copyStep(step: string | number, value: unknown): unknown
  /** The same, or LEFT_OUT for what a cache cannot keep; nothing of that is then remembered. */
  copyUnlessRefused(step: string, value: unknown): unknown
}

export const LEFT_OUT: unique symbol = Symbol('left out')
