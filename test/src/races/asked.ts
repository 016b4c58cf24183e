import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import { readViewOptions, runtimeOf } from '@viewcache/core/node';
import { FakeClock } from '@viewcache/core/testing';
import { candidate } from './harness.js';
import type { Candidate, Lead, RequestFields } from './internals.js';

/** A cache that is asked as an adapter asks it, without a socket in between. */
export class Asked {
  readonly clock = new FakeClock();
  readonly cache: Cache;
  readonly #keys = readViewOptions<object, object>('bounds', 60).keys;
  readonly #runtime;

  constructor(options: CacheOptions = {}) {
    this.cache = createCache({ clock: this.clock, ...options });
    const runtime = runtimeOf(this.cache);
    if (runtime === undefined) throw new Error('no cache');
    this.#runtime = runtime;
  }

  get tagRecords(): number {
    return this.#runtime.tags.size;
  }

  get(url: string, more: Partial<Candidate> | 'refuse' = {}, values: Record<string, string> = {}): string {
    const { engine } = this.#runtime;
    const key = this.#keys.plain('GET', 'https', 'example.org', url);
    const fields: RequestFields = { get: (name) => values[name] };
    if (engine.find(key, [], fields) !== undefined) return 'hit';
    let how = '';
    engine.fetch({
      key,
      fields,
      policyNames: [],
      isGone: false,
      answer: (_item, answer) => {
        how = answer;
      },
      lead: (lead: Lead) => {
        how = lead.fwd;
        if (more === 'refuse') lead.refuse('set-cookie', '/:id');
        else lead.complete({ ...candidate, body: Buffer.alloc(200), lifetimeMs: 60_000, ...more });
      },
    });
    return how;
  }
}
