/** Estimated bytes on the heap of what values are made of. */
export const OBJECT_BYTES = 24
export const SLOT_BYTES = 8
export const STRING_BYTES = 20
export const BUILTIN_BYTES = 64
