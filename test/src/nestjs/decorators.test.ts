import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Headers, Injectable, Module, Post, Req, Sse, type Type } from '@nestjs/common';
import { view } from '@viewcache/core';
import { readReason, recordRead, watchedBy } from '@viewcache/core/tracking';
import { CacheControl, CacheView, NeverCache, VaryOn } from '@viewcache/nestjs';
import { of } from 'rxjs';
import { closeAfterEach, lasting, makeCache } from '../support/site.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

let runs = 0;
const MINUTE = 60_000;

describe.each(nests)('decorators of routes on %s', (_name, make) => {
  closeNestsAfterEach();
  closeAfterEach();

  it('keep a route out of every cache, and let a handler stand against its controller', async () => {
    @Controller('a')
    @CacheView(300)
    class Mostly {
      @NeverCache() @Get('never') never() {
        return { run: ++runs };
      }
      @Get('cached') cached() {
        return { run: ++runs };
      }
    }
    @Controller('b')
    @NeverCache()
    class Never {
      @Get('never') never() {
        return { run: ++runs };
      }
      @CacheView(300) @Get('cached') cached() {
        return { run: ++runs };
      }
    }
    const site = await serveNest(make, [Mostly, Never]);
    for (const path of ['/a/never', '/b/never']) {
      const [first, second] = [await site.get(path), await site.get(path)];
      expect(second.text).not.toBe(first.text);
      expect(second.headers['cache-control']).toBe('private, no-cache, no-store, must-revalidate, max-age=0');
      expect(second.headers['cache-status']).toBeUndefined();
    }
    for (const path of ['/a/cached', '/b/cached']) {
      const [first, second] = [await site.get(path), await site.get(path)];
      expect([second.isHit, second.text]).toEqual([true, first.text]);
      expect(second.headers['cache-control']).toBeUndefined();
    }
  });

  it('merge the options of the module, the controller and the handler, one by one', async () => {
    @Controller()
    @CacheView({ ttl: 120, tags: ['pages'], keyPrefix: 'c' })
    class Pages {
      @Get('inherits') inherits() {
        return { run: ++runs };
      }
      @CacheView(30) @Get('shorter') shorter() {
        return { run: ++runs };
      }
      @CacheView({ tags: ['other'] }) @Get('other') other() {
        return { run: ++runs };
      }
    }
    @Controller('plain')
    class Plain {
      @CacheView() @Get() page() {
        return { run: ++runs };
      }
    }
    const options = { views: { ttl: 60, cacheStatus: 'full' } } as const;
    const site = await serveNest(make, [Pages, Plain], { options });
    const isHit = async (path: string) => (await site.get(path)).isHit;
    const paths = ['/inherits', '/shorter', '/other', '/plain'];
    for (const path of paths) expect(await isHit(path)).toBe(false);
    expect(String((await site.get('/inherits')).headers['cache-status'])).toContain('key=');
    site.clock.advance(30_000);
    expect([await isHit('/shorter'), await isHit('/inherits')]).toEqual([false, true]);
    site.clock.advance(30_000);
    expect([await isHit('/plain'), await isHit('/inherits')]).toEqual([false, true]);
    await site.cache.invalidate({ tags: 'pages' });
    expect([await isHit('/inherits'), await isHit('/other')]).toEqual([false, true]);
    await site.cache.invalidate({ namespace: 'c' });
    expect([await isHit('/other'), await isHit('/plain')]).toEqual([false, true]);
  });

  it('need no ttl where a data source is watched, and store nothing until one is', async () => {
    @Controller()
    class Pages {
      @CacheView() @Get() page() {
        recordRead(site.cache, ['users#1'], readReason('main', 'SELECT'));
        return { run: ++runs };
      }
    }
    const site = await serveNest(make, [Pages]);
    const isHit = async () => (await site.get('/')).isHit;
    expect([await isHit(), await isHit()]).toEqual([false, false]);
    expect(site.cache.stats().refused).toEqual({ 'nothing-tracked': 2 });
    const stop = watchedBy(site.cache);
    expect([await isHit(), await isHit()]).toEqual([false, true]);
    await site.cache.invalidate({ tags: 'users#1' });
    expect([await isHit(), await isHit()]).toEqual([false, true]);
    stop();
  });

  it('say what responses vary by, and what browsers may do, cached here or not', async () => {
    @Controller()
    @VaryOn('X-Tone')
    @CacheControl({ public: true, maxAge: 60 })
    class Pages {
      @CacheView(300) @VaryOn('X-Size') @Get('cached') cached(@Headers('x-tone') tone: string) {
        return { tone, run: ++runs };
      }
      @CacheControl({ private: true }) @Get('plain') plain() {
        return { run: ++runs };
      }
    }
    const site = await serveNest(make, [Pages], {
      configure: (app) => app.enableCors({ origin: ['http://a.example'] }),
    });
    const loud = await site.get('/cached', { 'x-tone': 'loud' });
    const soft = await site.get('/cached', { 'x-tone': 'soft' });
    const again = await site.get('/cached', { 'x-tone': 'loud' });
    expect([soft.isHit, again.isHit]).toEqual([false, true]);
    expect(lasting(again, loud)).toEqual(lasting(loud));
    expect([loud.headers.vary, loud.headers['cache-control']]).toEqual([
      'Origin, X-Tone, X-Size',
      'public, max-age=60',
    ]);
    expect((await site.get('/cached', { 'x-tone': 'loud', 'x-size': 'big' })).isHit).toBe(false);
    const plain = await site.get('/plain');
    expect([plain.headers.vary, plain.headers['cache-control']]).toEqual(['Origin, X-Tone', 'private']);
    expect((await site.get('/plain')).text).not.toBe(plain.text);
  });

  it('ask functions for a ttl, tags, a key and a bypass with the execution context', async () => {
    const seen: string[] = [];
    @Controller()
    class Pages {
      @CacheView({
        ttl: (ctx) => {
          seen.push(`${ctx.getClass().name}.${ctx.getHandler().name}`);
          return ctx.switchToHttp().getRequest().query.ttl;
        },
        tags: (ctx) => [`page#${ctx.switchToHttp().getRequest().params.id}`],
        key: (ctx) => ctx.switchToHttp().getRequest().headers['x-tenant'],
        when: (ctx) => ctx.switchToHttp().getRequest().query.preview === undefined,
      })
      @Get('pages/:id')
      page() {
        return { run: ++runs };
      }
      @CacheView({ ttl: () => 60, tags: ['inner'] })
      @Get('declared')
      declared() {
        view().ttl(10);
        return { run: ++runs };
      }
    }
    const site = await serveNest(make, [Pages]);
    const isHit = async (path: string, tenant = 'a') => (await site.get(path, { 'x-tenant': tenant })).isHit;
    expect([await isHit('/pages/1?ttl=1m'), await isHit('/pages/1?ttl=1m')]).toEqual([false, true]);
    expect(seen).toEqual(['Pages.page']);
    expect([await isHit('/pages/2?ttl=1h'), await isHit('/pages/2?ttl=1h', 'b')]).toEqual([false, false]);
    expect([await isHit('/pages/3?ttl=0'), await isHit('/pages/3?ttl=0')]).toEqual([false, false]);
    expect([await isHit('/pages/4?ttl=soon'), await isHit('/pages/4?ttl=soon')]).toEqual([false, false]);
    await isHit('/pages/1?ttl=1m&preview=');
    expect(await isHit('/pages/1?ttl=1m&preview=')).toBe(false);
    await site.cache.invalidate({ tags: 'page#2' });
    expect([await isHit('/pages/1?ttl=1m'), await isHit('/pages/2?ttl=1h')]).toEqual([true, false]);
    site.clock.advance(MINUTE);
    expect([await isHit('/pages/1?ttl=1m'), await isHit('/pages/2?ttl=1h')]).toEqual([false, true]);
    // What the handler says is said later.
    await site.get('/declared');
    site.clock.advance(10_000);
    expect((await site.get('/declared')).isHit).toBe(false);
  });

  it('store in another cache, by its name or as it is', async () => {
    const handed = makeCache();
    @Controller()
    class Pages {
      @CacheView({ ttl: 300, cache: 'pages' }) @Get('named') named() {
        return { run: ++runs };
      }
      @CacheView({ ttl: 300, cache: handed }) @Get('handed') handed() {
        return { run: ++runs };
      }
    }
    const pages = makeCache();
    const site = await serveNest(make, [Pages], { options: { caches: { pages } } });
    await site.get('/named');
    await site.get('/handed');
    expect([site.cache, pages, handed].map((cache) => cache.stats().entries)).toEqual([0, 1, 1]);
    await pages.purge({ all: true });
    expect([(await site.get('/named')).isHit, (await site.get('/handed')).isHit]).toEqual([false, true]);
  });

  it('cache every GET route where the module has a ttl, except what says no', async () => {
    @Controller()
    class Pages {
      @Get('page') page() {
        return { run: ++runs };
      }
      @Post('page') post() {
        return { run: ++runs };
      }
      @NeverCache() @Get('never') never() {
        return { run: ++runs };
      }
      @CacheView(10) @Get('shorter') shorter() {
        return { run: ++runs };
      }
      @VaryOn('X-Tone') @Get('varied') varied() {
        return { run: ++runs };
      }
      @Sse('events') events() {
        return of({ data: `${++runs}` });
      }
      @Get('private') private(@Req() req: { headers: { cookie?: string } }) {
        return { cookie: req.headers.cookie, run: ++runs };
      }
    }
    const site = await serveNest(make, [Pages], { options: { views: { ttl: 60 } } });
    const isRepeated = async (path: string) => new Set([await text(path), await text(path)]).size === 1;
    const text = async (path: string) => (await site.get(path)).text;
    const paths = ['page', 'never', 'shorter', 'varied', 'events', 'private'];
    const repeated = [];
    for (const path of paths) repeated.push(await isRepeated(`/${path}`));
    expect(repeated).toEqual([true, false, true, true, false, false]);
    site.clock.advance(10_000);
    expect([(await site.get('/page')).isHit, (await site.get('/shorter')).isHit]).toEqual([true, false]);
    await site.ask('/page', { method: 'POST' });
    expect((await site.get('/page')).isHit).toBe(false);
  });
});

describe('decorators that are wrong', () => {
  closeNestsAfterEach();
  const [[, make] = []] = nests;
  if (make === undefined) throw new Error('no adapter');

  const decorated = (decorator: MethodDecorator): Type => {
    class Pages {
      page() {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Pages.prototype, 'page') as PropertyDescriptor;
    Get()(Pages.prototype, 'page', descriptor);
    decorator(Pages.prototype, 'page', descriptor);
    Controller('pages')(Pages);
    return Pages;
  };

  it.each<[string, unknown, string]>([
    ['a ttl', -1, 'Pages.page: @CacheView.ttl: -1 is not allowed'],
    ['a ttl that is no duration', { ttl: 'soon' }, "Pages.page: @CacheView.ttl: 'soon' is not allowed"],
    ['null', null, 'Pages.page: @CacheView.ttl: null is not allowed'],
    ['a list', [], 'Pages.page: @CacheView.ttl: an empty list is not allowed'],
    ['a Map', new Map(), 'Pages.page: @CacheView.ttl: a Map is not allowed'],
    ['a ttl that is undefined', { ttl: undefined }, 'Pages.page: @CacheView.ttl: undefined is not allowed'],
    ['no ttl, and no reads', { trackReads: false }, 'Pages.page: @CacheView.ttl: undefined is not allowed'],
    ['an unknown option', { ttl: 1, tag: ['a'] }, 'did you mean tags?'],
    ['a key that is no function', { ttl: 1, key: 'id' }, "Pages.page: @CacheView.key: 'id' is not allowed"],
    ['tags that are none', { ttl: 1, tags: 'a' }, 'Pages.page: @CacheView.tags'],
    [
      'a cache that the app has not',
      { ttl: 1, cache: 'pagse' },
      "Pages.page: @CacheView.cache: 'pagse' is not allowed; use one of default",
    ],
    ['a cache that is none', { ttl: 1, cache: new Map() }, 'Pages.page: @CacheView.cache: a Map is not allowed'],
    ['placeholders that are none', { ttl: 1, placeholders: 'nonce' }, 'Pages.page: @CacheView.placeholders'],
  ])('keep the app from starting: %s', async (_what, options, message) => {
    await expect(serveNest(make, [decorated(CacheView(options as never))])).rejects.toThrow(message);
  });

  it.each<[string, unknown, string]>([
    ['a ttl', { ttl: -1 }, 'ViewCacheModule.views.ttl: -1 is not allowed'],
    ['an unknown option', { ttls: 1 }, 'ViewCacheModule.views.ttls'],
    ['a cache', { cache: 'pagse' }, "ViewCacheModule.views.cache: 'pagse' is not allowed"],
    ['no object', 'all', 'ViewCacheModule.views'],
    ['null', null, 'ViewCacheModule.views'],
  ])("keep the app from starting in the module's views, too: %s", async (_what, views, message) => {
    await expect(serveNest(make, [], { options: { views: views as never } })).rejects.toThrow(message);
  });

  it('are refused at once where all is known', () => {
    expect(() => VaryOn()).toThrow('@VaryOn: undefined is not allowed');
    expect(() => VaryOn('*')).toThrow("@VaryOn: '*' is not allowed");
    expect(() => CacheControl({ public: true, private: true })).toThrow(
      '@CacheControl: an object with public, private',
    );
  });

  it('keep the app from starting where no response of HTTP is made', async () => {
    @Injectable()
    class Cities {
      @CacheView(300) find() {}
    }
    @Module({ providers: [Cities] })
    class CitiesModule {}
    await expect(serveNest(make, [], { imports: [CitiesModule] })).rejects.toThrow(
      'Cities.find: @CacheView: the function find is not allowed; use it on controllers',
    );
    @Controller()
    class Messages {
      @CacheView(300) handle() {}
    }
    await expect(serveNest(make, [Messages])).rejects.toThrow('Messages.handle: @CacheView');
  });
});
