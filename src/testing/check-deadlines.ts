/** No number of the pyramid of deadlines is later than what lies below it. */
import type { BoundedMemoryTier } from '../memory/index.js'
import { claim } from './claim.js'

type Slots = ReturnType<BoundedMemoryTier['inspect']>['slots']

export function checkDeadlines({ deadAtMs, deadlines }: Slots): void {
  if (deadAtMs === undefined) return
  const { levels, fanOut } = deadlines.inspect()
  let below: Float64Array = deadAtMs
  for (const [height, level] of levels.entries()) {
    for (let at = 0; at < below.length; at++) {
      const above = level[Math.floor(at / fanOut)]!
      claim(above <= below[at]!, `deadlines, level ${height}: ${above} > ${below[at]} at ${at}`)
    }
    below = level
  }
  claim(below.length === 1, 'deadlines: the last level is one number')
}
