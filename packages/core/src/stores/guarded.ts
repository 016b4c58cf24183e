import type { Store } from '../ports/store.js';
import type { StoreHealth } from '../ports/store-health.js';
import { Guard, type GuardOptions } from './guard.js';

/**
 * A {@link Store} that always settles within its deadline.
 *
 * `getMany`, `set` and `deleteMany` reject with a `StoreError` and nothing else; `close` does not reject.
 */
export interface GuardedStore extends Store {
  health(): StoreHealth;
}

/**
 * Puts a {@link Guard} in front of a store. Answers are checked: a driver that hands out something else than bytes yields
 * a miss, one that answers with no list at all has failed.
 */
export function guarded(store: Store, options: GuardOptions): GuardedStore {
  const guard = new Guard(store.name, options);
  const stopListening = store.listen?.((cause) => guard.tell('connect', cause));
  return {
    name: store.name,
    getMany: (keys) =>
      guard.run(
        'getMany',
        () => store.getMany(keys),
        (answer) => readValues(answer, keys.length),
      ),
    set: (key, value, ttlMs) =>
      guard.run(
        'set',
        () => store.set(key, value, ttlMs),
        (answer) => answer === true,
      ),
    deleteMany: (keys) =>
      guard.run(
        'deleteMany',
        () => store.deleteMany(keys),
        () => undefined,
      ),
    close: () => {
      stopListening?.();
      return guard.close(() => store.close());
    },
    health: () => guard.health(),
  };
}

function readValues(answer: unknown, length: number): (Uint8Array | undefined)[] {
  if (!Array.isArray(answer) || answer.length !== length) {
    throw new TypeError(`expected a list of ${length} values, not ${Array.isArray(answer) ? answer.length : answer}`);
  }
  return answer.map((value: unknown) => (value instanceof Uint8Array ? value : undefined));
}
