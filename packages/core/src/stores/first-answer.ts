import type { Clock } from '../ports/clock.js';
import type { Store } from '../ports/store.js';
import type { TaggedStore } from '../ports/tagged-store.js';
import { within } from '../values/within.js';

/** As long as Redis may take over its first connection. */
const PATIENCE_MS = 3_000;

/**
 * Lets those who write wait for a store of which nothing can be known but what it answers: many connect when they are first
 * asked, which may take longer than an operation. So the first one to write has it asked something that counts for nothing.
 *
 * @param key - of which the store has nothing
 */
export function firstAnswer(store: Store, key: string, clock: Clock): NonNullable<TaggedStore['connecting']> {
  let asked: Promise<void> | undefined;
  let isDecided = false;
  return (patience) => {
    if (isDecided || patience === 'deadline') return undefined;
    asked ??= within(store.getMany([key]), PATIENCE_MS, clock).then(() => {
      isDecided = true;
    });
    return asked;
  };
}
