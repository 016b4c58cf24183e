import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, memoize, memoized, type SetOptions, type ValueOptions } from '@viewcache/core';
import { readViewOptions } from '@viewcache/core/node';
import { freshCache } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { errorOf, openMemory } from './stores.js';

/** Options that their user changes. */
type Changing<T> = { -readonly [K in keyof T]: T[K] };

describe('an object of options that is handed in again', () => {
  it('means what it says by then: other tags, one more, or none', async () => {
    const { cache } = await openMemory();
    const options: Changing<ValueOptions> = { ttl: '1h', tags: [] };
    const user = (id: number, name: string) => {
      options.tags = [`user#${id}`];
      return cache.getOrSet(`user:${id}`, () => name, options);
    };
    await Promise.all([user(1, 'a'), user(2, 'b')]);
    await cache.invalidate({ tags: 'user#2' });
    expect([await user(1, 'A'), await user(2, 'B')]).toEqual(['a', 'B']);

    const tags = ['x'];
    const more: Changing<SetOptions> = { ttl: '1h', tags };
    await cache.set('one', 1, more);
    tags.push('y');
    await cache.set('two', 2, more);
    tags[0] = 'z';
    await cache.set('three', 3, more);
    delete more.tags;
    await cache.set('none', 4, more);
    await cache.invalidate({ tags: 'x' });
    const read = async () => [...(await cache.getMany<number>(['one', 'two', 'three', 'none'])).values()];
    expect(await read()).toEqual([3, 4]);
    await cache.invalidate({ tags: 'y' });
    expect(await read()).toEqual([4]);
  });

  it.each([
    ['another ttl', { ttl: 'nonsense' }, 'getOrSet.ttl'],
    ['one that nobody knows', { tagz: undefined }, 'getOrSet.tagz'],
    ['another one of them', { staleIfError: -1 }, 'getOrSet.staleIfError'],
  ])('is refused for %s that is wrong by then', async (_what, more, setting) => {
    const { cache } = await openMemory();
    const options = { ttl: '1h', staleIfError: '1h' } as const;
    await cache.getOrSet('one', () => 1, options);
    Object.assign(options, more);
    const error = await errorOf(cache.getOrSet('two', () => 2, options));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting });
  });

  it('is asked anew whether what is stored will do', async () => {
    const { cache } = await openMemory();
    const options: Changing<ValueOptions> = { ttl: '1h', tags: ['t'], forceRefresh: false };
    let made = 0;
    const ask = () => cache.getOrSet('k', () => ++made, options);
    await ask();
    options.forceRefresh = true;
    expect(await ask()).toBe(2);
    options.forceRefresh = false;
    options.isStale = (value) => value === 2;
    expect(await ask()).toBe(3);
    options.isStale = (value) => value === 3;
    expect(await ask()).toBe(4);
  });

  it('says what a class computes for it, each time', async () => {
    const { cache } = await openMemory();
    class Options {
      readonly ttl = '1h';
      #id = 0;
      get tags() {
        return [`row#${this.#id}`];
      }
      of(id: number) {
        this.#id = id;
        return this as SetOptions;
      }
    }
    const options = new Options();
    for (const id of [1, 2]) await cache.set(`row:${id}`, id, options.of(id));
    await cache.invalidate({ tags: 'row#2' });
    expect([await cache.has('row:1'), await cache.has('row:2')]).toEqual([true, false]);
  });

  it('cannot be changed for a value that is being made', async () => {
    const { cache } = await openMemory();
    const tags = ['before'];
    const made = gate<void>();
    const asked = cache.getOrSet('k', () => made.passed.then(() => 1), { ttl: '1h', tags });
    tags[0] = 'after';
    made.open();
    await asked;
    await cache.invalidate({ tags: 'before' });
    expect(await cache.has('k')).toBe(false);
  });
});

describe('options that are read once', () => {
  it('of a memoized function mean what they did when it was memoized', async () => {
    const fresh = freshCache();
    const { cache } = await openMemory();
    const options = { ttl: '1h', tags: (_: number, id: number) => [`user#${id}`], ignore: [1], storeIf: () => true };
    let runs = 0;
    const run = async (_id: number, _trace: string) => ++runs;
    const decorate = memoized(options as never);
    const find = decorate(
      async function find(this: unknown, ..._args: never[]) {
        return ++runs;
      },
      { kind: 'method', name: 'find', private: true } as never,
    ) as unknown as typeof run;
    const all = [cache.memoize(run, options), memoize(run, options), find];
    Object.assign(options, { tags: () => ['other'], storeIf: () => false, ttl: 'nonsense' });
    options.ignore.pop();
    for (const fn of all) {
      const first = await fn(1, 'a');
      expect(await fn(1, 'b')).toBe(first);
      await Promise.all([cache, fresh.cache].map((each) => each.invalidate({ tags: 'user#1' })));
      expect(await fn(1, 'a')).toBe(first + 1);
    }
    await fresh.end();
  });

  it('of a page mean what they did when it was set up', () => {
    const [tags, watch] = [['before'], [new AsyncLocalStorage()]];
    const policy = readViewOptions('cachePage', { ttl: 60, tags, watch });
    tags.push('after');
    watch.pop();
    expect([policy.tags, policy.inputs.watch.length]).toEqual([['before'], 1]);
  });
});
