/**
 * What the cases of the store suite stand on: a store that is up, short verbs and bounded waits.
 */
import { ok } from 'node:assert/strict'
import type { Store } from '../core/contracts.js'

/** A store that is up, and a maker of keys that no other test uses. */
export interface Bench {
  readonly store: Store
  key(name: string): string
}

export type Case = (name: string, run: (bench: Bench) => Promise<void>) => void

export const MINUTE_MS = 60_000
export const FOREVER_MS = Number.POSITIVE_INFINITY
const LIMIT_MS = 5_000
const POLL_MS = 10

export function put(store: Store, key: string, value: string, ttlMs = MINUTE_MS): Promise<void> {
  return store.setMany([{ key, bytes: Buffer.from(value), ttlMs }])
}

export async function text({ store, key }: Bench, name: string): Promise<string | undefined> {
  return asText((await store.getMany([key(name)]))[0])
}

export function asText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

/** All keys of a prefix, each once: a store may name one twice. */
export async function scanned(store: Store, prefix: string): Promise<string[]> {
  const keys = new Set<string>()
  for await (const page of store.scan(prefix)) for (const key of page) keys.add(key)
  return [...keys]
}

/** Opens the store and resolves once it is up. */
export function opened(store: Store): Promise<void> {
  return new Promise((resolve, reject) => {
    let lastCause: unknown
    const timer = setTimeout(() => {
      reject(new Error(`not up within ${LIMIT_MS} ms: ${String(lastCause)}`))
    }, LIMIT_MS)
    store.open({
      onUp: () => {
        clearTimeout(timer)
        resolve()
      },
      onDown: (cause) => {
        lastCause = cause
      },
    })
  })
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS
  while (!(await holds())) {
    ok(performance.now() < limit, `did not come about within ${LIMIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
