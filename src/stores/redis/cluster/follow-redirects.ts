/**
 * Sends what a node has not executed to where it belongs, for a bounded time: a call that waits
 * longer would cost all that travel with it their deadline.
 */
import type { ClusterNodes } from './cluster-nodes.js'
import { type Redirect, redirectIn } from './redirect.js'

const AGAIN_MS = 5
/** A slot that has arrived is followed also when time is up, but not round and round. */
const MAX_LATE_MOVES = 3
/** Nodes that have not heard of one another's claims may point at each other for a while. */
const QUICK_MOVES = 3

/**
 * Repeats `send` while it is redirected; rejects with its last error. `asked` is the node that a
 * key of a slot which moves is to be asked of. `first`: what it was told before.
 */
export async function followRedirects<T>(
  nodes: ClusterNodes,
  limitMs: number,
  send: (asked?: string) => Promise<T>,
  first?: Redirect,
): Promise<T> {
  const untilMs = performance.now() + limitMs
  let redirect = first
  let moves = 0
  let lateMoves = 0
  while (true) {
    if (redirect?.kind === 'moved') {
      await nodes.learn(redirect.slot, redirect.address, untilMs)
      moves += 1
    }
    if (redirect?.kind === 'again' || moves > QUICK_MOVES) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
    try {
      return await send(redirect?.kind === 'ask' ? redirect.address : undefined)
    } catch (error) {
      redirect = redirectIn(error)
      if (redirect === undefined) throw error
      if (performance.now() < untilMs) continue
      if (redirect.kind !== 'moved' || ++lateMoves > MAX_LATE_MOVES) throw error
    }
  }
}
