import { describe, expect, it } from '@jest/globals';
import KeyvRedis, { createKeyv } from '@keyv/redis';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import * as compat from '@viewcache/nestjs/compat';
import { Keyv } from 'keyv';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { until } from '../values/stores.js';
import { closeCompat, closeCompatAfterEach, packages, startManager, stopTime } from './compat-packages.js';

/** The client of node-redis in a Keyv, or in an adapter of one. */
function clientOf(store: unknown): { readonly isOpen: boolean } | undefined {
  const { client, store: inner } = store as { client?: { isOpen: boolean }; store?: unknown };
  return client ?? (inner === undefined ? undefined : clientOf(inner));
}

const YEAR = 365 * 86_400_000;

closeCompatAfterEach();

describe.each(packages)('CACHE_MANAGER of %s', (_name, { CACHE_MANAGER, Cache, CacheModule }) => {
  it('keeps values, and has undefined where there is none', async () => {
    const manager = await startManager(CacheModule.register());
    expect(await manager.get('a')).toBeUndefined();
    expect(await manager.set('a', { id: 1 })).toEqual({ id: 1 });
    expect(await manager.get('a')).toEqual({ id: 1 });
    await manager.set('n', null);
    expect(await manager.get('n')).toBeNull();
    expect(await manager.del('a')).toBe(true);
    expect(await manager.get('a')).toBeUndefined();
    expect(await manager.del('never')).toBe(true);
  });

  it('keeps them for ever, unless a ttl says otherwise, in milliseconds', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    await manager.set('ever', 1);
    await manager.set('zero', 1, 0);
    await manager.set('short', 1, 1_000);
    await pass(900);
    expect(await manager.mget(['ever', 'zero', 'short'])).toEqual([1, 1, 1]);
    await pass(101);
    expect(await manager.mget(['ever', 'zero', 'short'])).toEqual([1, 1, undefined]);
    await pass(YEAR);
    expect(await manager.mget(['ever', 'zero'])).toEqual([1, 1]);
  });

  it('takes the ttl of the module where a call has none, and 0 for no end', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register({ ...options, ttl: 5_000 }));
    await manager.set('module', 1);
    await manager.set('own', 1, 10_000);
    await manager.set('zero', 1, 0);
    expect(await manager.wrap('wrapped', () => 1)).toBe(1);
    await pass(5_001);
    expect(await manager.mget(['module', 'own', 'zero', 'wrapped'])).toEqual([undefined, 1, 1, undefined]);
  });

  it('keeps nothing whose ttl is over before it begins', async () => {
    const { options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    await manager.set('a', 1);
    await manager.set('a', 2, -1);
    expect(await manager.get('a')).toBeUndefined();
  });

  it('tells when a value ends, in milliseconds since the epoch', async () => {
    const { options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    await manager.set('short', 1, 1_000);
    await manager.set('ever', 1);
    expect(await manager.ttl('short')).toBe(Date.now() + 1_000);
    expect([await manager.ttl('ever'), await manager.ttl('never')]).toEqual([undefined, undefined]);
  });

  it('keeps, finds and removes many at once', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    const list = [
      { key: 'a', value: 'A' },
      { key: 'b', value: 'B', ttl: 5_000 },
    ];
    expect((await manager.mset(list)).map(({ key, value }) => [key, value])).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    expect(await manager.mget(['b', 'c', 'a', 'b'])).toEqual(['B', undefined, 'A', 'B']);
    await pass(5_001);
    expect(await manager.mget(['a', 'b'])).toEqual(['A', undefined]);
    expect(await manager.mdel(['a', 'c'])).toBe(true);
    expect(await manager.get('a')).toBeUndefined();
  });

  it('clears all', async () => {
    const manager = await startManager(CacheModule.register());
    await manager.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ]);
    expect(await manager.clear()).toBe(true);
    expect(await manager.mget(['a', 'b'])).toEqual([undefined, undefined]);
  });

  it('wraps a function: it runs once for all who ask meanwhile, and not again while its result is kept', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    const done = gate();
    let runs = 0;
    const make = async (): Promise<number> => {
      await done.passed;
      return ++runs;
    };
    const crowd = [manager.wrap('a', make, 5_000), manager.wrap('a', make, 5_000)];
    done.open();
    expect(await Promise.all(crowd)).toEqual([1, 1]);
    await pass(4_999);
    expect(await manager.wrap('a', make, 5_000)).toBe(1);
    expect(await manager.get('a')).toBe(1);
    await pass(2);
    expect(await manager.wrap('a', make, 5_000)).toBe(2);
    expect(
      await manager.wrap(
        'by value',
        () => 'ab',
        (text) => text.length,
      ),
    ).toBe('ab');
    await pass(3);
    expect(await manager.get('by value')).toBeUndefined();
  });

  it('hands on what a wrapped function throws, keeps neither that nor undefined, and keeps null', async () => {
    const manager = await startManager(CacheModule.register());
    let runs = 0;
    const fail = (): never => {
      throw new RangeError(`run ${++runs}`);
    };
    await expect(manager.wrap('fails', fail)).rejects.toThrow(new RangeError('run 1'));
    await expect(manager.wrap('fails', fail)).rejects.toThrow(new RangeError('run 2'));
    for (const nothing of [undefined, null]) {
      runs = 0;
      const make = () => {
        runs++;
        return nothing;
      };
      await manager.wrap(`is ${nothing}`, make);
      expect(await manager.wrap(`is ${nothing}`, make)).toBe(nothing);
      expect(runs).toBe(nothing === null ? 1 : 2);
    }
  });

  it('makes a wrapped value anew behind whoever asks shortly before its end', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register({ ...options, refreshThreshold: 1_000 }));
    let runs = 0;
    const refreshed = gate<unknown>();
    manager.on('refresh', (told) => refreshed.open(told));
    const ask = () => manager.wrap('a', async () => ++runs, 5_000);
    expect(await ask()).toBe(1);
    await pass(3_999);
    expect(await ask()).toBe(1);
    await pass(2);
    expect(await ask()).toBe(1);
    expect(await refreshed.passed).toEqual({ key: 'a', value: 2 });
    expect(await ask()).toBe(2);
    expect([runs, await manager.ttl('a')]).toEqual([2, Date.now() + 5_000]);
  });

  it('tells of a refresh that failed, and goes on with what there is', async () => {
    const { pass, options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    const error = new RangeError('down');
    const told = gate<unknown>();
    manager.on('refresh', (data) => told.open(data));
    await manager.wrap('a', () => 1, { ttl: 5_000, refreshThreshold: 1_000 });
    await pass(4_500);
    const fail = async (): Promise<number> => {
      throw error;
    };
    expect(await manager.wrap('a', fail, { ttl: 5_000, refreshThreshold: () => 1_000 })).toBe(1);
    expect(await told.passed).toEqual({ key: 'a', value: 1, error });
    expect(await manager.get('a')).toBe(1);
  });

  it('hands out a wrapped value with its end', async () => {
    const { options } = stopTime();
    const manager = await startManager(CacheModule.register(options));
    const expected = { value: 1, expires: Date.now() + 5_000 };
    for (let i = 0; i < 2; i++)
      expect(await manager.wrap('a', () => 1, { ttl: 5_000, raw: true })).toMatchObject(expected);
  });

  it('tells listeners what it does', async () => {
    const manager = await startManager(CacheModule.register({ ttl: 1_000 }));
    const told: unknown[] = [];
    const note = (event: string) => (data?: object) => void told.push([event, data && Object.keys(data).sort()]);
    const off = note('off');
    manager.on('set', off);
    manager.off('set', off);
    for (const event of ['get', 'mget', 'set', 'mset', 'del', 'mdel', 'clear'] as const)
      manager.on(event, note(event) as never);
    await manager.get('a');
    await manager.set('a', 1);
    await manager.mset([{ key: 'b', value: 2 }]);
    await manager.mget(['a', 'b']);
    await manager.del('a');
    await manager.mdel(['b']);
    await manager.clear();
    // `set` is told of twice there, for the store and for all of them.
    const once = [...new Map(told.map((each) => [JSON.stringify(each), each])).values()] as [string, string[]][];
    const plain = once.map(([event, keys]) => [event, keys?.filter((key) => key !== 'store')]);
    expect([...new Set(plain.map((each) => JSON.stringify(each)))]).toEqual(
      [
        ['set', ['key', 'value']],
        ['mset', ['list']],
        ['mget', ['keys', 'values']],
        ['del', ['key']],
        ['mdel', ['keys']],
        ['clear', undefined],
      ].map((each) => JSON.stringify(each)),
    );
  });

  it('has the id that it is given', async () => {
    expect((await startManager(CacheModule.register({ cacheId: 'own', stores: new Keyv() }))).cacheId()).toBe('own');
    expect((await startManager(CacheModule.register())).cacheId()).toMatch(/\w{5}/);
  });

  it('is injected by its token, and by the class Cache', async () => {
    @Module({ imports: [CacheModule.register()] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(app.get(Cache)).toBe(app.get(CACHE_MANAGER));
    await app.close();
  });

  it('is registered by a factory, a class, or a provider that is there, for all modules or for those that import it', async () => {
    const { pass, options } = stopTime();
    @Injectable()
    class Settings {
      createCacheOptions() {
        return { ...options, ttl: 1_000 };
      }
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const modules = [
      CacheModule.registerAsync({ useFactory: async () => ({ ...options, ttl: 1_000 }) }),
      CacheModule.registerAsync({ useClass: Settings }),
      CacheModule.registerAsync({ imports: [SettingsModule], useExisting: Settings }),
      CacheModule.registerAsync({
        extraProviders: [Settings],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.createCacheOptions(),
        isGlobal: true,
      }),
    ];
    expect(modules.map(({ global }) => global === true)).toEqual([false, false, false, true]);
    expect(
      [CacheModule.register(options), CacheModule.register({ ...options, isGlobal: true })].map(
        ({ global }) => global === true,
      ),
    ).toEqual([false, true]);
    for (const module of modules) {
      const manager = await startManager(module);
      await manager.set('a', 1);
      await pass(1_001);
      expect(await manager.get('a')).toBeUndefined();
    }
  });

  it.each<[string, (url: string) => NonNullable<compat.CacheModuleOptions['stores']>]>([
    ['a Keyv on Redis', (url) => createKeyv(url)],
    ['a list of a memory and Redis', (url) => [new Keyv(), new KeyvRedis(url)]],
  ])('shares values with other processes by %s, and disconnects from it when the app closes', async (_what, make) => {
    const redis = await RedisServer.start();
    try {
      const clients = [make(redis.url), make(redis.url)];
      const [one, other] = await Promise.all(
        clients.map((stores) => startManager(CacheModule.register({ stores, ttl: 60_000 }))),
      );
      await one?.set('a', { id: 1 });
      await until(async () => (await other?.get('a')) !== undefined);
      expect(await other?.get('a')).toEqual({ id: 1 });
      await other?.del('a');
      await closeCompat();
      for (const stores of clients) expect(clientOf([stores].flat().at(-1))?.isOpen).toBe(false);
    } finally {
      await redis.stop();
    }
  });

  it('takes a Keyv, or a list with a memory in front', async () => {
    for (const stores of [new Keyv(), [new Keyv()], new Keyv({ store: new Map() })]) {
      const manager = await startManager(CacheModule.register({ stores }));
      await manager.set('a', { id: 1 });
      expect(await manager.get('a')).toEqual({ id: 1 });
      await manager.disconnect();
    }
  });
});

describe.each(packages)('what CACHE_MANAGER of %s makes of', (_name, { CacheModule }, isOurs) => {
  it(`an object that a caller changes: ${isOurs ? 'a copy each' : 'it is the same for all'}`, async () => {
    const manager = await startManager(CacheModule.register());
    await manager.set('a', { tags: ['x'] });
    (await manager.get<{ tags: string[] }>('a'))?.tags.push('y');
    expect(await manager.get('a')).toEqual({ tags: isOurs ? ['x'] : ['x', 'y'] });
  });

  it(`a del() while the value is being made: ${isOurs ? 'it wins' : 'the value of before is kept'}`, async () => {
    const manager = await startManager(CacheModule.register());
    const [begun, done] = [gate(), gate()];
    const made = manager.wrap('a', async () => {
      begun.open();
      await done.passed;
      return 'old';
    });
    await begun.passed;
    await manager.del('a');
    done.open();
    expect(await made).toBe('old');
    expect(await manager.get('a')).toBe(isOurs ? undefined : 'old');
  });

  it(`a ttl that is a text: ${isOurs ? 'an error' : 'it never ends'}`, async () => {
    const { pass, options } = stopTime();
    const module = CacheModule.register({ ...options, ttl: '1000' as unknown as number });
    if (!isOurs) {
      const manager = await startManager(module);
      await manager.set('a', 1);
      await pass(YEAR);
      expect(await manager.get('a')).toBe(1);
      return;
    }
    await expect(startManager(module)).rejects.toThrow(
      new ConfigError('CacheModule.ttl', '1000', 'a number of milliseconds; 0: without an end'),
    );
    const manager = await startManager(CacheModule.register(options));
    await expect(manager.set('a', 1, { ttl: 5 } as never)).rejects.toThrow(/set\.ttl.*milliseconds/);
  });
});

describe('CacheModule.register of @viewcache/nestjs/compat', () => {
  const { CacheModule } = compat;
  /** An adapter of Keyv that says nothing of being memory. */
  class Rows {
    readonly #rows = new Map<string, unknown>();
    get(key: string) {
      return this.#rows.get(key);
    }
    set(key: string, value: unknown) {
      this.#rows.set(key, value);
      return true;
    }
    delete(key: string) {
      return this.#rows.delete(key);
    }
    clear() {
      this.#rows.clear();
    }
  }
  const keyv = () => ({ get: () => undefined, set: () => true, delete: () => true });

  it.each([
    ['CacheModule.stores', { stores: [keyv(), keyv()] }],
    ['CacheModule.stores', { stores: 'redsi://h' }],
    ['CacheModule.stores', { stores: [new Keyv()], cache: 'default' }],
    ['CacheModule.cache', { cache: 'default' }],
    ['CacheModule.cache', { cache: {} as never }],
    ['CacheModule.refreshThreshold', { refreshThreshold: 'soon' as never }],
  ])('refuses, naming %s: %p', async (setting, options) => {
    await expect(startManager(CacheModule.register(options as compat.CacheModuleOptions))).rejects.toThrow(
      new RegExp(`^${setting}`),
    );
  });

  it('takes the ttl of a Keyv for its own', async () => {
    stopTime();
    for (const stores of [new Keyv({ ttl: 1_000 }), [new Keyv(), new Keyv({ store: new Rows(), ttl: 1_000 })]]) {
      const manager = await startManager(CacheModule.register({ stores }));
      await manager.set('a', 1);
      expect(await manager.ttl('a')).toBe(Date.now() + 1_000);
    }
  });

  it('keeps managers apart, and waits for no store', async () => {
    const [one, other] = [await startManager(CacheModule.register()), await startManager(CacheModule.register())];
    await one.set('a', 1);
    expect(await other.get('a')).toBeUndefined();
    const store = { ...keyv(), get: () => new Promise(() => {}), set: () => new Promise(() => {}) };
    const slow = await startManager(CacheModule.register({ stores: store }));
    expect(await slow.wrap('a', () => 1)).toBe(1);
    await until(async () => (await slow.get('a')) === 1);
  });
});
