import { describe, expect, it } from '@jest/globals';
import { createCache, registerClass } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { openCache } from '../../../packages/core/dist/cache/create-cache.js';
import { readCacheOptions } from '../../../packages/core/dist/config/cache-options.js';
import { frameCodec, RetryQueue } from '../races/internals.js';
import { ModelStore } from '../races/model-store.js';
import { errorOf, openOn, servers, stores } from './stores.js';

describe('what somebody else has put under the key of a value', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['JSON of an object with __proto__', Buffer.from('{"__proto__":{"admin":true}}')],
    ['zeros', Buffer.alloc(4_096)],
    ['lengths beyond all bounds', Buffer.alloc(64, 0xff)],
  ])('in Redis: %s, is a miss and an event', async (_what, bytes) => {
    const { redis } = servers;
    const first = await openOn(redis.url);
    await first.cache.set('k', { secret: 1 }, 60);
    const keys = (await redis.command('KEYS', '*:e:*')) as unknown as readonly (string | Buffer)[];
    for (const key of keys) await redis.command('SET', key, bytes);
    const cache = await first.other();
    const events: string[] = [];
    cache.on(({ type }) => events.push(type));
    expect(await cache.get('k')).toBeUndefined();
    expect(events).toContain('unreadable');
    expect(cache.stats().unreadable).toBeGreaterThan(0);
    expect(await cache.getOrSet('k', () => 'made', 60)).toBe('made');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('in a frame of ours: a body that is none of a value is a miss and an event, and is made once for a crowd', async () => {
    const clock = new FakeClock();
    const store = new ModelStore(() => Promise.resolve());
    const codec = frameCodec();
    const foreign = {
      ...codec,
      encode: (...[stored, packed]: Parameters<typeof codec.encode>) =>
        codec.encode({ ...stored, body: Buffer.from('{"__proto__":{}}') }, packed),
    } as typeof codec;
    const open = (frames: typeof codec) =>
      openCache(readCacheOptions({ clock, consistency: 'strict' }), () => ({
        store,
        codec: frames,
        unheard: new RetryQueue((tags, mode) => store.invalidate(tags, mode), clock),
      }));
    await open(foreign).set('k', 'good', 60);
    const cache = open(codec);
    expect([await cache.get('k'), await cache.has('k')]).toEqual([undefined, false]);
    expect(cache.stats().unreadable).toBeGreaterThan(0);
    let runs = 0;
    const make = async () => ++runs;
    expect(await Promise.all([1, 2, 3].map(() => cache.getOrSet('k', make, 60)))).toEqual([1, 1, 1]);
    expect(await cache.get('k')).toBe(1);
    await open(foreign).set('n', 5, 60);
    expect(await cache.increment('n')).toBe(1);
    await open(foreign).set('a', 5, 60);
    expect(await cache.add('a', 'new', 60)).toBe(true);
    await open(foreign).set('t', 5, 60);
    expect(await cache.touch('t', 60)).toBe(false);
  });
});

describe('a class whose decode fails when a value is handed out', () => {
  class Price {
    constructor(readonly cents: number) {}
  }
  let isBroken = false;
  registerClass(Price, {
    name: 'hostile.Price',
    encode: ({ cents }) => cents,
    decode: (cents) => {
      if (isBroken) throw new Error('boom');
      return new Price(cents);
    },
  });

  it('makes the value a miss: what is kept is handed to nobody, and the producer runs', async () => {
    const cache = createCache();
    const kept = { price: new Price(1) };
    await cache.set('k', kept, 60);
    isBroken = true;
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect(await Promise.all([1, 2, 3].map((n) => cache.getOrSet<unknown>('k', () => n, 60)))).toEqual([1, 1, 1]);
    isBroken = false;
    expect(await cache.get('k')).toBe(1);
    await cache.close();
  });
});

describe.each(stores)('a value that has a `then`, in %s', (_name, store) => {
  /** A query as its builders have them: whoever waits for it runs it. */
  class Query {
    static runs = 0;
    constructor(readonly text: string) {}
    // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
    then(told: (rows: string) => void): void {
      Query.runs++;
      told(`rows of ${this.text}`);
    }
  }
  const name = `hostile.Query ${_name}`;
  registerClass(Query, { name });

  it.each(['structured', 'freeze', false] as const)('is refused, and never called (clone: %s)', async (clone) => {
    const { cache, events, warnings } = await openOn(store);
    Query.runs = 0;
    const query = new Query('all');
    await cache.set('k', 'old', 60);
    expect(await cache.set('k', query, { ttl: 60, clone })).toBe(false);
    // What it was to replace is older than it.
    expect([await cache.has('k'), await cache.get('k')]).toEqual([false, undefined]);
    expect(await errorOf(cache.add('k', query, { ttl: 60, clone }))).toMatchObject({ reason: 'value' });
    expect(await cache.setMany({ k: query, other: 1 }, { ttl: 60, clone })).toEqual(['k']);
    expect(await cache.set('promise', Promise.resolve(1), { ttl: 60, clone })).toBe(false);
    expect(Query.runs).toBe(0);
    expect(events).toContainEqual(expect.objectContaining({ type: 'refused', reason: 'class' }));
    expect(warnings()).toEqual([
      '(values): value is a Query: every promise of it would call its then(); it was not stored (k)',
      '(values): value is a Promise: await it first; it was not stored (promise)',
    ]);
  });

  it('is what a producer promises, and awaited as any promise; within another value it is kept as it is', async () => {
    const { cache } = await openOn(store);
    Query.runs = 0;
    expect(await cache.getOrSet('rows', () => new Query('a') as unknown as string, 60)).toBe('rows of a');
    expect(await cache.get('rows')).toBe('rows of a');
    expect(Query.runs).toBe(1);
    await cache.set('list', [new Query('b')], 60);
    const [found] = (await cache.get<Query[]>('list')) ?? [];
    expect(found).toBeInstanceOf(Query);
    expect([found?.text, Query.runs]).toEqual(['b', 1]);
  });
});

describe('a class that has got a `then` since its instances were stored', () => {
  class Job {
    constructor(readonly id: number) {}
  }
  registerClass(Job, { name: 'hostile.Job' });

  it('is a miss, and nobody calls it', async () => {
    const { cache, other } = await openOn(servers.redis.url);
    await cache.set('k', new Job(1), 60);
    let calls = 0;
    // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
    Object.assign(Job.prototype, { then: () => calls++ });
    const later = await other();
    const warnings: string[] = [];
    later.on((event) => event.type === 'warning' && warnings.push(event.message));
    expect(await later.get('k')).toBeUndefined();
    expect(await later.getOrSet('k', () => 'made', 60)).toBe('made');
    expect(calls).toBe(0);
    expect(later.stats().unreadable).toBeGreaterThan(0);
    expect(warnings[0]).toContain('cannot be handed out: value is a Job');
  });
});
