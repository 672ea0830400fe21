/**
 * A decoder's call with what it took: time of the processor, so that it does not matter who else is
 * at work on the machine, and room on the heap and outside of it.
 */
import { getHeapStatistics } from 'node:v8'
import type { Decoded } from '../../src/core/codec.js'

export interface MeasuredCall {
  /** `undefined` where it threw or rejected. */
  readonly answer: Decoded | undefined
  readonly error: unknown
  /** Of all threads of this process. */
  readonly ms: number
  /** What it has added; what was collected meanwhile is not seen. */
  readonly bytes: number
}

export async function measuredCall(
  decode: () => Decoded | Promise<Decoded>,
): Promise<MeasuredCall> {
  const before = usedBytes()
  const startedAt = process.cpuUsage()
  const since = () => {
    const { user, system } = process.cpuUsage(startedAt)
    return (user + system) / 1_000
  }
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
