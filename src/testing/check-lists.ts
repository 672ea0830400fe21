/** Walks the lists of a policy of ours both ways; a policy of somebody else has other insides. */
import type { EvictionPolicy } from '../core/eviction-policy.js'
import type { LinkedLists, PolicyInsides } from '../memory/policies/linked-lists.js'
import { claim, same } from './claim.js'

const NO_SLOT = -1

export function checkLists(policy: EvictionPolicy, weightOf: (slot: number) => number): void {
  const { inspect } = policy as { inspect?: () => PolicyInsides }
  if (inspect === undefined) return
  const { lists, listOf, bytes } = inspect.call(policy)
  for (let list = 0; list < lists.heads.length; list++) {
    const slots = walk(lists, list)
    for (const slot of slots) same(listOf(slot), list, `slot ${slot}: its list`)
    const sum = slots.reduce((all, slot) => all + weightOf(slot), 0)
    if (bytes !== undefined) same(bytes[list], sum, `list ${list}: its bytes`)
  }
}

function walk(lists: LinkedLists, list: number): number[] {
  const slots: number[] = []
  let before = NO_SLOT
  for (let slot = lists.heads[list]!; slot !== NO_SLOT; slot = lists.next[slot]!) {
    claim(slots.length < lists.next.length, `list ${list}: it is a ring`)
    same(lists.previous[slot], before, `list ${list}: what comes before slot ${slot}`)
    slots.push(slot)
    before = slot
  }
  same(lists.tails[list], before, `list ${list}: its tail`)
  same(lists.lengths[list], slots.length, `list ${list}: its length`)
  return slots
}
