/**
 * Calls to slots, each to the node that has it, and again where it was redirected.
 *
 * Calls of one slot take place in the order in which they were made, also while it moves: of two
 * writes of a key the first, sent to the node that had the slot, would else arrive after the
 * second, which knew better. So what was redirected is repeated one by one, by its number, and what
 * is asked of the slot meanwhile waits behind it. Bounded: each waits for at most the limit of
 * redirects, and RedisStore bounds what is under way.
 */
import { CacheError } from '../../../core/errors.js'
import { awayError } from '../call-errors.js'
import type { NodeCall } from './cluster-node.js'
import type { ClusterNodes } from './cluster-nodes.js'
import { followRedirects } from './follow-redirects.js'
import { type Redirect, redirectIn } from './redirect.js'

interface Waiting {
  readonly number: number
  run(): Promise<void>
}

const MAX_WAITING = 10_000
/** Writes are waited for longer than reads. */
const WRITE_FACTOR = 2

export class SlotCalls {
  readonly #nodes: ClusterNodes
  readonly #moving = new Map<number, Waiting[]>()
  #count = 0
  #waiting = 0

  constructor(nodes: ClusterNodes) {
    this.#nodes = nodes
  }

  run<T>(op: string, slot: number, send: NodeCall<T>): Promise<T> {
    const number = ++this.#count
    const isMoving = this.#moving.has(slot) || this.#nodes.drained(slot) !== undefined
    if (isMoving) return this.#wait(op, slot, number, send)
    return this.#call(op, slot, send).catch((error: unknown) => {
      const redirect = redirectIn(error)
      if (redirect === undefined) throw error
      return this.#wait(op, slot, number, send, redirect)
    })
  }

  #call<T>(op: string, slot: number, send: NodeCall<T>): Promise<T> {
    const owner = this.#nodes.trustedOwner(slot)
    if (owner === undefined) return Promise.reject(awayError(op, this.#nodes.downCause(slot)))
    return owner.call(op, send)
  }

  #wait<T>(
    op: string,
    slot: number,
    number: number,
    send: NodeCall<T>,
    first?: Redirect,
  ): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      return Promise.reject(new CacheError('STORE_UNAVAILABLE', TOO_MANY, { op }))
    }
    const isRead = op === 'getMany' || op === 'leaseMany'
    const limitMs = this.#nodes.patienceMs * (isRead ? 1 : WRITE_FACTOR)
    const attempt = (asked?: string): Promise<T> => {
      const node = asked === undefined ? undefined : this.#nodes.nodeAt(asked)
      return node === undefined ? this.#call(op, slot, send) : node.call(op, send, node.askingStore)
    }
    return new Promise<T>((resolve, reject) => {
      const run = () => followRedirects(this.#nodes, limitMs, attempt, first).then(resolve, reject)
      this.#waiting += 1
      const queue = this.#moving.get(slot)
      if (queue !== undefined) insert(queue, { number, run })
      else {
        this.#moving.set(slot, [{ number, run }])
        void this.#drain(slot)
      }
    })
  }

  async #drain(slot: number): Promise<void> {
    const queue = this.#moving.get(slot)!
    // Of replies that came together, the one to a later call may be taken first: it has fewer
    // promises on its way. (A read that so overtook a delete brought the old value back.)
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      // What was sent to the owner before, and is redirected as well, takes its place in the queue.
      await this.#nodes.drained(slot)
      await queue.shift()!.run()
      this.#waiting -= 1
    }
    this.#moving.delete(slot)
  }
}

function insert(queue: Waiting[], waiting: Waiting): void {
  const after = queue.findIndex(({ number }) => number > waiting.number)
  if (after < 0) queue.push(waiting)
  else queue.splice(after, 0, waiting)
}

const TOO_MANY = `redis: ${MAX_WAITING} calls wait for slots that move`
