import type { Engine } from './engine.js'
import { encodeKey } from './key.js'
import type { Space } from './space.js'

/** The name under which the store knows a key. Throws KEY_INVALID or KEY_TOO_LONG. */
export function storeKeyOf({ settings }: Engine, space: Space, key: string): string {
  return space.storePrefix + encodeKey(key, settings.longKeys)
}
