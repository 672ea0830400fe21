/** How the writes of a call are divided among scripts: none is lost, and none is too long. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionOf } from '../../src/core/write-queue.js'
import { bundled, byPartition } from '../../src/stores/redis/queue/by-partition.js'

const drawn = fc.record({
  names: fc.array(fc.string({ maxLength: 3 }), { maxLength: 60 }),
  partitions: fc.integer({ min: 1, max: 8 }),
  most: fc.integer({ min: 1, max: 12 }),
})

describe('items by partition', () => {
  it('are all there once, in their order, and no part is too long', () => {
    fc.assert(
      fc.property(drawn, ({ names, partitions, most }) => {
        const parts = byPartition(names, partitions, most)
        for (const { partition, places } of parts) {
          expect(places.length).toBeLessThanOrEqual(most)
          for (const at of places) expect(partitionOf(names[at]!, partitions)).toBe(partition)
        }
        for (let partition = 0; partition < partitions; partition++) {
          const own = parts.filter((part) => part.partition === partition)
          const expected = [...names.keys()].filter(
            (at) => partitionOf(names[at]!, partitions) === partition,
          )
          expect(own.flatMap(({ places }) => places)).toEqual(expected)
        }
      }),
    )
  })

  it('go together as far as there is room, each partition once', () => {
    fc.assert(
      fc.property(drawn, ({ names, partitions, most }) => {
        const parts = byPartition(names, partitions, most)
        const bundles = bundled(parts, most)
        expect(bundles.flat()).toEqual(parts)
        const lengthOf = (at: number) =>
          bundles[at]!.reduce((sum, { places }) => sum + places.length, 0)
        bundles.forEach((bundle, at) => {
          expect(lengthOf(at)).toBeLessThanOrEqual(most)
          expect(new Set(bundle.map(({ partition }) => partition)).size).toBe(bundle.length)
          // What could have come along did.
          const next = bundles[at + 1]?.[0]
          if (next !== undefined) expect(lengthOf(at) + next.places.length).toBeGreaterThan(most)
        })
      }),
    )
  })
})
