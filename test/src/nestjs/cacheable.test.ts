import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ConfigError, memoOf, view } from '@viewcache/core';
import { Cacheable, CacheInvalidate, CachePut, InjectCache, type ViewCache } from '@viewcache/nestjs';
import type { Observable as Watched } from 'rxjs';
import { concat, EMPTY, lastValueFrom, Observable, of, throwError, toArray } from 'rxjs';
import { gate } from '../support/gate.js';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

interface City {
  readonly id: number;
  readonly run: number;
}

const all = (source: Observable<unknown>) => lastValueFrom(source.pipe(toArray()));

describe('a method under @Cacheable()', () => {
  it.each<[string, unknown]>([
    ['@Cacheable', Cacheable],
    ['@CachePut', CachePut],
    ['@CacheInvalidate', CacheInvalidate],
  ])('is refused without parentheses, where no compiler has looked: %s', (name, decorator) => {
    const bare = decorator as MethodDecorator & ClassDecorator;
    class Cities {
      async find() {}
    }
    const find = Object.getOwnPropertyDescriptor(Cities.prototype, 'find') as PropertyDescriptor;
    expect(() => bare(Cities.prototype, 'find', find)).toThrow(`Cities.find: ${name}: `);
    expect(() => bare(Cities)).toThrow(`Cities: ${name}: `);
    expect(() => bare(Cities)).toThrow(`use ${name}(…), with its options`);
  });

  it('runs once for each list of arguments, for as long as the ttl says', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      async find(id: number): Promise<City> {
        return { id, run: ++this.runs };
      }
    }
    const { app, clock } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    expect([await cities.find(1), await cities.find(1), await cities.find(2)]).toEqual([
      { id: 1, run: 1 },
      { id: 1, run: 1 },
      { id: 2, run: 2 },
    ]);
    await clock.advanceAsync(60_001);
    expect(await cities.find(1)).toEqual({ id: 1, run: 3 });
  });

  it('runs once for a crowd, hands each a result of his own, and tells all of its error as it is', async () => {
    const done = gate<number[]>();
    const error = new RangeError('down');
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      async list(): Promise<number[]> {
        this.runs++;
        return await done.passed;
      }
      @Cacheable(60)
      async fail(): Promise<never> {
        this.runs++;
        throw error;
      }
    }
    const { app } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const crowd = [cities.list(), cities.list(), cities.list()];
    done.open([1]);
    const [first, second, third] = await Promise.all(crowd);
    second?.push(2);
    expect([first, third, await cities.list(), cities.runs]).toEqual([[1], [1], [1], 1]);
    const failed = await Promise.allSettled([cities.fail(), cities.fail()]);
    expect(failed.map((each) => each.status === 'rejected' && each.reason)).toEqual([error, error]);
    await expect(cities.fail()).rejects.toBe(error);
    expect(cities.runs).toBe(3);
  });

  it('takes a type that was imported as a type alone, and noted as Function, for none', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      watch(): Watched<number> {
        return of(++this.runs);
      }
    }
    expect(Reflect.getMetadata('design:returntype', Cities.prototype, 'watch')).toBe(Function);
    const { app } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    expect([await all(cities.watch()), await all(cities.watch()), await all(cities.watch())]).toEqual([[1], [2], [2]]);
  });

  it('keeps what a method without a noted type promises as of its second call', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      find(id: number) {
        return Promise.resolve({ id, run: ++this.runs });
      }
    }
    expect(Reflect.getMetadata('design:returntype', Cities.prototype, 'find')).toBeUndefined();
    const { app, warnings } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    expect([await cities.find(1), await cities.find(1), await cities.find(1)].map(({ run }) => run)).toEqual([1, 2, 2]);
    expect(warnings()).toEqual([]);
  });

  it('passes a plain result on as it is, with one event, where no type is noted', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      count() {
        return ++this.runs;
      }
    }
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    expect([cities.count(), cities.count(), cities.count()]).toEqual([1, 2, 3]);
    expect(events).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(/^Cities\.count: @Cacheable has returned neither a Promise nor/),
      },
    ]);
  });

  it('keeps the last value of an Observable, run by who subscribes first', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable({ ttl: 60, tags: (last: number, id: number) => [`cities#${id}`, `runs#${last}`] })
      watch(id: number): Observable<number> {
        return new Observable((subscriber) => {
          subscriber.next(-id);
          subscriber.next(++this.runs);
          subscriber.complete();
        });
      }
      @Cacheable(60)
      nothing(): Observable<number> {
        this.runs++;
        return EMPTY;
      }
      @Cacheable(60)
      fail(): Observable<number> {
        this.runs++;
        return concat(
          of(1),
          throwError(() => new RangeError('down')),
        );
      }
    }
    const { app, cache } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const watched = cities.watch(7);
    expect(cities.runs).toBe(0);
    expect([await all(watched), await all(watched), await all(cities.watch(7))]).toEqual([[1], [1], [1]]);
    await cache.invalidate({ tags: 'runs#1' });
    expect(await all(cities.watch(7))).toEqual([2]);
    expect([await all(cities.nothing()), await all(cities.nothing()), cities.runs]).toEqual([[], [], 3]);
    await expect(lastValueFrom(cities.fail())).rejects.toThrow(RangeError);
    await expect(lastValueFrom(cities.fail())).rejects.toThrow(RangeError);
    expect(cities.runs).toBe(5);
    expect(await all(memoOf(cities.watch).of(cities).refresh(7))).toEqual([6]);
    expect(await all(cities.watch(7))).toEqual([6]);
  });

  it('gives whoever goes through an async generator what it came to', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable(60)
      async *pages(from: number): AsyncGenerator<number> {
        yield from;
        yield ++this.runs;
      }
    }
    const { app } = await startContext({ providers: [Cities] });
    const lists: number[][] = [];
    for (let i = 0; i < 2; i++) {
      const list: number[] = [];
      for await (const page of app.get(Cities).pages(7)) list.push(page);
      lists.push(list);
    }
    expect(lists).toEqual([
      [7, 1],
      [7, 1],
    ]);
  });

  it('takes every option that says something of the result or the arguments', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable({
        ttl: (city: City, id: number) => (city.id === id && id > 1 ? '1h' : '10s'),
        tags: (city: City, id: number) => [`cities#${id}`, `runs#${city.run}`],
        when: (id: number) => id >= 0,
        storeIf: (city: City, id: number) => city.id !== 5 && id !== 5,
        key: (id: number) => `city:${Math.abs(id)}`,
      })
      async find(id: number): Promise<City> {
        return { id, run: ++this.runs };
      }
    }
    const { app, cache, clock } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const runOf = async (id: number) => (await cities.find(id)).run;
    expect([await runOf(1), await runOf(2), await runOf(5)]).toEqual([1, 2, 3]);
    expect([await runOf(1), await runOf(2), await runOf(5), await runOf(-1)]).toEqual([1, 2, 4, 5]);
    await clock.advanceAsync(10_001);
    expect([await runOf(1), await runOf(2)]).toEqual([6, 2]);
    await cache.invalidate({ tags: 'cities#2' });
    await cache.invalidate({ key: 'city:1' });
    expect([await runOf(1), await runOf(2)]).toEqual([7, 8]);
    await cache.invalidate({ namespace: 'memo:Cities.find' });
    expect([await runOf(1), await runOf(2)]).toEqual([9, 10]);
  });

  it('tells what is made of it of its tags, and is told of those that were said while it ran', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable({ ttl: 60, tags: ['cities'] })
      async list(): Promise<number> {
        view().dependsOn('districts');
        return ++this.runs;
      }
      @Cacheable(60)
      async report(): Promise<string> {
        return `runs: ${await this.list()}`;
      }
    }
    const { app, cache } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const value = () => cache.getOrSet('all', () => cities.report(), 60);
    await cities.list();
    expect([await cities.report(), await value()]).toEqual(['runs: 1', 'runs: 1']);
    for (const [tags, runs] of [
      ['cities', 'runs: 2'],
      ['districts', 'runs: 3'],
    ] as const) {
      await cache.invalidate({ tags });
      expect([await value(), await cities.report()]).toEqual([runs, runs]);
    }
  });

  it('has the name, the length, the `this` and the metadata of the method, whoever noted it first', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @SetMetadata('above', 1)
      @Cacheable(60)
      @SetMetadata('below', 2)
      async find(this: Cities, _id: number, _deep: boolean): Promise<boolean> {
        this.runs++;
        return this instanceof Cities;
      }
    }
    const { app } = await startContext({ providers: [Cities] });
    const { find } = Cities.prototype;
    const reflector = app.get(Reflector);
    expect([find.name, find.length, reflector.get('above', find), reflector.get('below', find)]).toEqual([
      'find',
      2,
      1,
      2,
    ]);
    expect(await app.get(Cities).find(1, true)).toBe(true);
  });

  it('can be found by memoOf, for an instance of an app', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @SetMetadata('above', 1)
      @Cacheable(60)
      async find(_id: number): Promise<number> {
        return ++this.runs;
      }
    }
    const { app, cache } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const results = memoOf(cities.find).of(cities);
    expect([await cities.find(1), await cities.find(2)]).toEqual([1, 2]);
    await results.invalidate(1);
    expect([await cities.find(1), await cities.find(2)]).toEqual([3, 2]);
    await results.cacheClear();
    expect([await cities.find(1), await cities.find(2)]).toEqual([4, 5]);
    expect(results.keyFor(1)).toContain('11:Cities.find\n');
    expect(cache.stats().routes['Cities.find']).toMatchObject({ stored: 5 });
    expect(() => memoOf(cities.find).of(new Cities())).toThrow(ConfigError);
    expect(() => memoOf(cities.find).cacheInfo()).toThrow('memoOf(…).of(instance)');
  });

  it('is kept in the cache that it names, or that its class does', async () => {
    @Cacheable({ cache: 'pages', ttl: 60 })
    @Injectable()
    class Cities {
      runs = 0;
      constructor(@InjectCache('pages') readonly pages: ViewCache) {}
      @Cacheable()
      async list(): Promise<number> {
        return ++this.runs;
      }
      @Cacheable({ ttl: 10, cache: 'default' })
      async find(_id: number): Promise<number> {
        return ++this.runs;
      }
    }
    const { app, cache, clock, warnings } = await startContext({
      providers: [Cities],
      options: { caches: { pages: {} } },
    });
    const cities = app.get(Cities);
    const ask = async () => [await cities.list(), await cities.find(1)];
    expect([await ask(), await ask()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await cities.pages.invalidate({ all: true });
    expect(await ask()).toEqual([3, 2]);
    await cache.invalidate({ all: true });
    expect(await ask()).toEqual([3, 4]);
    await clock.advanceAsync(10_001);
    expect(await ask()).toEqual([3, 5]);
    expect(warnings()).toEqual([]);
  });
});

describe('@Cacheable() is refused when the app starts', () => {
  it.each<[string, unknown, string]>([
    ['a list', [], 'ttl: an empty list'],
    ['a Map', new Map(), 'ttl: a Map'],
    ['a word that the other one contradicts', { instances: 'shared', instanceKey: 'id' }, "instanceKey: 'id'"],
  ])('with %s', async (_what, options, message) => {
    for (const place of ['method', 'class']) {
      class Cities {
        async find(): Promise<number> {
          return 1;
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(Cities.prototype, 'find') as PropertyDescriptor;
      const said = Cacheable(options as number);
      ((place === 'method' ? said : Cacheable()) as MethodDecorator)(Cities.prototype, 'find', descriptor);
      Object.defineProperty(Cities.prototype, 'find', descriptor);
      if (place === 'class') said(Cities);
      Injectable()(Cities);
      await expect(startContext({ providers: [Cities] })).rejects.toThrow(`Cities.find: @Cacheable.${message}`);
    }
  });

  const plain = (type: unknown) => {
    @Injectable()
    class Cities {
      find(): unknown {
        return 1;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Cities.prototype, 'find') as PropertyDescriptor;
    Reflect.defineMetadata('design:returntype', type, Cities.prototype, 'find');
    (Cacheable(60) as MethodDecorator)(Cities.prototype, 'find', descriptor);
    Object.defineProperty(Cities.prototype, 'find', descriptor);
    return Cities;
  };

  it.each([String, Number, Object, Array, Map])('on a method that returns %p', async (type) => {
    await expect(startContext({ providers: [plain(type)] })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      message: expect.stringContaining(
        `Cities.find: @Cacheable: '${type.name}' is what it returns; use it on methods that return a Promise or an Observable`,
      ),
    });
  });

  it('on a method with a type that TypeScript has noted, and on a generator', async () => {
    @Injectable()
    class Cities {
      @Cacheable(60)
      count(): number {
        return 1;
      }
    }
    @Injectable()
    class Pages {
      @Cacheable(60)
      *pages() {
        yield 1;
      }
    }
    await expect(startContext({ providers: [Cities] })).rejects.toThrow("Cities.count: @Cacheable: 'Number' is what");
    await expect(startContext({ providers: [Pages] })).rejects.toThrow("Pages.pages: @Cacheable: 'Generator' is what");
  });

  it.each<[string, string, object]>([
    ['a ttl that is none', 'Cities.find: @Cacheable.ttl', { ttl: 'soon' }],
    ['an option that nobody knows', 'Cities.find: @Cacheable.tag', { tag: ['cities'] }],
    ['a cache that the app has not', 'Cities.find: @Cacheable.cache', { ttl: 60, cache: 'pagse' }],
    ['a cache that is none', 'Cities.find: @Cacheable.cache', { ttl: 60, cache: new Map() }],
    ['instances', 'Cities.find: @Cacheable.instances', { ttl: 60, instances: 'each' }],
    ['a name that is none', 'Cities.find: @Cacheable.name', { ttl: 60, name: '' }],
  ])('with %s', async (_what, setting, options) => {
    @Injectable()
    class Cities {
      @Cacheable(options as { ttl: number })
      async find(): Promise<number> {
        return 1;
      }
    }
    await expect(startContext({ providers: [Cities] })).rejects.toMatchObject({ code: 'ERR_CACHE_CONFIG', setting });
  });

  it('twice on one method, and on a class without such methods', async () => {
    @Injectable()
    class Twice {
      @Cacheable(60)
      @Cacheable(10)
      async find(): Promise<number> {
        return 1;
      }
    }
    @Cacheable(60)
    @Injectable()
    class None {
      async find(): Promise<number> {
        return 1;
      }
    }
    await expect(startContext({ providers: [Twice] })).rejects.toThrow("Twice.find: @Cacheable: '@Cacheable' is on");
    await expect(startContext({ providers: [None] })).rejects.toThrow('None: @Cacheable');
  });

  it('with options of the class that do not fit', async () => {
    @Cacheable({ ttl: -1 })
    @Injectable()
    class Cities {
      @Cacheable()
      async find(): Promise<number> {
        return 1;
      }
    }
    await expect(startContext({ providers: [Cities] })).rejects.toThrow('Cities.find: @Cacheable.ttl: -1');
  });

  it('at once, on what no app could have', () => {
    const decorate = Cacheable(60) as (...given: unknown[]) => void;
    class Cities {
      name = '';
      static find(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Cities, 'find');
    expect(() => decorate(Cities, 'find', descriptor)).toThrow(
      'Cities.find: @Cacheable: the function find is not allowed; use it on methods of providers and controllers that are not static, with experimentalDecorators',
    );
    expect(() => decorate({}, 'size', { get: () => 1 })).toThrow(ConfigError);
    expect(() => decorate({}, 'size', undefined)).toThrow(ConfigError);
    expect(() => decorate(() => {}, { kind: 'method', name: 'find' })).toThrow(ConfigError);
  });
});

describe('@Cacheable() does not compile', () => {
  it('with options that do not fit the method', () => {
    class Cities {
      // @ts-expect-error the result is no string
      @Cacheable({ ttl: 60, tags: (city: string) => [city] })
      async find(id: number): Promise<City> {
        return { id, run: 1 };
      }
      // @ts-expect-error the argument is a number
      @Cacheable({ ttl: 60, key: (id: string) => id })
      async other(_id: number): Promise<void> {}
      // @ts-expect-error the last value is a number
      @Cacheable({ ttl: 60, storeIf: (last: string) => last !== '' })
      watch(): Observable<number> {
        return of(1);
      }
    }
    expect(Cities).toBeDefined();
  });

  it('says in the words of the decorator how long is kept what has no ttl, and what to do with a request', async () => {
    @Injectable()
    class Cities {
      @Cacheable()
      async list(): Promise<number> {
        return 1;
      }
      @Cacheable({ ttl: 10 })
      async of(_id: number, _request: object): Promise<number> {
        return 1;
      }
    }
    const { app, warnings } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    await cities.list();
    await cities.of(1, new IncomingMessage(new Socket()));
    expect(warnings()).toEqual([
      'Cities.list says neither a ttl, nor tags, nor a maxSize: its results are kept for 5 minutes; give one, or the cache a ttl',
      'Cities.of was called with what cannot be part of a key, and not cached: [1] is of class IncomingMessage; ' +
        'ignore: [1] leaves it out, and key: (…) => … says what to go by instead',
    ]);
  });
});
