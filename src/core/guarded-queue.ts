/** A queue of writes whose calls can neither hang nor flood, as those of the store it lies in. */
import type { WriteQueue } from './write-queue.js'

/** `guard`: runs a call under the deadline and behind the breaker of the store. */
export function guardedQueue(
  queue: WriteQueue,
  guard: <T>(send: () => Promise<T>) => Promise<T>,
): WriteQueue {
  return {
    partitions: queue.partitions,
    prepare: (durability) => guard(() => queue.prepare(durability)),
    put: (writes, limits) => guard(() => queue.put(writes, limits)),
    waiting: (keys) => guard(() => queue.waiting(keys)),
    claim: (partition, holder, bounds) => guard(() => queue.claim(partition, holder, bounds)),
    renew: (partition, holder, epoch) => guard(() => queue.renew(partition, holder, epoch)),
    settle: (partition, epoch, settled) => guard(() => queue.settle(partition, epoch, settled)),
    release: (partition, epoch) => guard(() => queue.release(partition, epoch)),
    state: () => guard(() => queue.state()),
    deadLetters: (limit) => guard(() => queue.deadLetters(limit)),
    replay: (keys) => guard(() => queue.replay(keys)),
    drop: (keys) => guard(() => queue.drop(keys)),
  }
}
