/**
 * The door `cachewright/keyv`: our stores, for Keyv 5 and all that is built on it: cacheable,
 * cache-manager, Nest. It imports nothing of Keyv.
 */
export { type KeyvStore, type KeyvStoreOptions, keyvStore } from './keyv-store.js'
