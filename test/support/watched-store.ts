/**
 * A store with its comings and goings written down, and bounded waits for them.
 */
import type { Store } from '../../src/core/contracts.js'

const LIMIT_MS = 10_000
const POLL_MS = 10

export interface WatchedStore {
  readonly store: Store
  readonly ups: number
  readonly downs: readonly unknown[]
  /** Resolves once it was told up more than `than` times. */
  up(than?: number): Promise<void>
  /** Resolves with the cause once it was told down more than `than` times. */
  down(than?: number): Promise<unknown>
}

/** Opens `store` and watches it. */
export function watched(store: Store): WatchedStore {
  let ups = 0
  const downs: unknown[] = []
  store.open({
    onUp: () => {
      ups += 1
    },
    onDown: (cause) => downs.push(cause),
  })
  return {
    store,
    get ups() {
      return ups
    },
    downs,
    up: (than = 0) => until(() => ups > than, `up more than ${than} times`),
    down: async (than = 0) => {
      await until(() => downs.length > than, `down more than ${than} times`)
      return downs[than]
    },
  }
}

/** Polls until `holds`; rejects with `what` after ten seconds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = LIMIT_MS,
): Promise<void> {
  const limit = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`waited ${limitMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
