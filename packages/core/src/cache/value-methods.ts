import type { Key, KeyOptions } from '../config/value-call-options.js';
import { attachCalls } from './runtime.js';
import { openThrough } from './through.js';
import type { ValueCache, ValueNamespace } from './value-cache.js';
import type { ValueCalls } from './value-calls.js';

/**
 * The calls as an object's own, so that what is taken off a cache goes on working.
 *
 * @param keep - keeps the process while a caller waits: nothing else does, where all there is to wait for is a store
 */
export function valueMethods(calls: ValueCalls, keep: <T>(work: Promise<T>) => Promise<T>): ValueCache {
  return {
    // What is found in memory is waited for by nobody, and the rest keeps the process only while there is something to wait
    // for that a producer does not do.
    getOrSet: (key, producer, options, ...more: never[]) => calls.getOrSet(key, producer, options, ...more),
    getOrSetMany: calls.getOrSetMany.bind(calls),
    get: (...given) => keep(calls.get(...given)),
    getMany: <T, K extends Key>(...given: [keys: readonly K[], options?: KeyOptions]) =>
      keep(calls.getMany<T, K>(...given)),
    has: (...given) => keep(calls.has(...given)),
    set: (...given) => keep(calls.set(...given)),
    setMany: (...given) => keep(calls.setMany(...given)),
    add: (...given) => keep(calls.add(...given)),
    delete: (...given) => keep(calls.delete(...given)),
    deleteMany: (...given) => keep(calls.deleteMany(...given)),
    touch: (...given) => keep(calls.touch(...given)),
    ttl: (...given) => keep(calls.ttl(...given)),
    increment: (...given) => keep(calls.increment(...given)),
    decrement: (...given) => keep(calls.decrement(...given)),
    incrementVersion: (...given) => keep(calls.incrementVersion(...given)),
    memoize: (...given) => calls.memoize(...given),
    namespace: (...given) => {
      const inner = calls.namespace(...given);
      const space: ValueNamespace = {
        ...valueMethods(inner, keep),
        clear: () => keep(inner.clear()),
        invalidate: (target) => keep(inner.invalidate(target)),
      };
      return attachCalls(space, () => inner);
    },
    token: () => keep(calls.token()),
    through: ((...given: [object]) =>
      openThrough(() => calls, { when: 'now', prefix: calls.prefix }, ...given)) as ValueCache['through'],
  };
}
