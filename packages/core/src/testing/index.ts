export { type ChaosOperation, ChaosStore, type Fault } from './chaos-store.js';
export { FakeClock } from './fake-clock.js';
export { type Runner, type SharedStoreFixture, taggedStoreContract } from './tagged-store-contract.js';
