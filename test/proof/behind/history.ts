/** All that is known of a round when it is over: what is judged. */
import type { FaultKind } from './plan.js'

/** A call of `set` or `delete`. */
export interface AskedWrite {
  readonly key: string
  /** No other write has it. `null` of a delete. */
  readonly value: string | null
  /** The process. */
  readonly by: number
  /** Its calls are counted in the order in which it made them. */
  readonly call: number
  /** Stamped before it was called. */
  readonly askedMs: number
  /** Stamped after it was answered; `undefined` where the process was killed before. */
  readonly toldMs: number | undefined
  /** `undefined` where it was not confirmed. */
  readonly version: number | undefined
}

/** A write as a writer was given it. */
export interface Delivery {
  readonly key: string
  readonly value: string | null
  readonly version: number
  readonly epoch: number
  readonly idempotencyKey: string
  readonly by: number
}

/** What is left of a key when all is drained. */
export interface FinalKey {
  readonly key: string
  /** Of its row. */
  readonly value: string | null
  /** As the table of versions has it; `undefined` where it has none. */
  readonly version: number | undefined
  /** What a `get` answers. */
  readonly got: string | null
}

export interface RoundHistory {
  readonly seed: number
  readonly partitions: number
  readonly batch: number
  readonly faults: readonly FaultKind[]
  readonly asked: readonly AskedWrite[]
  /** In the order in which they came to the source. */
  readonly deliveries: readonly Delivery[]
  readonly keys: readonly FinalKey[]
  readonly isDrained: boolean
  /** What workers could not ask or tell the queue, and batches that were taken from them. */
  readonly troubles: readonly string[]
}
