import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, type CacheableOptions, CacheInvalidate, type CacheInvalidateOptions } from '@viewcache/nestjs';
import { lastValueFrom, Observable, throwError } from 'rxjs';
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

  it('fails no call where a function among the options does not answer, and says so', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable({ ttl: 60 })
      async list(): Promise<number> {
        return ++this.runs;
      }
      @CacheInvalidate({
        tags: () => {
          throw new Error('no tags');
        },
      })
      @CacheInvalidate({ tags: () => [''] })
      @CacheInvalidate({ key: (() => undefined) as never })
      @CacheInvalidate({ key: (async () => 'a') as never })
      @CacheInvalidate({ tags: 'cities', when: (() => 'yes') as never })
      @CacheInvalidate({ method: 'list', args: (() => 7) as never })
      async change(): Promise<string> {
        return 'changed';
      }
    }
    const { app, warnings, events } = await startContext({ providers: [Cities] });
    const cities = app.get(Cities);
    await cities.list();
    expect(await cities.change()).toBe('changed');
    expect(warnings().map((message) => message.replace('Cities.change: @CacheInvalidate', ''))).toEqual([
      expect.stringMatching(/^\.when returned a string rather than true or false, and was taken for no$/),
      '.args returned no list',
      '.key returned a promise',
      '.key returned undefined',
      expect.stringMatching(/^ invalidated nothing: invalidate\.tags: '' is not allowed/),
      '.tags threw Error: no tags',
    ]);
    // Where nobody knows which results it is about, it is about all.
    expect(await cities.list()).toBe(2);
    expect(events.filter(({ type }) => type === 'invalidated')).toHaveLength(1);
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
