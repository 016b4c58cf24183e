import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { readViewOptions } from '../config/view-options.js';
import { candidate } from '../engine/engine.test.support.js';
import type { Candidate } from '../engine/lead.js';
import type { InvalidationTarget } from '../invalidation/target.js';
import type { CacheEvent } from '../ports/event-sink.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { Cache } from './cache.js';
import { createCache } from './create-cache.js';
import { runtimeOf } from './runtime.js';

const policy = readViewOptions<object, object>('test', 60);

/** One request straight to the engine: `hit`, or the handler's answer is offered. */
function ask(cache: Cache, url: string, more: Partial<Candidate> = {}, values: Record<string, string> = {}): string {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new Error('no cache');
  const key = policy.keys.plain('GET', 'http', 'h', url);
  const fields = { get: (name: string) => values[name] };
  if (runtime.engine.find(key, [], fields) !== undefined) return 'hit';
  let how = '';
  runtime.engine.fetch({
    key,
    fields,
    policyNames: [],
    isGone: false,
    answer: (_item, answer) => {
      how = answer;
    },
    lead: (lead) => {
      how = lead.fwd;
      lead.complete(candidate('hello', { tags: [], ...more }));
    },
  });
  return how;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('createCache', () => {
  it('answers the second request from memory, until the lifetime has passed', () => {
    const clock = new FakeClock();
    const cache = createCache({ clock });
    expect(ask(cache, '/')).toBe('uri-miss');
    clock.advance(59_999);
    expect(ask(cache, '/')).toBe('hit');
    clock.advance(1);
    expect(ask(cache, '/')).not.toBe('hit');
  });

  it.each<[string, InvalidationTarget]>([
    ['tags', { tags: 'a' }],
    ['url', { url: '/x?q=1' }],
    ['path', { path: '/x' }],
    ['all', { all: true }],
  ])('invalidates and purges by %s, and nothing else', async (_kind, target) => {
    for (const how of ['invalidate', 'purge'] as const) {
      const cache = createCache();
      ask(cache, '/x?q=1', { tags: ['a'] });
      ask(cache, '/y', { tags: ['b'] });
      expect(await cache[how](target)).toEqual({ durable: true, at: 1 });
      expect(ask(cache, '/x?q=1', { tags: ['a'] })).toBe('stale');
      expect(ask(cache, '/y')).toBe('all' in target ? 'stale' : 'hit');
      expect(ask(cache, '/x?q=1')).toBe('hit');
    }
  });

  it('rejects a wrong target, and throws nothing', async () => {
    const cache = createCache();
    await expect(cache.invalidate({} as InvalidationTarget)).rejects.toBeInstanceOf(ConfigError);
    await expect(cache.purge({ tags: '' })).rejects.toBeInstanceOf(ConfigError);
  });

  it('holds at most maxVariants of one URL, also when they were stored anew', async () => {
    const cache = createCache({ maxVariants: 2 });
    const store = (accept: string) => ask(cache, '/', { selecting: ['accept'] }, { accept });
    for (const accept of ['a', 'b']) store(accept);
    expect([store('a'), store('b')]).toEqual(['hit', 'hit']);
    await cache.invalidate({ all: true });
    for (const accept of ['a', 'b']) store(accept);
    expect(cache.stats()).toMatchObject({ entries: 2, evicted: 0 });
    for (const accept of ['c', 'd']) store(accept);
    expect(cache.stats()).toMatchObject({ entries: 2, evicted: 2, refused: {} });
    expect([store('c'), store('d'), store('a')]).toEqual(['hit', 'hit', 'vary-miss']);
  });

  it('parts with no variant for another once one has left', async () => {
    const clock = new FakeClock();
    const cache = createCache({ maxVariants: 1, clock });
    const store = (accept: string) => ask(cache, '/', { selecting: ['accept'] }, { accept });
    store('a');
    store('b');
    expect([store('b'), cache.stats().evicted]).toEqual(['hit', 1]);
    await clock.advanceAsync(62_000);
    expect(cache.stats().entries).toBe(0);
    store('a');
    expect([store('a'), cache.stats().evicted]).toEqual(['hit', 1]);
  });

  it('keeps tag records only of what is stored', () => {
    const cache = createCache({ maxEntries: 10 });
    const tags = runtimeOf(cache)?.tags;
    ask(cache, '/0', { tags: ['t0'] });
    const one = tags?.size ?? 0;
    for (let i = 1; i < 1_000; i++) ask(cache, `/${i}`, { tags: [`t${i}`] });
    expect(cache.stats().entries).toBe(10);
    expect(tags?.size).toBeLessThanOrEqual(10 * one);
    for (let i = 0; i < 1_000; i++) ask(cache, '/same', { lifetimeMs: 0, tags: [`u${i}`] });
    expect(tags?.size).toBeLessThanOrEqual(10 * one);
  });

  it('tells of what happens, and counts it', async () => {
    const cache = createCache({ maxEntries: 1 });
    const events: CacheEvent[] = [];
    const end = cache.on((event) => events.push(event));
    ask(cache, '/a');
    ask(cache, '/b');
    await cache.invalidate({ tags: 'x' });
    end();
    ask(cache, '/c');
    expect(events.map(({ type }) => type)).toEqual(['miss', 'stored', 'miss', 'removed', 'stored', 'invalidated']);
    expect(cache.stats()).toMatchObject({ misses: 3, stored: 3, evicted: 2, entries: 1, invalidations: 1 });
  });

  it('tells of what has expired, and not of what was stored anew', async () => {
    const clock = new FakeClock();
    const cache = createCache({ clock });
    const events: CacheEvent[] = [];
    cache.on((event) => events.push(event));
    ask(cache, '/', { tags: ['t'] });
    await cache.invalidate({ tags: 't' });
    ask(cache, '/');
    await clock.advanceAsync(62_000);
    expect(events.filter(({ type }) => type === 'removed')).toEqual([
      { type: 'removed', key: 'GET http://h/', reason: 'expired' },
    ]);
  });

  it.each(['null:', 'off:'])('stores nothing with %s', (store) => {
    const cache = createCache({ store });
    ask(cache, '/');
    expect(ask(cache, '/')).toBe('uri-miss');
    expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0, stored: 0, refused: { 'null-store': 2 } });
  });

  it('leaves no timer behind when it is closed', async () => {
    const clock = new FakeClock();
    const cache = createCache({ clock });
    await cache.ready();
    ask(cache, '/');
    expect(clock.pendingTimers).toBe(1);
    await cache.close();
    expect(clock.pendingTimers).toBe(0);
    expect(cache.health()).toEqual({ local: 'up', shared: undefined, unheardInvalidations: 0 });
  });
});

describe('cache.invalidateOn', () => {
  it.each<[string, (id: number) => string | readonly string[] | InvalidationTarget]>([
    ['a tag', (id) => `users#${id}`],
    ['tags', (id) => ['x', `users#${id}`]],
    ['a target', (id) => ({ tags: `users#${id}` })],
  ])('invalidates %s for each event, until it is stopped', (_what, target) => {
    const cache = createCache();
    const emitter = new EventEmitter();
    const stop = cache.invalidateOn(emitter, 'updated', target);
    ask(cache, '/', { tags: ['users#1'] });
    emitter.emit('updated', 2);
    expect(ask(cache, '/')).toBe('hit');
    emitter.emit('updated', 1);
    expect(ask(cache, '/', { tags: ['users#1'] })).toBe('stale');
    stop();
    emitter.emit('updated', 1);
    expect(ask(cache, '/')).toBe('hit');
    expect(emitter.listenerCount('updated')).toBe(0);
  });

  it.each<[string, () => string]>([
    [
      'throws',
      () => {
        throw new Error('no id');
      },
    ],
    ['names nothing', () => ''],
  ])('warns when the function %s, and never throws into the emitter', (_what, target) => {
    const cache = createCache();
    const emitter = new EventEmitter();
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const events: CacheEvent[] = [];
    cache.on((event) => events.push(event));
    cache.invalidateOn(emitter, 'updated', target);
    expect(() => emitter.emit('updated')).not.toThrow();
    expect(events).toEqual([{ type: 'warning', message: expect.stringContaining("invalidateOn('updated')") }]);
    expect(warning).toHaveBeenCalledTimes(1);
  });
});

describe('runtimeOf', () => {
  it.each([undefined, null, 5, 'x', {}, []])('is undefined for %p', (value) => {
    expect(runtimeOf(value)).toBeUndefined();
  });

  it('does not show among the properties of a cache', () => {
    const cache = createCache();
    expect(runtimeOf(cache)).toBeDefined();
    expect(runtimeOf({ ...cache })).toBeUndefined();
  });
});
