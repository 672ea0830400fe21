/**
 * What writers were given: of each key newer writes after older ones, except by those that were no
 * longer its holders, and after a crash again no more than what was in hand.
 */
import { partitionOf } from '../../../src/core/write-queue.js'
import type { Delivery, RoundHistory } from './history.js'
import type { Accuse, Judgement } from './judge.js'

type Counts = Pick<Judgement, 'deliveries' | 'repeats' | 'zombies'>

export function judgeDeliveries(history: RoundHistory, accuse: Accuse): Counts {
  const { asked, deliveries } = history
  for (const { key, value } of deliveries) {
    const isAsked = asked.some((each) => each.key === key && each.value === value)
    if (!isAsked) accuse('not asked for', key, `a writer was given ${value}`)
  }
  const zombies = judgeOrder(deliveries, accuse)
  return { deliveries: deliveries.length, zombies, repeats: judgeRepeats(history, accuse) }
}

/** Answers how many came from a former holder: they are without effect. */
function judgeOrder(deliveries: readonly Delivery[], accuse: Accuse): number {
  const newest = new Map<string, Delivery>()
  let zombies = 0
  for (const delivery of deliveries) {
    const { key, version, epoch } = delivery
    const before = newest.get(key)
    if (before !== undefined && epoch < before.epoch) zombies++
    else if (before !== undefined && version < before.version) {
      const then = `${before.version} under ${before.epoch}`
      accuse('inversion', key, `${version} under ${epoch} came after ${then}`)
    } else newest.set(key, delivery)
  }
  return zombies
}

/**
 * A holder settles a batch before it takes the next: one batch of each may be given to the holder
 * after it. To itself it is given again where it could not settle.
 */
function judgeRepeats(history: RoundHistory, accuse: Accuse): number {
  const { batch, deliveries, faults, partitions, troubles } = history
  const seen = new Map<string, Delivery>()
  const left = new Map<string, number>()
  let repeats = 0
  for (const delivery of deliveries) {
    const { key, version, epoch } = delivery
    const name = `${key} ${version}`
    const before = seen.get(name)
    seen.set(name, delivery)
    if (before === undefined) continue
    repeats++
    if (before.idempotencyKey !== delivery.idempotencyKey || before.value !== delivery.value) {
      accuse('mixed', key, `${version} is ${before.value} and ${delivery.value}`)
    }
    const isSame = before.epoch === epoch
    const holder = `${partitionOf(key, partitions)} under ${before.epoch}${isSame ? ' itself' : ''}`
    const count = (left.get(holder) ?? 0) + 1
    left.set(holder, count)
    const most = isSame ? batch * (troubles.length + faults.length) : batch
    if (count !== most + 1) continue
    accuse('repeats', key, `more than ${most} writes of partition ${holder} came again`)
  }
  return repeats
}
