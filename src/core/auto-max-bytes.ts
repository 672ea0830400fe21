/**
 * What `maxBytes: 'auto'` comes to: an eighth of the memory that the process may use, by its
 * container's limit (cgroup 1 or 2) or else the machine's, and no more than a quarter of what V8
 * lets its heap grow to, since that is where values lie. Read once, when the cache is made or its
 * memory resized.
 */
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

const SHARE_OF_MEMORY = 1 / 8
const SHARE_OF_HEAP = 1 / 4
const LEAST_BYTES = 1_024 ** 2

export interface MemoryLimits {
  readonly machineBytes: number
  /** Of the control group; 0 or more than the machine has where there is none. */
  readonly containerBytes: number
  readonly heapBytes: number
}

export function autoMaxBytes(limits: MemoryLimits = limitsOfProcess()): number {
  const { machineBytes, containerBytes, heapBytes } = limits
  const memoryBytes = containerBytes > 0 ? Math.min(containerBytes, machineBytes) : machineBytes
  const shareBytes = Math.min(memoryBytes * SHARE_OF_MEMORY, heapBytes * SHARE_OF_HEAP)
  return Math.max(LEAST_BYTES, Math.floor(shareBytes))
}

function limitsOfProcess(): MemoryLimits {
  return {
    machineBytes: totalmem(),
    containerBytes: process.constrainedMemory() ?? 0,
    heapBytes: getHeapStatistics().heap_size_limit,
  }
}
