export { type ChaosOperation, ChaosStore, type Fault } from './chaos-store.js';
export { FakeClock } from './fake-clock.js';
