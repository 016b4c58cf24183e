import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  Cacheable,
  type CacheableOptions,
  CacheInvalidate,
  type CacheInvalidateOptions,
  ViewCache,
} from '@viewcache/nestjs';
import { firstValueFrom, lastValueFrom, Observable, throwError } from 'rxjs';
import { gate } from '../support/gate.js';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

/** Cities that are listed, and changed under the options of a test. */
function citiesWith(options: CacheInvalidateOptions, cached: CacheableOptions = {}) {
  @Injectable()
  class Cities {
    runs = 0;
    @Cacheable({ ttl: 60, tags: (_: string, country: string) => ['cities', `in#${country}`], ...(cached as object) })
    async list(country: string): Promise<string> {
      return `${country} ${++this.runs}`;
    }
    @CacheInvalidate(options)
    async change(country: string): Promise<string> {
      return await this.write(country);
    }
    async write(country: string): Promise<string> {
      return `changed ${country}`;
    }
  }
  return Cities;
}

describe('a method under @CacheInvalidate()', () => {
  it.each<[string, CacheInvalidateOptions, readonly string[]]>([
    ['a tag', { tags: 'cities' }, ['it', 'fr']],
    ['a list of tags', { tags: ['in#it', 'other'] }, ['it']],
    ['tags of the result', { tags: (result: string) => [`in#${result.slice(-2)}`] }, ['it']],
    ['a tag of the arguments', { tags: (_: string, country: string) => `in#${country}` }, ['it']],
    ['a key', { key: 'list:it' }, ['it']],
    ['a key of the arguments', { key: (_: string, country: string) => `list:${country}` }, ['it']],
    ['keys', { keys: 'list:*' }, ['it', 'fr']],
    ['a namespace', { namespace: 'memo:Cities.list' }, ['it', 'fr']],
    ['all', { all: true }, ['it', 'fr']],
    ['a method', { method: 'list' }, ['it', 'fr']],
    ['a method with arguments', { method: 'list', args: (_: string, country: string) => [country] }, ['it']],
    ['no tags', { tags: () => [] }, []],
    ['an unrelated path', { path: '/cities/*' }, []],
    ['an unrelated URL', { url: '/cities' }, []],
    ['a tag, when asked to', { tags: 'cities', when: (country: string) => country === 'it' }, ['it', 'fr']],
    ['nothing, when asked not to', { tags: 'cities', when: (country: string) => country !== 'it' }, []],
  ])('invalidates %s', async (_what, options, ended) => {
    const Cities = citiesWith(options, { key: (country: string) => `list:${country}` });
    const { app, warnings } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const before = { it: await cities.list('it'), fr: await cities.list('fr') };
    expect(await cities.change('it')).toBe('changed it');
    const after = { it: await cities.list('it'), fr: await cities.list('fr') };
    expect((['it', 'fr'] as const).filter((each) => before[each] !== after[each])).toEqual(ended);
    expect(warnings()).toEqual([]);
  });

  it('does so after it has succeeded, before it is known to have', async () => {
    const Cities = citiesWith({ tags: 'cities' });
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const written = gate();
    cities.write = async () => {
      await written.passed;
      return '';
    };
    const changing = cities.change('it');
    expect(await cities.list('it')).toBe('it 1');
    expect(await cities.list('it')).toBe('it 1');
    written.open();
    await changing;
    expect(events.at(-1)).toMatchObject({ type: 'invalidated', tags: ['cities'] });
    expect(await cities.list('it')).toBe('it 2');
    const error = new RangeError('down');
    cities.write = async () => {
      throw error;
    };
    await expect(cities.change('it')).rejects.toBe(error);
    expect(await cities.list('it')).toBe('it 2');
  });

  it('does so before it runs as well, where it says so', async () => {
    const Cities = citiesWith({
      tags: (result: string | undefined, country: string) => [`in#${country}`, `was#${result}`],
      before: true,
    });
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    await cities.list('it');
    const seen: string[] = [];
    cities.write = async (country) => {
      seen.push(await cities.list(country));
      return country;
    };
    await cities.change('it');
    expect(seen).toEqual(['it 2']);
    expect(await cities.list('it')).toBe('it 3');
    expect(events.filter(({ type }) => type === 'invalidated')).toEqual([
      expect.objectContaining({ tags: ['in#it', 'was#undefined'] }),
      expect.objectContaining({ tags: ['in#it', 'was#it'] }),
    ]);
    cities.write = async () => {
      throw new RangeError('down');
    };
    await expect(cities.change('it')).rejects.toThrow(RangeError);
    expect(await cities.list('it')).toBe('it 4');
  });

  it('may have several, and may be cached, around each of which it stands', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @CacheInvalidate({ tags: 'upper' })
      @Cacheable(60)
      @CacheInvalidate({ tags: 'lower' })
      @CacheInvalidate({ key: (run: number) => `city:${run}` })
      async list(): Promise<number> {
        return ++this.runs;
      }
    }
    const { app, events } = await startContext({ providers: [Cities] });
    const named = () =>
      events.flatMap((event) => (event.type === 'invalidated' ? [...event.tags, ...event.targets] : []));
    await app.get(Cities).list();
    expect(named()).toEqual(['key: city:1', 'lower', 'upper']);
    await app.get(Cities).list();
    expect(named()).toEqual(['key: city:1', 'lower', 'upper', 'upper']);
  });

  const throwing = () => {
    throw new Error('no answer');
  };
  it.each<[string, CacheInvalidateOptions, string, readonly string[]]>([
    [
      'tags that throw',
      { tags: throwing },
      '.tags threw Error: no answer, and names nothing else: all',
      ['it', 'fr', 'other'],
    ],
    [
      'tags that are promised',
      { tags: (async () => ['in#it']) as never },
      '.tags returned a promise, and',
      ['it', 'fr', 'other'],
    ],
    [
      'no tags that are tags',
      { tags: () => [''] },
      ".tags: '' is not allowed; use strings of 1",
      ['it', 'fr', 'other'],
    ],
    ['a key that is none', { key: (() => undefined) as never }, '.key returned undefined, and', ['it', 'fr', 'other']],
    [
      'a path that is a list',
      { path: (() => ['/cities']) as never },
      '.path: a list of 1 is not allowed',
      ['it', 'fr', 'other'],
    ],
    ['a tag among what is none', { tags: () => ['', 'in#it'] }, ".tags: '' is not allowed; use strings of 1", ['it']],
    [
      'a hole among tags',
      { tags: () => [undefined as never, 'in#it'] },
      '.tags returned undefined, and was passed',
      ['it'],
    ],
    [
      'when that throws',
      { tags: 'in#it', when: throwing },
      '.when threw Error: no answer, and was taken for yes',
      ['it'],
    ],
    [
      'when that is promised',
      { tags: 'in#it', when: (async () => false) as never },
      '.when returned a promise, and',
      ['it'],
    ],
    [
      'when that says something else',
      { tags: 'in#it', when: (() => '') as never },
      '.when returned a string rather',
      ['it'],
    ],
    ['args that are none', { method: 'list', args: (() => 7) as never }, '.args returned no list', ['it', 'fr']],
    ['args that throw', { method: 'list', args: throwing }, '.args threw Error: no answer', ['it', 'fr']],
    [
      'args that are no key',
      { method: 'list', args: () => [new Map([[{}, () => 1]])] },
      '.args names no result, so all of them were ended: Cities',
      ['it', 'fr'],
    ],
  ])('leaves nothing stale that may be, and fails no call, with %s', async (_what, options, message, ended) => {
    const Cities = citiesWith(options);
    const { app, warnings } = await startContext({ providers: [Cities] });
    const [cities, cache] = [app.get(Cities), app.get(ViewCache)];
    const others = { runs: 0 };
    const values = async () => ({
      it: await cities.list('it'),
      fr: await cities.list('fr'),
      other: await cache.getOrSet('other', () => ++others.runs, { ttl: 60 }),
    });
    const before = await values();
    expect(await cities.change('it')).toBe('changed it');
    const after = await values();
    expect((['it', 'fr', 'other'] as const).filter((each) => before[each] !== after[each])).toEqual(ended);
    expect(warnings()).toEqual([expect.stringContaining(`Cities.change: @CacheInvalidate${message}`)]);
  });

  it('does so for each of several by itself', async () => {
    @Injectable()
    class Cities {
      @CacheInvalidate({ tags: throwing })
      @CacheInvalidate({ tags: 'cities' })
      async change(): Promise<void> {}
    }
    const { app, events } = await startContext({ providers: [Cities] });
    await app.get(Cities).change();
    expect(events.filter(({ type }) => type === 'invalidated')).toEqual([
      expect.objectContaining({ tags: ['cities'], targets: [] }),
      expect.objectContaining({ tags: [], targets: ['all'] }),
    ]);
  });

  it('invalidates, too, where whoever reads what it returns breaks off', async () => {
    let failed = 0;
    @Injectable()
    class Cities {
      @CacheInvalidate({ tags: 'pages' })
      async *pages() {
        yield 1;
        yield 2;
      }
      @CacheInvalidate({ tags: 'broken' })
      async *broken() {
        yield 1;
        failed++;
        throw new RangeError('down');
      }
      @CacheInvalidate({ tags: (last: number) => `last#${last}` })
      watch(): Observable<number> {
        return new Observable((subscriber) => {
          subscriber.next(1);
          subscriber.next(2);
        });
      }
    }
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const tags = () => events.flatMap((event) => (event.type === 'invalidated' ? event.tags : []));
    for await (const page of cities.pages()) {
      expect([page, tags()]).toEqual([1, []]);
      break;
    }
    expect(tags()).toEqual(['pages']);
    // One that was never begun has written nothing.
    await cities.pages().return();
    await expect(async () => {
      for await (const page of cities.broken()) expect(page).toBe(1);
    }).rejects.toThrow(RangeError);
    expect([failed, tags()]).toEqual([1, ['pages']]);
    expect(await firstValueFrom(cities.watch())).toBe(1);
    expect(tags()).toEqual(['pages', 'last#1']);
  });

  it('goes by what an Observable, an async generator, and a plain method come to', async () => {
    @Injectable()
    class Cities {
      @CacheInvalidate({ tags: (last: number) => `last#${last}` })
      watch(): Observable<number> {
        return new Observable((subscriber) => {
          subscriber.next(1);
          subscriber.next(2);
          subscriber.complete();
        });
      }
      @CacheInvalidate({ tags: 'failed' })
      fail(): Observable<number> {
        return throwError(() => new RangeError('down'));
      }
      @CacheInvalidate({ tags: 'pages' })
      async *pages() {
        yield 1;
        yield 2;
      }
      @CacheInvalidate({ tags: (count: number | undefined) => `plain#${count}`, before: true })
      count(): number {
        return 1;
      }
      @CacheInvalidate({ tags: (count: number | undefined) => `later#${count}`, before: true })
      later(): Observable<number> {
        return new Observable((subscriber) => {
          subscriber.next(3);
          subscriber.complete();
        });
      }
    }
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const tags = () => events.flatMap((event) => (event.type === 'invalidated' ? event.tags : []));
    const values: number[] = [];
    const watching = cities.watch();
    expect(tags()).toEqual([]);
    await new Promise<void>((complete) => {
      watching.subscribe({ next: (value) => values.push(value, tags().length), complete });
    });
    expect([values, tags()]).toEqual([[1, 0, 2, 0], ['last#2']]);
    await expect(lastValueFrom(cities.fail())).rejects.toThrow(RangeError);
    const pages = cities.pages();
    await pages.next();
    expect(tags()).toEqual(['last#2']);
    for await (const page of pages) expect(page).toBe(2);
    expect(tags()).toEqual(['last#2', 'pages']);
    expect(cities.count()).toBe(1);
    await Promise.resolve();
    expect(tags().slice(2)).toEqual(['plain#undefined', 'plain#1']);
    const later = cities.later();
    expect(tags()).toHaveLength(4);
    expect(await lastValueFrom(later)).toBe(3);
    expect(tags().slice(4)).toEqual(['later#undefined', 'later#3']);
  });

  it('hands on what can do more than be gone through, and invalidates at once', async () => {
    const [stream, web] = [Readable.from(['a', 'b']), new Blob(['ab']).stream()];
    const cursor = { limit: () => cursor, toArray: () => [1], next: () => 1, [Symbol.asyncIterator]: () => pagesOf() };
    async function* pagesOf() {
      yield 1;
    }
    @Injectable()
    class Cities {
      @CacheInvalidate({ tags: 'stream' })
      stream(): Readable {
        return stream;
      }
      @CacheInvalidate({ tags: 'web' })
      web(): object {
        return web;
      }
      @CacheInvalidate({ tags: 'cursor' })
      cursor(): object {
        return cursor;
      }
    }
    const { app, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    const tags = () => events.flatMap((event) => (event.type === 'invalidated' ? event.tags : []));
    expect(cities.web()).toBe(web);
    expect(cities.cursor()).toBe(cursor);
    expect(cities.stream()).toBe(stream);
    await Promise.resolve();
    expect(tags()).toEqual(['web', 'cursor', 'stream']);
    // What is written while it is read is heard of when it closes.
    const closed = once(stream, 'close');
    expect(await stream.toArray()).toEqual(['a', 'b']);
    await closed;
    await Promise.resolve();
    expect(tags()).toEqual(['web', 'cursor', 'stream', 'stream']);
  });

  it('is about the cache that it names, or that its class or the method does', async () => {
    @Cacheable({ cache: 'pages', ttl: 60 })
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable()
      async list(): Promise<number> {
        return ++this.runs;
      }
      @CacheInvalidate({ all: true })
      async ofClass(): Promise<void> {}
      @CacheInvalidate({ all: true, cache: 'default', confirm: 'all', hold: '1s' })
      async named(): Promise<void> {}
    }
    @Injectable()
    class Other {
      @CacheInvalidate({ of: Cities, method: 'list' })
      async ofMethod(): Promise<void> {}
    }
    const { app } = await startContext({ providers: [Cities, Other], options: { caches: { pages: {} } } });
    const [cities, other] = [app.get(Cities), app.get(Other)];
    expect(await cities.list()).toBe(1);
    await cities.named();
    expect(await cities.list()).toBe(1);
    await cities.ofClass();
    expect(await cities.list()).toBe(2);
    await other.ofMethod();
    expect(await cities.list()).toBe(3);
  });

  it('is about each instance, where these have results of their own, and else about all', async () => {
    const Cities = citiesWith({ method: 'list' }, { instances: 'apart' });
    @Injectable()
    class Other {
      @CacheInvalidate({ of: Cities, method: 'list' })
      async change(): Promise<void> {}
    }
    const made = ['one', 'other'].map((provide) => ({ provide, useFactory: () => new Cities() }));
    const { app } = await startContext({ providers: [...made, Other] });
    const all = ['one', 'other'].map((name) => app.get<InstanceType<typeof Cities>>(name));
    const runs = () => Promise.all(all.map((cities) => cities.list('it')));
    expect(await runs()).toEqual(['it 1', 'it 1']);
    await all[0]?.change('it');
    expect(await runs()).toEqual(['it 2', 'it 1']);
    await app.get(Other).change();
    expect(await runs()).toEqual(['it 3', 'it 2']);
  });

  it.each<[string, string, object]>([
    ['nothing', '', {}],
    ['two things', '', { tags: 'a', key: 'b' }],
    ['what can be no tag', '.tags', { tags: '' }],
    ['what can be no prefix', '.keys', { keys: 'user' }],
    ['a method that is not cached', '.method', { method: 'change' }],
    ['args without a method', '.args', { tags: 'a', args: () => [] }],
    ['args that are none', '.args', { method: 'list', args: [] }],
    ['a cache beside a method', '.cache', { method: 'list', cache: 'default' }],
    ['a cache that the app has not', '.cache', { tags: 'a', cache: 'pagse' }],
    ['all that is a function', '.all', { all: () => true }],
    ['before', '.before', { tags: 'a', before: 'yes' }],
    ['when', '.when', { tags: 'a', when: true }],
    ['confirm', '.confirm', { tags: 'a', confirm: 'some' }],
    ['hold', '.hold', { tags: 'a', hold: -1 }],
    ['an option that nobody knows', '.tag', { tag: 'a' }],
  ])('is refused with %s', async (_what, option, options) => {
    await expect(startContext({ providers: [citiesWith(options)] })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting: `Cities.change: @CacheInvalidate${option}`,
    });
  });

  it('does not compile with options that do not fit the method', () => {
    class Cities {
      // @ts-expect-error the result is no string
      @CacheInvalidate({ tags: (city: string) => city })
      async one(): Promise<number> {
        return 1;
      }
      // @ts-expect-error before the method has run there is no result
      @CacheInvalidate({ tags: (count: number) => `cities#${count}`, before: true })
      async other(): Promise<number> {
        return 1;
      }
    }
    expect(Cities).toBeDefined();
  });
});
