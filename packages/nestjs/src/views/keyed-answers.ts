import type { ExecutionContext } from '@nestjs/common';
import { view } from '@viewcache/core';
import type { CacheViewOptions } from './cache-view-options.js';
import { requestIn } from './request-context.js';

type Key = CacheViewOptions['key'];

/** Keeps answers from being stored to requests of which a key has said nothing, where only a key covers what they are made of. */
export class KeyedAnswers {
  readonly #silent = new WeakSet<object>();

  /** A key that is heard here; anything but a function is there to be refused, as it is. */
  hear(key: Key): Key {
    if (typeof key !== 'function') return key;
    return (context) => {
      const own = key(context);
      const request: object = requestIn(context);
      if (own === undefined) this.#silent.add(request);
      else this.#silent.delete(request);
      return own;
    };
  }

  /** To be called as the handler is about to run. */
  judge(context: ExecutionContext): void {
    if (this.#silent.has(requestIn(context))) view().doNotStore();
  }
}
