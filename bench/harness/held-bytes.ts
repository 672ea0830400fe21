/** Bytes in use after a thorough collection, with those outside of the heap. */
export function heldBytes(): number {
  for (let turn = 0; turn < 4; turn++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
