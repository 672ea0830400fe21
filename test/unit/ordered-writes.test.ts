import { expect, it } from 'vitest'
import { OrderedWrites } from '../../src/patterns/ordered-writes.js'

it('keeps nothing of keys whose writes have ended, however they did', async () => {
  const writes = new OrderedWrites()
  const calls = [
    writes.run('a', async () => 1),
    writes.run('a', () => Promise.reject(new Error('boom'))),
    writes.run('b', async () => 2),
  ]
  expect(writes.size).toBe(2)
  await Promise.allSettled(calls)
  expect(await writes.run('a', async () => 3)).toBe(3)
  await Promise.resolve()
  expect(writes.size).toBe(0)
})
