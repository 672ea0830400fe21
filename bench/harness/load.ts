/** Requests in their order: what bench/hit-ratio replays. */
export interface Load {
  /** By request: its key, a whole number below `distinct`. */
  readonly keys: Int32Array
  readonly distinct: number
  /** By request: the bytes of what was asked for, where that is known. */
  readonly sizes: Float64Array | undefined
}

/** Numbers keys anew, in the order in which they come. */
export function loadOf(names: ArrayLike<number>, sizes?: ArrayLike<number>): Load {
  const numbers = new Map<number, number>()
  const keys = new Int32Array(names.length)
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!
    let key = numbers.get(name)
    if (key === undefined) {
      key = numbers.size
      numbers.set(name, key)
    }
    keys[at] = key
  }
  const isSized = sizes !== undefined && sizes.length > 0
  return { keys, distinct: numbers.size, sizes: isSized ? Float64Array.from(sizes) : undefined }
}

/** The first requests of it, for tiny runs. */
export function beginning(load: Load, requests: number): Load {
  return loadOf(load.keys.subarray(0, requests), load.sizes?.subarray(0, requests))
}
