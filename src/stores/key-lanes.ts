/**
 * Order among calls that take several ways or several steps: a call stays behind those before it
 * that write one of its keys, and one that must come after all writes, behind all of them.
 *
 * Without it a `get` could overtake the `set` or the `delete` before it and bring the old value
 * back, and a record of the log the delete that it tells of. Bounded by the calls that the store
 * lets be under way.
 */
/** Keys that a call looks at or changes: it stays behind those before it that change them. */
interface Touched {
  readonly keys: readonly string[]
  readonly isWrite: boolean
}

/** `after writes`: behind all that are under way. */
export type CallOrder = Touched | 'after writes' | undefined

export class KeyLanes {
  /** The last write of each key that is under way. */
  readonly #writes = new Map<string, Promise<unknown>>()

  run<T>(order: CallOrder, send: () => Promise<T>): Promise<T> {
    if (order === undefined) return send()
    if (order === 'after writes') return behind([...this.#writes.values()], send)
    const before = order.keys.flatMap((key) => this.#writes.get(key) ?? [])
    const call = behind(before, send)
    if (order.isWrite) this.#note(order.keys, call)
    return call
  }

  #note(keys: readonly string[], call: Promise<unknown>): void {
    for (const key of keys) this.#writes.set(key, call)
    const end = () => {
      for (const key of keys) if (this.#writes.get(key) === call) this.#writes.delete(key)
    }
    call.then(end, end)
  }
}

async function behind<T>(before: readonly Promise<unknown>[], send: () => Promise<T>): Promise<T> {
  if (before.length > 0) await Promise.allSettled(new Set(before))
  return send()
}
