/**
 * The door `cachewright/bentocache`: our stores, as second layer of a bentocache. It imports
 * nothing of bentocache.
 */
export {
  type BentocacheDriver,
  type BentocacheDriverDescription,
  type BentocacheDriverOptions,
  bentocacheDriver,
} from './bentocache-driver.js'
