/**
 * Callers of this process that want one lock, first come first served: one of them asks the store,
 * the others wait for their turn. Bounded: one more than `MAX_WAITING` is refused.
 */
export const MAX_WAITING = 10_000

export class Turns {
  readonly #queues = new Map<string, (() => void)[]>()
  #waiting = 0

  /** Whether it is free here, or there is room for one who waits. */
  admits(name: string): boolean {
    return !this.#queues.has(name) || this.#waiting < MAX_WAITING
  }

  /** Calls `onTurn` when all before have ended theirs: at once where nobody is there. */
  take(name: string, onTurn: () => void): Turn {
    const queue = this.#queues.get(name)
    if (queue !== undefined) {
      this.#waiting++
      queue.push(onTurn)
    } else {
      this.#queues.set(name, [])
      onTurn()
    }
    return {
      leave: () => {
        const place = queue?.indexOf(onTurn) ?? -1
        if (place < 0) return
        queue!.splice(place, 1)
        this.#waiting--
      },
      end: () => this.#next(name),
    }
  }

  #next(name: string): void {
    const queue = this.#queues.get(name)!
    const onTurn = queue.shift()
    if (onTurn === undefined) this.#queues.delete(name)
    else {
      this.#waiting--
      onTurn()
    }
  }
}

export interface Turn {
  /** Gives up the wait. */
  leave(): void
  /** Lets the next one in. */
  end(): void
}
