/**
 * The door `cachewright/testing`: what a user's tests, and ours, are made of.
 */
export {
  type FaultScope,
  type FaultyStore,
  type FaultyStoreOptions,
  faultyStore,
  type StoreFault,
  type StoreOp,
} from './faulty-store.js'
export {
  type InProcessStore,
  type InProcessStoreOptions,
  inProcessStore,
} from './in-process-store.js'
export {
  type StoreSuiteOptions,
  type StoreUnderTest,
  storeSuite,
  type TestFramework,
} from './store-suite.js'
