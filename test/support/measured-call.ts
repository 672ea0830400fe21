/** A decoder's call with what it took: time, and room on the heap and outside of it. */
import { getHeapStatistics } from 'node:v8'
import type { Decoded } from '../../src/core/codec.js'

export interface MeasuredCall {
  /** `undefined` where it threw or rejected. */
  readonly answer: Decoded | undefined
  readonly error: unknown
  readonly ms: number
  /** What it has added; what was collected meanwhile is not seen. */
  readonly bytes: number
}

export async function measuredCall(
  decode: () => Decoded | Promise<Decoded>,
): Promise<MeasuredCall> {
  const before = usedBytes()
  const startedAt = process.hrtime.bigint()
  const since = () => Number(process.hrtime.bigint() - startedAt) / 1e6
  try {
    const now = decode()
    const answer = now instanceof Promise ? await now : now
    return { answer, error: undefined, ms: since(), bytes: usedBytes() - before }
  } catch (error) {
    return { answer: undefined, error, ms: since(), bytes: usedBytes() - before }
  }
}

function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
