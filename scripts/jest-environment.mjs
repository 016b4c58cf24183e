// The environment of jest for Node, which also ends what a suite has begun to keep with its requests.
//
// Before Node 24 every AsyncLocalStorage that was ever entered is written to each promise of the process until it is
// disabled. Each suite loads its own, and a worker runs hundreds of suites: its last ones took twice the time.
import { AsyncLocalStorage } from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

/** Those that the suite running in this process has entered: a worker runs one at a time. */
const entered = new Set();

for (const name of ['run', 'enterWith']) {
  const enter = AsyncLocalStorage.prototype[name];
  AsyncLocalStorage.prototype[name] = function (...args) {
    entered.add(this);
    return enter.apply(this, args);
  };
}

export default class extends TestEnvironment {
  async teardown() {
    for (const storage of entered) storage.disable();
    entered.clear();
    await super.teardown();
  }
}
