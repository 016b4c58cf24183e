import { describe, expect, it } from '@jest/globals';
import { type Cache, setDefaultCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cacheControl, cachePage, neverCache, varyOn } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { countdown } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('cachePage where it is mounted, on %s', (_version, express) => {
  it('caches a whole app, a router, a path and a route', async () => {
    const cached = cachePage({ ttl: 60, cache: makeCache() });
    const app = express();
    const router = express.Router();
    let calls = 0;
    router.use(cached);
    router.get('/a', (_req, res) => void res.send(`${++calls}`));
    app.use('/router', router);
    app.use('/path', cached, (_req, res) => void res.send(`${++calls}`));
    app.get('/route', cached, (_req, res) => void res.send(`${++calls}`));
    app.use(cached);
    app.get('/whole', (_req, res) => void res.send(`${++calls}`));
    const site = await serve(app);

    const paths = ['/router/a', '/path', '/path/below', '/route', '/whole'];
    for (const path of paths) expect((await site.get(path)).isHit).toBe(false);
    for (const path of paths) expect((await site.get(path)).isHit).toBe(true);
    expect(calls).toBe(paths.length);
  });

  it('makes no difference to what a handler sees of its request', async () => {
    const seen: unknown[] = [];
    const app = express();
    const router = express.Router({ mergeParams: true });
    router.get('/cities/:city', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      seen.push([req.url, req.originalUrl, req.baseUrl, req.path, req.params, req.query, req.route.path]);
      res.send('city');
    });
    app.use('/api/:country', router);
    const site = await serve(app);

    await site.get('/api/pl/cities/1?q=a');

    const [url, originalUrl, baseUrl, path, params, query, route] = seen[0] as unknown[];
    expect([url, originalUrl, baseUrl, path]).toEqual([
      '/cities/1?q=a',
      '/api/pl/cities/1?q=a',
      '/api/pl',
      '/cities/1',
    ]);
    expect({ ...(params as object) }).toEqual({ country: 'pl', city: '1' });
    expect({ ...(query as object) }).toEqual({ q: 'a' });
    expect(route).toBe('/cities/:city');
  });

  it('keeps equal paths below different mount points apart', async () => {
    const app = express();
    const cached = cachePage({ ttl: 60, cache: makeCache() });
    for (const mount of ['/a', '/b']) {
      const router = express.Router();
      router.get('/list', cached, (req, res) => void res.send(`list of ${req.baseUrl}`));
      app.use(mount, router);
    }
    const site = await serve(app);

    const texts = [];
    for (const path of ['/a/list', '/b/list', '/a/list', '/b/list']) texts.push((await site.get(path)).text);

    expect(texts).toEqual(['list of /a', 'list of /b', 'list of /a', 'list of /b']);
  });

  it('keys the root of a router by its mount path, as the client asked for it', async () => {
    const cache = makeCache();
    const app = express();
    const router = express.Router();
    let calls = 0;
    router.get('/', cachePage({ ttl: 60, cache, cacheStatus: 'full' }), (_req, res) => void res.send(`${++calls}`));
    app.use('/api', router);
    const site = await serve(app);

    await site.get('/api');
    const hit = await site.get('/api');
    expect(hit.isHit).toBe(true);
    // The path that Express takes off for the router, leaving a slash, is no rewriting.
    expect(hit.headers['cache-status']).toContain('/api"');
    await cache.invalidate({ url: '/api' });
    expect((await site.get('/api')).isHit).toBe(false);
  });

  it('keys by what the handler is given where middleware rewrote req.url', async () => {
    const app = express();
    app.use((req, _res, next) => {
      const tenant = req.headers.host?.split('.')[0] ?? '';
      req.url = `/${req.headers['x-beta'] === undefined ? 'stable' : 'beta'}/${tenant}${req.url}`;
      next();
    });
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/:ring/:tenant/page', (req, res) => void res.send(`${req.params.ring} of ${req.params.tenant}`));
    const site = await serve(app);

    const texts = [];
    for (const headers of [{}, { 'x-beta': '1' }, {}, { 'x-beta': '1' }]) {
      texts.push((await site.get('/page', { host: 'a.example', ...headers })).text);
    }

    expect(texts).toEqual(['stable of a', 'beta of a', 'stable of a', 'beta of a']);
  });

  it('keys by what the handler is given where middleware rewrote the query in req.url', async () => {
    const app = express();
    app.use((req, _res, next) => {
      req.url = `${req.url}?user=${req.headers.cookie ?? 'nobody'}`;
      next();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      res.send(`for ${new URL(req.url, 'http://a').searchParams.get('user')}`);
    });
    const site = await serve(app);

    const texts = [];
    for (const headers of [{ cookie: 'alice' }, { cookie: 'bob' }, {}]) texts.push((await site.get('/', headers)).text);

    expect(texts).toEqual(['for alice', 'for bob', 'for nobody']);
  });

  it('invalidates a rewritten target by the URL that its client knows', async () => {
    const cache = makeCache();
    const app = express();
    app.use((req, _res, next) => {
      req.url = `/v2${req.url}`;
      next();
    });
    app.get('/v2/page', cachePage({ ttl: 60, cache }), (_req, res) => void res.send('page'));
    const site = await serve(app);
    await site.get('/page');
    expect((await site.get('/page')).isHit).toBe(true);

    await cache.invalidate({ url: '/page' });

    expect((await site.get('/page')).isHit).toBe(false);
  });

  it('works in an app mounted in another', async () => {
    const outer = express();
    const inner = express();
    let calls = 0;
    inner.use(cachePage({ ttl: 60, cache: makeCache() }));
    inner.get('/page', (_req, res) => void res.json({ calls: ++calls }));
    outer.use('/inner', inner);
    const site = await serve(outer);

    await site.get('/inner/page');
    const hit = await site.get('/inner/page');

    expect([hit.isHit, hit.text]).toEqual([true, '{"calls":1}']);
  });

  it('twice on the way counts once: the nearest to the handler wins', async () => {
    const cache = makeCache({ clock: new FakeClock() });
    const app = express();
    let calls = 0;
    app.use(cachePage({ ttl: '1h', cache, tags: ['outer'] }));
    app.get('/near', cachePage({ ttl: '1m', cache, tags: ['inner'] }), (_req, res) => void res.send(`${++calls}`));
    app.get('/far', (_req, res) => void res.send('far'));
    const site = await serve(app);

    const miss = await site.get('/near');
    const hit = await site.get('/near');
    expect([miss.isHit, hit.isHit, calls]).toEqual([false, true, 1]);
    expect(hit.headers['cache-status']).toBe('viewcache; hit; ttl=60');

    // What the outer view's code says of all its responses holds for this one too.
    await cache.invalidate({ tags: 'outer' });
    expect((await site.get('/near')).isHit).toBe(false);
    expect((await site.get('/near')).isHit).toBe(true);
    await cache.invalidate({ tags: 'inner' });
    expect((await site.get('/near')).isHit).toBe(false);
    expect((await site.get('/far')).isHit).toBe(false);
    expect((await site.get('/far')).isHit).toBe(true);
  });

  it('twice on the way, a crowd at once: nobody waits for himself, and the handler runs once', async () => {
    const cache = makeCache();
    const all = countdown(10);
    let calls = 0;
    const app = express();
    app.use((_req, _res, next) => {
      next();
      all.count();
    });
    app.use(cachePage({ ttl: 60, cache }));
    app.get('/', cachePage({ ttl: 60, cache }), async (_req, res) => {
      calls++;
      await all.passed;
      res.send('page');
    });
    const site = await serve(app);

    const replies = await Promise.all(Array.from({ length: 10 }, () => site.get('/')));

    expect(replies.map(({ text }) => text)).toEqual(Array(10).fill('page'));
    expect(calls).toBe(1);
  });

  it('in two caches on the way: only the nearer one stores', async () => {
    const [outer, inner] = [makeCache(), makeCache()];
    const app = express();
    app.use(cachePage({ ttl: 60, cache: outer }));
    app.get('/', cachePage({ ttl: 60, cache: inner }), (_req, res) => void res.send('page'));
    const site = await serve(app);

    await site.get('/');
    await site.get('/');

    expect([outer.stats().stored, inner.stats().stored]).toEqual([0, 1]);
  });

  it('a gate between two of them runs on every request', async () => {
    const cache = makeCache();
    const app = express();
    app.use(cachePage({ ttl: 60, cache }));
    app.use((req, res, next) => void (req.get('x-pass') === 'yes' ? next() : res.sendStatus(403)));
    app.get('/', cachePage({ ttl: 60, cache }), (_req, res) => void res.send('secret'));
    const site = await serve(app);

    const statuses = [];
    for (const pass of ['yes', 'no', 'yes', 'no']) statuses.push((await site.get('/', { 'x-pass': pass })).status);

    expect(statuses).toEqual([200, 403, 200, 403]);
  });

  it('leaves If-None-Match to the nearer of two', async () => {
    const cache = makeCache();
    const app = express();
    let calls = 0;
    app.use(cachePage({ ttl: 60, cache }));
    app.get('/', cachePage({ ttl: 60, cache }), (_req, res) => {
      calls++;
      res.set('ETag', '"v1"').send('page');
    });
    const site = await serve(app);

    const cold = await site.get('/', { 'if-none-match': '"v1"' });
    const warm = await site.get('/', { 'if-none-match': '"v1"' });
    const whole = await site.get('/');

    expect([cold.status, warm.status, whole.status, whole.text, calls]).toEqual([304, 304, 200, 'page', 1]);
  });

  it('without a cache of its own uses the default one, also one that is set after the route was made', async () => {
    const cache: Cache = makeCache();
    const app = express();
    app.get('/', cachePage(60), (_req, res) => void res.send('page'));
    setDefaultCache(cache);
    const site = await serve(app);

    await site.get('/');
    await site.get('/');

    expect(cache.stats()).toMatchObject({ hits: 1, stored: 1 });
  });

  it('answers nothing but what begins with a slash: an absolute target, * and CONNECT-like ones pass', async () => {
    const app = express();
    let calls = 0;
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.use((_req, res) => void res.send(`${++calls}`));
    const site = await serve(app);
    const ask = 'GET http://a.example/page HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';

    await site.exchange(ask);
    const second = await site.exchange(ask);

    expect(second).toMatch(/Cache-Status: viewcache; fwd=bypass/i);
    expect(calls).toBe(2);
  });

  it('a GET with a body is answered by its handler alone, and fills nothing', async () => {
    const app = express();
    app.use(express.text());
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => void res.send(`read ${req.body}`));
    const site = await serve(app);
    const fat = { method: 'GET', headers: { 'content-type': 'text/plain', 'content-length': '6' }, body: 'poison' };

    const poisoned = await site.ask('/', fat);
    const plain = await site.get('/');
    const again = await site.ask('/', fat);

    expect([poisoned.text, again.text]).toEqual(['read poison', 'read poison']);
    expect(plain.text).not.toContain('poison');
  });
});

describe.each(expresses)('neverCache, varyOn and cacheControl, on %s', (_version, express) => {
  it.each([
    ['in front', ['viewcache; fwd=bypass; detail=never-cache', 'viewcache; fwd=bypass; detail=never-cache']],
    ['inside', ['viewcache; fwd=uri-miss; detail=no-store', 'viewcache; fwd=miss; detail=no-store']],
  ])('neverCache %s: nothing is stored here, nor by anybody else', async (where, statuses) => {
    let calls = 0;
    const app = express();
    const cached = cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full' });
    app.get('/', ...(where === 'in front' ? [neverCache(), cached] : [cached, neverCache()]), (_req, res) => {
      res.send(`${++calls}`);
    });
    const site = await serve(app);

    const replies = [await site.get('/'), await site.get('/')];

    expect(replies.map(({ text }) => text)).toEqual(['1', '2']);
    const told = replies.map(({ headers }) => headers['cache-status']?.toString().replace(/ key="[^"]*";/, ''));
    expect(told).toEqual(statuses);
    for (const { headers } of replies) {
      expect(headers['cache-control']).toBe('private, no-cache, no-store, must-revalidate, max-age=0');
    }
  });

  it('neverCache holds even where the handler says that all may store it', async () => {
    let calls = 0;
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', neverCache(), (_req, res) => void res.set('Cache-Control', 'public').send(`${++calls}`));
    const site = await serve(app);

    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['1', '2']);
  });

  it('neverCache in front for some visitors: they are not answered from what is stored for others', async () => {
    let calls = 0;
    const app = express();
    const never = neverCache();
    app.use((req, res, next) => (req.get('x-editor') === undefined ? next() : never(req, res, next)));
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => void res.send(`${++calls}`));
    const site = await serve(app);

    const texts = [];
    for (const headers of [{}, { 'x-editor': '1' }, {}]) texts.push((await site.get('/', headers)).text);

    expect(texts).toEqual(['1', '2', '1']);
  });

  it('neverCache in front of an invalidating request does not keep it from invalidating', async () => {
    const app = express();
    const cached = cachePage({ ttl: 60, cache: makeCache() });
    app.use((req, res, next) => (req.method === 'GET' ? next() : neverCache()(req, res, next)), cached);
    app.get('/', (_req, res) => void res.send('page'));
    app.post('/', (_req, res) => void res.sendStatus(204));
    const site = await serve(app);
    await site.get('/');

    await site.ask('/', { method: 'POST' });

    expect((await site.get('/')).isHit).toBe(false);
  });

  it.each(['in front', 'inside'])(
    'varyOn %s: a stored response for each value, and Vary on each answer',
    async (where) => {
      const app = express();
      const cached = cachePage({ ttl: 60, cache: makeCache() });
      const varying = varyOn('X-Theme', 'Accept-Language');
      let calls = 0;
      app.get('/', ...(where === 'in front' ? [varying, cached] : [cached, varying]), (_req, res) => {
        res.send(`${++calls}`);
      });
      const site = await serve(app);

      const texts = [];
      for (const theme of ['light', 'dark', undefined, '', 'light', 'dark', undefined, '']) {
        const reply = await site.get('/', theme === undefined ? {} : { 'x-theme': theme });
        texts.push(reply.text);
        expect(reply.headers.vary).toBe('X-Theme, Accept-Language');
      }

      expect(texts).toEqual(['1', '2', '3', '4', '1', '2', '3', '4']);
    },
  );

  it('cacheControl says it to browsers, on misses and hits, and is read by the cache', async () => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/public', cacheControl({ public: true, maxAge: 60 }), (_req, res) => void res.send('page'));
    app.get('/private', cacheControl({ private: true }), (_req, res) => void res.send('page'));
    const site = await serve(app);

    await site.get('/public');
    await site.get('/private');
    const shared = await site.get('/public');
    const own = await site.get('/private');

    expect([shared.isHit, shared.headers['cache-control']]).toEqual([true, 'public, max-age=60']);
    expect([own.isHit, own.headers['cache-control']]).toEqual([false, 'private']);
  });
});
