/** The tier in the process. */
export { BoundedMemoryTier, type MemoryTierOptions } from './memory-tier.js'
export { noMemory } from './no-memory.js'
export { policyOf } from './policies/policies.js'
export { SnapshotFile } from './snapshot-file.js'
