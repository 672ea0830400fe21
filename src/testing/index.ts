/**
 * The door `cachewright/testing`: what a user's tests, and ours, are made of.
 */
export { checkMemory } from './check-memory.js'
export { type EvictionPolicySuiteOptions, evictionPolicySuite } from './eviction-policy-suite.js'
export { type FakeClock, type FakeClockOptions, fakeClock } from './fake-clock.js'
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
