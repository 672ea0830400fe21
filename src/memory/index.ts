/** The tier in the process. */
export { LruMemoryTier, type MemoryTierOptions } from './memory-tier.js'
export { noMemory } from './no-memory.js'
