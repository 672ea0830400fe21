/** A seed that fails can be run again: it decides everything. */
import { expect, it } from 'vitest'
import { simulate } from './simulate.js'

it.each([1, 2, 3, 4, 5, 6])('seed %i tells the same story twice', async (seed) => {
  const [first, second] = [await simulate(seed), await simulate(seed)]
  expect(first.log.length).toBeGreaterThan(100)
  expect(second.log).toEqual(first.log)
})
