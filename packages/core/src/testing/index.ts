export {
  type Answered,
  cacheStatusOf,
  type FieldsLike,
  type SeenCacheStatus,
} from './cache-status.js';
export { type ChaosOperation, ChaosStore, type Fault } from './chaos-store.js';
export {
  type ExpectedStatus,
  expectBypass,
  expectHit,
  expectMiss,
  expectNotStored,
  expectStale,
  expectStored,
} from './expectations.js';
export { FakeClock } from './fake-clock.js';
export { type FreshCache, type FreshCacheOptions, freshCache, pauseCache, resetCache, settled } from './isolation.js';
export type { Runner, SharedStoreFixture } from './tagged-store/chapter.js';
export { taggedStoreContract } from './tagged-store-contract.js';
