import { describe, expect, it } from '@jest/globals';
import { type Cache, view } from '@viewcache/core';
import { type CachePageOptions, cachePage, neverCache } from '@viewcache/express';
import type { Express } from 'express';
import { readStatus } from '../support/cache-status.js';
import { expresses } from '../support/expresses.js';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { cachedSite } from './cached-site.js';

closeAfterEach();

describe.each(expresses)(
  'Cache-Status (RFC 9211) on %s, as a parser of structured fields reads it',
  (_version, express) => {
    const siteOf = (options: Partial<CachePageOptions> = {}, mount?: (app: Express) => unknown) =>
      cachedSite(express, options, mount);

    it('says hit with the freshness that is left, and nothing of the key', async () => {
      const { site, clock } = await siteOf();
      await site.get('/');
      clock.advance(7_000);

      expect(readStatus(await site.get('/'))).toEqual([{ cache: 'viewcache', parameters: { hit: true, ttl: 53 } }]);
    });

    it('says why the handler was asked, and that its answer was stored', async () => {
      const { site } = await siteOf();
      expect(readStatus(await site.get('/'))).toEqual([
        { cache: 'viewcache', parameters: { fwd: 'uri-miss', stored: true } },
      ]);
    });

    it('shows the key in full only, whatever it holds', async () => {
      const { site } = await siteOf({ cacheStatus: 'full', key: () => 'é"\\\r\n, other; hit' });
      const [first, ...others] = readStatus(await site.get('/?q=%22'));

      expect(others).toEqual([]);
      expect(first?.parameters['key']).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/\?q=%22/);
      expect(first?.parameters).toMatchObject({ fwd: 'uri-miss', stored: true });
    });

    it.each<[string, string, (app: Express) => void]>([
      [
        'a cookie of the handler',
        'set-cookie',
        (app) => app.get('/', (_req, res) => void res.cookie('a', '1').send('a')),
      ],
      [
        'what the handler read',
        'input header cookie',
        (app) => app.get('/', (req, res) => void res.send(req.headers.cookie)),
      ],
      ['a status', 'status', (app) => app.get('/', (_req, res) => void res.status(404).send('no'))],
      [
        'its Cache-Control',
        'private',
        (app) => app.get('/', (_req, res) => void res.set('Cache-Control', 'Private').send('a')),
      ],
      ['Vary: *', 'vary-star', (app) => app.get('/', (_req, res) => void res.set('Vary', '*').send('a'))],
      ['neverCache() behind', 'no-store', (app) => app.get('/', neverCache(), (_req, res) => void res.send('a'))],
    ])('gives %s as the reason for not storing', async (_what, detail, mount) => {
      const { site, cache } = await siteOf({ cacheStatus: 'full' }, mount);
      const [status] = readStatus(await site.get('/', { cookie: 'a=1' }));

      expect(status?.parameters).toMatchObject({ fwd: 'uri-miss', detail });
      expect(status?.parameters).not.toHaveProperty('stored');
      const reason = detail.split(' ')[0] ?? '';
      expect(cache.stats().refused).toEqual({ [reason]: 1 });
      expect(cache.explain('/').refusals).toEqual([
        expect.objectContaining({ reason, count: 1, ...(reason === 'input' ? { detail: 'header cookie' } : {}) }),
      ]);
    });

    it.each<[string, (cache: Cache) => Promise<unknown>]>([
      [
        'a value that it found, and wrote after that',
        async (cache) => {
          const views = (await cache.get<number>('views')) ?? 0;
          await cache.set('views', views + 1, 60);
        },
      ],
      [
        'a value that it made, and whose tag it invalidated after that',
        async (cache) => {
          await cache.getOrSet('row', () => 1, { ttl: 60, tags: ['rows'] });
          await cache.invalidate({ tags: 'rows' });
        },
      ],
      [
        'a tag that it invalidated before it named it',
        async (cache) => {
          await cache.invalidate({ tags: 'rows' });
          view().dependsOn('rows');
        },
      ],
    ])('says at once that what a handler made of %s is not stored, each time', async (_what, use) => {
      const { site, cache } = await siteOf({ cacheStatus: 'full' }, (app) =>
        app.get('/', async (_req, res) => {
          await use(cache);
          res.send('a');
        }),
      );
      for (const _ of [1, 2]) {
        const [status] = readStatus(await site.get('/'));
        expect(status?.parameters).toMatchObject({ detail: 'invalidated' });
        expect(status?.parameters).not.toHaveProperty('stored');
      }
      expect(cache.stats()).toMatchObject({ refused: { invalidated: 2 } });
    });

    it('says at once that a run which began later has been stored already', async () => {
      const came = gate();
      const going = gate();
      let calls = 0;
      const { site, cache } = await siteOf({ cacheStatus: 'full', honourRequest: ['no-cache'] }, (app) =>
        app.get('/', async (_req, res) => {
          const call = ++calls;
          came.open();
          if (call === 1) await going.passed;
          res.send(String(call));
        }),
      );
      const first = site.get('/');
      await came.passed;
      const second = readStatus(await site.get('/', { 'cache-control': 'no-cache' }))[0];
      going.open();
      const [status] = readStatus(await first);

      expect(second?.parameters).toMatchObject({ stored: true });
      expect(status?.parameters).toMatchObject({ fwd: 'uri-miss', detail: 'overtaken' });
      expect(status?.parameters).not.toHaveProperty('stored');
      expect(cache.stats().refused).toEqual({ overtaken: 1 });
      expect((await site.get('/')).text).toBe('2');
    });

    it('keeps the reason to itself where it is short', async () => {
      const { site } = await siteOf({}, (app) => app.get('/', (_req, res) => void res.status(404).send('no')));
      expect(readStatus(await site.get('/'))).toEqual([{ cache: 'viewcache', parameters: { fwd: 'uri-miss' } }]);
    });

    it('gives the status of the handler where the client is sent another', async () => {
      const { site } = await siteOf({}, (app) => app.get('/', (_req, res) => void res.set('ETag', '"1"').send('a')));
      const reply = await site.get('/', { 'if-none-match': '"1"' });

      expect(reply.status).toBe(304);
      expect(readStatus(reply)[0]?.parameters).toEqual({ fwd: 'uri-miss', 'fwd-status': 200, stored: true });
    });

    it('tells a request that waited for another visitor’s handler', async () => {
      const answering = gate();
      const bothCame = countdown(2);
      const app = express();
      app.use(
        (_req, _res, next) => {
          // Whoever has to wait does so by the time this returns.
          next();
          bothCame.count();
        },
        cachePage({ ttl: 60, cache: makeCache() }),
      );
      app.get('/', async (_req, res) => {
        await answering.passed;
        res.send('a');
      });
      const site = await serve(app);
      const [first, second] = [site.get('/'), site.get('/')];
      await bothCame.passed;
      answering.open();

      const said = [await first, await second].map((reply) => readStatus(reply)[0]?.parameters);
      expect(said).toContainEqual({ fwd: 'uri-miss', stored: true });
      expect(said).toContainEqual({ fwd: 'uri-miss', collapsed: true, ttl: expect.any(Number) });
    });

    it.each<[string, CachePageOptions | object, { method?: string; body?: string; headers?: object }, object]>([
      ['a POST', {}, { method: 'POST' }, { fwd: 'method', detail: 'method' }],
      ['OPTIONS', {}, { method: 'OPTIONS' }, { fwd: 'method', detail: 'method' }],
      ['a HEAD', {}, { method: 'HEAD' }, { fwd: 'method', detail: 'method' }],
      ['a range', {}, { headers: { range: 'bytes=0-1' } }, { fwd: 'partial', detail: 'partial' }],
      ['a GET with a body', {}, { body: 'x', headers: { 'content-length': '1' } }, { fwd: 'bypass', detail: 'body' }],
      ['when', { when: () => false }, {}, { fwd: 'bypass', detail: 'when' }],
    ])('is on the answer to %s that went past the cache', async (_what, options, ask, parameters) => {
      const { site, cache } = await siteOf({ ...options, cacheStatus: 'full' });
      expect(readStatus(await site.ask('/', ask as object))).toEqual([{ cache: 'viewcache', parameters }]);
      const { fwd, detail } = parameters as { fwd: string; detail: string };
      expect(cache.stats()).toMatchObject({ outcomes: { [fwd]: 1 }, bypasses: { [detail]: 1 } });
    });

    it('uses the words of the statistics: each answer is counted once, by what it said', async () => {
      const { site, cache } = await siteOf({ vary: ['x-a'] });
      const said: Record<string, number> = {};
      for (const [path, headers] of [
        ['/', {}],
        ['/', {}],
        ['/', { 'x-a': '1' }],
        ['/b', {}],
        ['/b', {}],
      ] as const) {
        const parameters = readStatus(await site.get(path, headers))[0]?.parameters;
        const word = parameters?.['hit'] === true ? 'hit' : String(parameters?.['fwd']);
        said[word] = (said[word] ?? 0) + 1;
      }
      expect(cache.stats().outcomes).toEqual(said);
    });

    it('stands behind what a cache further in has said', async () => {
      const { site } = await siteOf({}, (app) =>
        app.get('/', (_req, res) => void res.set('Cache-Status', 'Inner; hit; ttl=3').send('a')),
      );
      expect(readStatus(await site.get('/')).map(({ cache }) => cache)).toEqual(['Inner', 'viewcache']);
    });
  },
);
