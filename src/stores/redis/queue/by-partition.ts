import { partitionOf } from '../../../core/write-queue.js'
import { slices } from '../../slices.js'

/** Some items of one partition, by their places among all items. */
export interface Part {
  readonly partition: number
  readonly places: readonly number[]
}

/** Items by their partition, in their order; of one partition at most `most` together. */
export function byPartition(names: readonly string[], partitions: number, most: number): Part[] {
  const places = new Map<number, number[]>()
  names.forEach((name, at) => {
    const partition = partitionOf(name, partitions)
    const known = places.get(partition)
    if (known === undefined) places.set(partition, [at])
    else known.push(at)
  })
  return [...places].flatMap(([partition, all]) =>
    slices(all, most).map((part) => ({ partition, places: part })),
  )
}

/** Parts that go together: no more than `most` items, and of each partition one part. */
export function bundled(parts: readonly Part[], most: number): (readonly Part[])[] {
  const bundles: Part[][] = []
  let count = Number.POSITIVE_INFINITY
  for (const part of parts) {
    count += part.places.length
    // A second part of a partition comes behind a full one.
    if (count <= most) bundles.at(-1)!.push(part)
    else {
      bundles.push([part])
      count = part.places.length
    }
  }
  return bundles
}
