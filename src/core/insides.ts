/**
 * What lies behind a cache, for the patterns that need more than its verbs: a lock asks the store
 * for rights, which no verb does. Applications have no way to it.
 */
import type { Cache } from './api.js'
import type { Engine } from './engine.js'
import { invalidOption } from './option-reading.js'
import type { Space } from './space.js'

export interface Insides {
  readonly engine: Engine
  readonly space: Space
}

const known = new WeakMap<object, Insides>()

export function rememberInsides(cache: Cache, insides: Insides): void {
  known.set(cache, insides)
}

/** `where` begins the message. Throws OPTION_INVALID for what `createCache` has not made. */
export function insidesOf(cache: Cache, where: string): Insides {
  const insides = typeof cache === 'object' && cache !== null ? known.get(cache) : undefined
  if (insides !== undefined) return insides
  throw invalidOption(where, 'cache', cache, 'a cache of createCache, or a namespace of one')
}
