import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer as createHttpServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, isRefresh, view, type WarmProgress, type WarmUrl } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const origin = 'http://www.example.com';
const visitor = { host: 'www.example.com', 'accept-encoding': 'gzip, deflate, br, zstd', accept: '*/*' };
/** Everything that was asked for has had its turn on the loop. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe.each(expresses)('warming URLs of %s', (name, make) => {
  // One of the two is enough for all of them.
  const count = name === 'Express 5' ? 1_000 : 50;

  it(`asks for ${count} of them, tells how far it has come, and leaves each a hit`, async () => {
    const cache = makeCache();
    const app = make();
    const runs: string[] = [];
    app.get('/cities/:id', cachePage({ ttl: '1h', cache }), (req, res) => {
      runs.push(req.url);
      res.json({ id: req.params['id'] });
    });
    const urls = Array.from({ length: count }, (_, id) => `/cities/${id}?page=1`);
    const told: WarmProgress[] = [];
    const result = await cache.warm(urls, {
      ...{ origin, server: createHttpServer(app), concurrency: 16 },
      onProgress: (progress) => told.push(progress),
    });
    expect(result).toEqual({
      ...{ total: count, done: count, stored: count, hits: 0, refused: 0, failed: 0, skipped: 0 },
      ...{ ended: 'done', isCut: false, problems: [] },
    });
    expect(told.map(({ done }) => done)).toEqual(urls.map((_, i) => i + 1));
    const site = await serve(app);
    for (const url of urls) expect(await site.get(url, visitor)).toMatchObject({ status: 200, isHit: true });
    expect(runs).toHaveLength(count);
    expect(await cache.warm(urls, { origin, server: app })).toMatchObject({ hits: count, stored: 0, done: count });
    expect(runs).toHaveLength(count);
  });

  it('has keys as visitors have them: behind a proxy, under createServer, and before the middleware', async () => {
    const cache = makeCache();
    const app = make();
    app.set('trust proxy', 'loopback');
    app.use((_req, res, next) => {
      res.set('x-frame-options', 'DENY');
      next();
    });
    app.get('/news', cachePage({ ttl: '1h', cache, beforeMiddleware: true }), (req, res) => {
      res.send(`news of ${req.protocol}://${req.hostname}`);
    });
    const server = createServer(app);
    const secure = 'https://www.example.com';
    expect(await cache.warm(['/news'], { origin: secure, server })).toMatchObject({ stored: 1 });
    const site = await serve(server);
    const fields = { host: 'www.example.com', 'x-forwarded-proto': 'https' };
    const replies = [await site.get('/news', fields), await site.get('/news', fields), await site.get('/news', fields)];
    for (const { isHit, text } of replies)
      expect({ isHit, text }).toEqual({ isHit: true, text: 'news of https://www.example.com' });
    // The one that was made by createServer is known once it listens.
    expect(await cache.warm(['/news'], { origin: secure })).toMatchObject({ hits: 1 });
    expect((await site.get('/news', visitor)).isHit).toBe(false);
  });
});

describe('warming URLs', () => {
  it('asks as an anonymous visitor, with each set of fields', async () => {
    const cache = makeCache();
    const app = express();
    const asked: unknown[] = [];
    app.use((req, _res, next) => {
      asked.push([req.headers['accept-language'], req.headers.cookie, req.headers.authorization, isRefresh(req)]);
      next();
    });
    app.get('/', cachePage({ ttl: '1h', cache, vary: ['accept-language'] }), (req, res) => {
      res.send(`in ${req.headers['accept-language']}`);
    });
    const headers = [{ 'Accept-Language': 'de' }, { 'accept-language': 'fr' }];
    const urls = [new URL(origin), { url: `${origin}/?q`, headers: { 'accept-language': 'it' } }];
    expect(await cache.warm(urls, { origin, server: app, headers })).toMatchObject({ total: 3, stored: 3 });
    expect(asked).toEqual(['de', 'fr', 'it'].map((language) => [language, undefined, undefined, true]));
    const site = await serve(app);
    expect(await site.get('/', { ...visitor, 'accept-language': 'fr' })).toMatchObject({ isHit: true, text: 'in fr' });
    expect((await site.get('/', { ...visitor, 'accept-language': 'nl' })).isHit).toBe(false);
  });

  it('says of each that is no hit afterwards why not', async () => {
    const cache = makeCache();
    const app = express();
    app.get('/plain', (_req, res) => void res.send('nobody caches it'));
    app.get('/limited', (_req, res) => void res.sendStatus(429));
    app.use(cachePage({ ttl: '1h', cache, when: (req) => req.url !== '/never' }));
    app.get('/me', (req, res) => void res.send(`for ${req.headers.cookie}`));
    app.get('/session', (_req, res) => void res.cookie('id', '7').send('hello'));
    app.get('/broken', () => {
      throw new Error('no database');
    });
    app.get('/moved', (_req, res) => void res.redirect('https://elsewhere.example/'));
    app.get('/hangs-up', (req) => void req.socket.destroy());
    app.use((_error: unknown, _req: unknown, res: express.Response, _next: unknown) => void res.status(503).end());
    const urls = ['/plain', '/limited', '/me', '/session', '/broken', '/moved', '/hangs-up', '/never', '/gone'];
    const { problems, ...counts } = await cache.warm(urls, { origin, server: app, concurrency: 1 });
    expect(problems.map(({ what, outcome, reason, detail }) => [what, outcome, reason, detail])).toEqual([
      [
        '/plain',
        'refused',
        'no-view',
        expect.stringMatching(/^nothing looks it up in this cache: .* of another cache$/),
      ],
      ['/limited', 'refused', 'no-view', 'answered with 429'],
      ['/me', 'refused', 'input', 'header cookie'],
      ['/session', 'refused', 'set-cookie', undefined],
      ['/broken', 'failed', 'status', '503'],
      ['/moved', 'refused', 'status', '302'],
      ['/hangs-up', 'failed', 'error', 'Error: the connection was closed before there was an answer'],
      ['/never', 'refused', 'when', undefined],
      ['/gone', 'refused', 'status', '404'],
    ]);
    expect(counts).toMatchObject({ total: 9, done: 9, refused: 7, failed: 2, stored: 0, ended: 'done' });
  });

  it('leaves out what leads to another origin, and what no browser would send', async () => {
    const cache = makeCache();
    const app = express();
    const asked: string[] = [];
    app.use(cachePage({ ttl: '1h', cache }), (req, res) => {
      asked.push(req.url);
      res.send('page');
    });
    const hostile: WarmUrl[] = [
      ...['https://www.example.com/other-scheme', 'http://evil.example/', '//evil.example/', '/\\evil.example'],
      ...['/a\r\nx-injected: 1', '/\u0000', '/a b', 'javascript:alert(1)', 'cities', '', `/${'x'.repeat(2_048)}`],
      ...[
        'http://user:password@www.example.com/',
        'http://www.example.com:81/',
        'http://[',
        '/%zz',
        '/a/../../b',
        '/b#part',
      ],
    ];
    const result = await cache.warm(hostile, { origin, server: app });
    expect(asked.sort()).toEqual(['/%zz', '/b']);
    const { problems, skipped, total } = result;
    expect({ skipped, total }).toEqual({ skipped: 14, total: 2 });
    expect(problems.map(({ reason }) => reason)).toEqual([
      ...['other-origin', 'other-origin', 'malformed', 'malformed', 'malformed', 'malformed', 'malformed'],
      ...['other-origin', 'malformed', 'malformed', 'too-long', 'malformed', 'other-origin', 'malformed'],
    ]);
    expect(problems.every(({ what }) => !/\p{Cc}/u.test(what))).toBe(true);
  });

  it('takes no more of a source than the limit, though that had no end', async () => {
    const cache = makeCache();
    const app = express();
    app.use(cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('page'));
    let made = 0;
    async function* endless() {
      for (;;) yield `/${made++}`;
    }
    const result = await cache.warm(endless(), { origin, server: app, limit: 5 });
    expect(result).toMatchObject({ total: 5, stored: 5, isCut: true });
    async function* strangers() {
      for (;;) yield 'http://evil.example/';
    }
    expect(await cache.warm(strangers(), { origin, server: app, limit: 5 })).toMatchObject({ total: 0, isCut: true });
  });

  it('begins so many in a second, and no more at once than it may', async () => {
    const clock = new FakeClock();
    const cache = makeCache({ clock });
    const app = express();
    const open: express.Response[] = [];
    let begun = 0;
    app.use(cachePage({ ttl: '1h', cache }), (_req, res) => {
      begun++;
      open.push(res);
    });
    const urls = Array.from({ length: 8 }, (_, i) => `/${i}`);
    const result = cache.warm(urls, { origin, server: app, rate: 2, concurrency: 3, timeout: '1h' });
    const counts: number[] = [];
    for (const ms of [0, 499, 1, 500, 500, 500]) {
      clock.advance(ms);
      // The first is begun when what warms has been loaded.
      while (begun === 0) await settled();
      await settled();
      counts.push(begun);
    }
    expect(counts).toEqual([1, 1, 2, 3, 3, 3]);
    while (begun < 8 || open.length > 0) {
      open.shift()?.send('page');
      await settled();
      clock.advance(500);
      await settled();
    }
    expect(await result).toMatchObject({ stored: 8, done: 8 });
  });

  it('gives up what takes too long, and goes on', async () => {
    const clock = new FakeClock();
    const cache = makeCache({ clock });
    const app = express();
    const gone: string[] = [];
    let reached: () => void = () => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    app.get('/slow', cachePage({ ttl: '1h', cache }), (req, res) => {
      res.on('close', () => gone.push(req.url));
      reached();
    });
    app.get('/quick', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('quick'));
    const result = cache.warm(['/slow', '/quick'], { origin, server: app, concurrency: 1, timeout: '10s' });
    await isReached;
    clock.advance('10s');
    const { problems, stored } = await result;
    expect({ problems, stored, gone }).toEqual({
      problems: [{ what: '/slow', outcome: 'failed', reason: 'timeout', detail: undefined }],
      ...{ stored: 1, gone: ['/slow'] },
    });
  });

  it.each(['signal', 'close'] as const)('ends at once on %s, and hangs up', async (how) => {
    const cache = makeCache();
    const app = express();
    const stop = new AbortController();
    const gone: string[] = [];
    app.use(cachePage({ ttl: '1h', cache }), (req, res) => {
      res.on('close', () => gone.push(req.url));
      if (req.url !== '/3') {
        res.send('page');
        return;
      }
      if (how === 'signal') stop.abort();
      else void cache.close();
    });
    const urls = Array.from({ length: 10 }, (_, i) => `/${i}`);
    const result = await cache.warm(urls, { origin, server: app, concurrency: 1, signal: stop.signal });
    expect(result).toMatchObject({ ended: 'aborted', total: 10, done: 3, stored: 3, failed: 0 });
    await settled();
    expect(gone).toEqual(['/0', '/1', '/2', '/3']);
    if (how === 'signal')
      expect(await cache.warm(urls, { origin, server: app, signal: stop.signal })).toMatchObject({
        ended: 'aborted',
        total: 0,
      });
    else expect(await cache.warm(urls, { origin, server: app })).toMatchObject({ ended: 'aborted' });
  });

  it.each(['signal', 'close'] as const)('ends at once on %s where its source does not go on', async (how) => {
    const cache = makeCache();
    const stop = new AbortController();
    async function* stuck() {
      yield '/';
      if (how === 'signal') stop.abort();
      else void cache.close();
      await new Promise(() => {});
    }
    const result = await cache.warm(stuck(), { origin, server: express(), signal: stop.signal });
    expect(result).toMatchObject({ ended: 'aborted', total: 0 });
  });

  it('takes nothing along of the request, view or transaction that it is asked for in', async () => {
    const cache = makeCache();
    const app = express();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    app.get('/page', cachePage({ ttl: '1h', cache }), (_req, res) => {
      seen.push(storage.getStore());
      view().dependsOn('inner');
      res.send('page');
    });
    const options = { origin, server: app };
    const load = async () => await storage.run('mine', async () => (await cache.warm(['/page'], options)).stored);
    expect(await cache.getOrSet('outer', load, { ttl: '1h', tags: ['outer'] })).toBe(1);
    expect(seen).toEqual([undefined]);
    await cache.invalidate({ tags: 'inner' });
    expect(await cache.has('outer')).toBe(true);
  });

  it('has what is stale made new behind its answer, as for a visitor', async () => {
    const clock = new FakeClock();
    const cache = makeCache({ clock });
    const app = express();
    let version = 0;
    app.get('/', cachePage({ ttl: '1m', cache, staleWhileRevalidate: '1h' }), (_req, res) => {
      res.send(`version ${++version}`);
    });
    const options = { origin, server: app };
    expect(await cache.warm(['/'], options)).toMatchObject({ stored: 1 });
    clock.advance('2m');
    const renewed = new Promise<void>((resolve) => {
      cache.on(({ type }) => {
        if (type === 'stored') resolve();
      });
    });
    expect(await cache.warm(['/'], options)).toMatchObject({ hits: 1 });
    await renewed;
    const site = await serve(app);
    expect(await site.get('/', { host: 'www.example.com' })).toMatchObject({ isHit: true, text: 'version 2' });
  });

  it('is no reason for advice: that every key is new is what it is for', async () => {
    const cache = makeCache();
    const app = express();
    app.get('/cities/:id', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('city'));
    const urls = Array.from({ length: 300 }, (_, id) => `/cities/${id}`);
    expect(await cache.warm(urls, { origin, server: app })).toMatchObject({ stored: 300 });
    expect(cache.advise()).toEqual([]);
    expect(cache.stats().routes['/cities/:id']).toMatchObject({ stored: 300, misses: 0 });
  });

  it('runs one after the other in one process, and leaves out what already waits', async () => {
    const cache = makeCache();
    const app = express();
    let runs = 0;
    app.use(cachePage({ ttl: '1h', cache }), (_req, res) => {
      runs++;
      setImmediate(() => res.send('page'));
    });
    const options = { origin, server: app } as const;
    const results = await Promise.all([
      cache.warm(['/a', '/b'], options),
      cache.warm(['/a', '/b'], options),
      cache.warm(['/a', '/b'], options),
      cache.warm(['/d', '/e'], options),
      cache.warm(['/a', '/b'], { ...options, whileElsewhere: 'wait' }),
      cache.warm(['/c'], { ...options, name: 'others' }),
    ]);
    expect(results.map(({ ended, stored, hits }) => [ended, stored, hits])).toEqual([
      ['done', 2, 0],
      ['done', 0, 2],
      ['elsewhere', 0, 0],
      ['done', 2, 0],
      ['done', 0, 2],
      ['done', 1, 0],
    ]);
    expect(runs).toBe(5);
  });

  it('does not wait for itself where a handler that is warmed warms', async () => {
    const cache = makeCache();
    const app = express();
    const within: unknown[] = [];
    app.get('/inner', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('inner'));
    app.get('/outer', cachePage({ ttl: '1h', cache }), async (_req, res) => {
      within.push((await cache.warm(['/inner'], { origin, server: app })).ended);
      res.send('outer');
    });
    expect(await cache.warm(['/outer'], { origin, server: app })).toMatchObject({ ended: 'done', stored: 1 });
    expect(within).toEqual(['elsewhere']);
  });

  it.each<[string, unknown, object, string]>([
    ['a text', '/', { origin }, 'warm'],
    ['no origin', ['/'], {}, 'warm.origin'],
    ['an origin with a path', ['/'], { origin: `${origin}/shop` }, 'warm.origin'],
    ['an origin with a login', ['/'], { origin: 'http://me:secret@example.com' }, 'warm.origin'],
    ['no server that is known', ['/'], { origin }, 'warm.server'],
    ['a server that nobody listens to', ['/'], { origin, server: createHttpServer() }, 'warm.server'],
    ['something else as a server', ['/'], { origin, server: 3000 }, 'warm.server'],
    ['a rate of 0', ['/'], { origin, rate: 0 }, 'warm.rate'],
    ['a concurrency of 0', ['/'], { origin, concurrency: 0 }, 'warm.concurrency'],
    ['a concurrency without end', ['/'], { origin, concurrency: 1e9 }, 'warm.concurrency'],
    ['a field that cannot be sent', ['/'], { origin, headers: { cookie: 'a\r\nb' } }, 'warm.headers.cookie'],
    ['an unknown option', ['/'], { origin, speed: 3 }, 'warm.speed'],
    ['no options', ['/'], 7 as never, 'warm'],
    ['a number for a URL', [7], { origin, server: () => {} }, 'warm'],
  ])('refuses %s', async (_what, source, options, setting) => {
    const error = await makeCache()
      .warm(source as never, options as never)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting });
    expect(String(error)).not.toContain('secret');
  });

  it('says what a text was meant to be, which types refuse', async () => {
    // @ts-expect-error -- a text is no list of URLs
    const warming = makeCache().warm('/cities', { origin, server: express() });
    await expect(warming).rejects.toThrow(
      "warm: '/cities' is not allowed; use a list of URLs, fromSitemap(), fromAccessLog() or calls(); did you mean ['/cities']?",
    );
  });
});
