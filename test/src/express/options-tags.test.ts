import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { countdown } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { optionsSite } from './options-site.js';

closeAfterEach();

describe.each(expresses)('tags, and what is told of a page, on %s', (_version, express) => {
  const siteWith = optionsSite(express);

  describe('tags', () => {
    it('as a list: of every response', async () => {
      const { site, cache } = await siteWith({ tags: ['cities'] });
      await site.get('/a');

      await cache.invalidate({ tags: 'cities' });

      expect((await site.get('/a')).isHit).toBe(false);
    });

    it('as a function: of the request and of what the handler set', async () => {
      const { site, cache } = await siteWith(
        { tags: (req, res) => [`path#${req.path.slice(1)}`, `kind#${res.getHeader('x-kind')}`] },
        (_req, res) => void res.set('X-Kind', 'list').send('page'),
      );
      for (const path of ['/1', '/2']) await site.get(path);

      await cache.invalidate({ tags: 'path#1' });
      expect((await site.get('/1')).isHit).toBe(false);
      expect((await site.get('/2')).isHit).toBe(true);
      await cache.invalidate({ tags: 'kind#list' });
      expect((await site.get('/1')).isHit).toBe(false);
      expect((await site.get('/2')).isHit).toBe(false);
    });

    it('beside those that the handler declares', async () => {
      const { site, cache } = await siteWith({ tags: ['a'] }, (_req, res) => {
        view().dependsOn('b');
        res.send('page');
      });

      for (const tag of ['a', 'b']) {
        await site.get('/');
        await cache.invalidate({ tags: tag });
        expect((await site.get('/')).isHit).toBe(false);
      }
    });

    it.each<[string, NonNullable<CachePageOptions['tags']>]>([
      [
        'throws',
        () => {
          throw new Error('no tags');
        },
      ],
      ['returns what is no tag', () => ['']],
      ['returns no list', () => 7 as never],
    ])('of a function that %s: the page is sent and not stored', async (_what, tags) => {
      const { site, cache } = await siteWith({ tags });

      const replies = [await site.get('/'), await site.get('/')];

      expect(replies.map(({ status, text }) => [status, text])).toEqual([
        [200, '1'],
        [200, '2'],
      ]);
      expect(cache.stats().refused).toEqual({ tag: 2 });
    });
  });

  describe('cacheStatus', () => {
    it("'none' says nothing", async () => {
      const { site } = await siteWith({ cacheStatus: 'none', when: (req) => req.path !== '/past' });

      for (const path of ['/', '/', '/past']) {
        expect((await site.get(path)).headers['cache-status']).toBeUndefined();
      }
      expect((await site.get('/')).headers.age).toBe('0');
    });

    it("'short' says what came of it, without key or reason", async () => {
      const { site } = await siteWith({ cache: makeCache({ clock: new FakeClock() }) }, (req, res) => {
        res.set('Cache-Control', req.path === '/private' ? 'private' : 'public').send('page');
      });

      const said = [];
      for (const path of ['/', '/', '/private']) said.push((await site.get(path)).headers['cache-status']);

      expect(said).toEqual(['viewcache; fwd=uri-miss; stored', 'viewcache; hit; ttl=60', 'viewcache; fwd=uri-miss']);
    });

    it("'full' also says the key, and why something was not stored", async () => {
      const { site } = await siteWith(
        { cacheStatus: 'full', cache: makeCache({ clock: new FakeClock() }) },
        (req, res) => {
          if (req.path === '/private') res.set('Cache-Control', 'private');
          if (req.path === '/cookie') res.set('X-Seen', String(req.headers.cookie));
          res.send('page');
        },
      );
      const key = (path: string) => `key="GET http://a${path}"`;

      const said = [];
      for (const path of ['/', '/', '/private', '/cookie']) {
        said.push((await site.get(path, { host: 'a' })).headers['cache-status']);
      }

      expect(said).toEqual([
        `viewcache; fwd=uri-miss; stored; ${key('/')}`,
        `viewcache; hit; ttl=60; ${key('/')}`,
        `viewcache; fwd=uri-miss; ${key('/private')}; detail=private`,
        `viewcache; fwd=uri-miss; ${key('/cookie')}; detail="input header cookie"`,
      ]);
    });

    it('is added to what a cache further in has said (RFC 9211 §2)', async () => {
      const { site } = await siteWith({}, (_req, res) => void res.set('Cache-Status', 'origin; hit').send('page'));

      const miss = await site.get('/');

      expect(miss.headers['cache-status']).toBe('origin; hit, viewcache; fwd=uri-miss; stored');
    });
  });

  it("a cache that is 'off:' lets everything past", async () => {
    const { site, calls } = await siteWith({ cache: makeCache({ store: 'off:' }) });

    expect((await site.get('/')).headers['cache-status']).toBe('viewcache; fwd=bypass');
    await site.get('/');

    expect(calls()).toBe(2);
  });

  it("a cache that is 'null:' stores nothing and still answers a crowd by one handler", async () => {
    let calls = 0;
    const all = countdown(5);
    const app = express();
    app.use((_req, _res, next) => {
      next();
      all.count();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache({ store: 'null:' }) }), async (_req, res) => {
      calls++;
      await all.passed;
      res.send('page');
    });
    const site = await serve(app);

    await Promise.all(Array.from({ length: 5 }, () => site.get('/')));
    const first = calls;
    await site.get('/');

    expect([first, calls]).toEqual([1, 2]);
  });

  it('counts by route pattern, on hits too', async () => {
    const cache = makeCache();
    const app = express();
    const router = express.Router();
    router.get('/:id', cachePage({ ttl: 60, cache }), (req, res) => void res.send(req.params['id']));
    app.use('/cities', router);
    const site = await serve(app);

    for (const path of ['/cities/1', '/cities/1', '/cities/2']) await site.get(path);

    expect(cache.stats().routes['/cities/:id']).toMatchObject({ hits: 1, misses: 2, stored: 2 });
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 2, stored: 2, entries: 2, hitRatio: 1 / 3 });
  });
});
