/** A shelf in the cache's own store, under names that no key can have: no namespace holds a `!`. */
import type { GuardedStore } from './guarded-store.js'
import type { Shelf } from './shelf.js'

export function storeShelf(store: GuardedStore, prefix: string): Shelf {
  const keyOf = (name: string) => `${prefix}:!${name}`
  return {
    async get(name) {
      try {
        const [bytes] = await store.getMany([keyOf(name)])
        return bytes
      } catch {
        // What failed is an event of the store.
        return undefined
      }
    },
    async put(name, bytes, ttlMs) {
      try {
        await store.setMany([{ key: keyOf(name), bytes, ttlMs }])
        return true
      } catch {
        return false
      }
    },
    async remove(names) {
      await store.deleteMany(names.map(keyOf)).catch(() => {})
    },
  }
}
