/** The tier in the process. */
export { LruMemoryTier } from './memory-tier.js'
export { noMemory } from './no-memory.js'
