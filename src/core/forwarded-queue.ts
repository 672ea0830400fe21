/** A queue of writes whose every call goes another way: under a deadline, say, or later. */
import type { WriteQueue } from './write-queue.js'

/** Makes a call of the queue behind. */
export type ForwardCall = <T>(run: (queue: WriteQueue) => Promise<T>) => Promise<T>

export function forwardedQueue(partitions: number, call: ForwardCall): WriteQueue {
  return {
    partitions,
    prepare: (...args) => call((queue) => queue.prepare(...args)),
    put: (...args) => call((queue) => queue.put(...args)),
    waiting: (...args) => call((queue) => queue.waiting(...args)),
    claim: (...args) => call((queue) => queue.claim(...args)),
    renew: (...args) => call((queue) => queue.renew(...args)),
    settle: (...args) => call((queue) => queue.settle(...args)),
    release: (...args) => call((queue) => queue.release(...args)),
    state: () => call((queue) => queue.state()),
    deadLetters: (...args) => call((queue) => queue.deadLetters(...args)),
    replay: (...args) => call((queue) => queue.replay(...args)),
    drop: (...args) => call((queue) => queue.drop(...args)),
  }
}
