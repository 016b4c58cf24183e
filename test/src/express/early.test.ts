import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import type { Express, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('beforeMiddleware, on %s', (_version, express) => {
  /** An app with `front` before its one early route; `entered` counts what Express got to see. */
  async function siteWith(front: RequestHandler, options: object = {}) {
    const cache = makeCache();
    const warnings: string[] = [];
    cache.on((event) => {
      if (event.type === 'warning') warnings.push(event.message);
    });
    const { app, entered } = counted();
    app.use(front);
    app.use(cachePage({ ttl: 60, cache, beforeMiddleware: true, ...options }));
    app.get('/', page);
    app.get('/:name', page);
    return { app, entered, warnings, site: await serveEarly(app) };
  }

  function counted(): { app: Express; entered: string[] } {
    const app = express();
    const entered: string[] = [];
    app.use((req, _res, next) => {
      entered.push(`${req.headers.host?.replace(/:.*/, '') ?? ''}${req.url}`);
      next();
    });
    return { app, entered };
  }

  it('answers a single page before Express from its third request on', async () => {
    const { site, entered } = await siteWith((_req, res, next) => {
      res.set('X-Frame-Options', 'DENY');
      next();
    });

    const replies = await inTurn(site, '/', '/', '/', '/');

    expect(replies.map(({ isHit }) => isHit)).toEqual([false, true, true, true]);
    expect(replies.map(({ headers }) => headers['x-frame-options'])).toEqual(['DENY', 'DENY', 'DENY', 'DENY']);
    expect(entered).toHaveLength(2);
  });

  describe('fields for one visitor', () => {
    it.each(['Set-Cookie', 'Set-Cookie2', 'WWW-Authenticate', 'Authentication-Info'])(
      '%s in front keeps the route from being early, with one warning that names it',
      async (name) => {
        let isFirst = true;
        const { site, entered, warnings } = await siteWith((_req, res, next) => {
          if (isFirst) res.setHeader(name, 'sid="alice"');
          isFirst = false;
          next();
        });

        const replies = await inTurn(site, '/', '/', '/', '/');

        expect(entered).toHaveLength(4);
        expect(replies.slice(1).map(({ headers }) => headers[name.toLowerCase()])).toEqual(Array(3).fill(undefined));
        expect(warnings).toEqual([expect.stringContaining(name.toLowerCase())]);
      },
    );

    it.each([{ Cookie: 'sid=ALICE' }, { Authorization: 'Bearer ALICE' }])(
      'are not learned from requests with %j',
      async (header) => {
        const { site, entered } = await siteWith((req, res, next) => {
          const who = req.headers.authorization ?? req.headers.cookie;
          if (who !== undefined) res.set({ 'Set-Cookie': who, 'X-User': who });
          next();
        });
        for (const path of ['/a', '/b', '/a']) {
          await site.get(path, header);
        }

        const replies = await inTurn(site, '/a', '/a', '/a');

        expect(replies.slice(1).map(({ isHit }) => isHit)).toEqual([true, true]);
        for (const { headers } of replies) {
          expect(headers).not.toHaveProperty('set-cookie');
          expect(headers).not.toHaveProperty('x-user');
        }
        expect(entered).toHaveLength(5);
      },
    );

    it('are learned from requests whose cookies are all ignored', async () => {
      const { site, entered } = await siteWith((_req, _res, next) => next(), {
        beforeMiddleware: { ignoreCookies: ['_ga'] },
      });

      for (let i = 0; i < 4; i++) await site.get('/', { Cookie: '_ga=1' });

      expect(entered).toHaveLength(2);
    });
  });

  it('is given no path that only visitors with cookies have asked for: its fields are not known', async () => {
    const { site, entered } = await siteWith((req, res, next) => {
      if (req.url === '/admin') res.set('X-Frame-Options', 'DENY');
      next();
    });
    await inTurn(site, '/a', '/a');
    await site.get('/admin', { Cookie: 'sid=1' });

    const reply = await site.get('/admin');

    expect(reply.headers['x-frame-options']).toBe('DENY');
    expect(entered).toHaveLength(4);
  });

  describe('of two routes', () => {
    it('each answers its own stored responses only, by its own rules', async () => {
      const cache = makeCache();
      const { app } = counted();
      const ofA = cachePage({ ttl: 60, cache, beforeMiddleware: { ignoreCookies: ['sid'] } });
      app.use('/a', setting('Access-Control-Allow-Origin', '*'), ofA, page);
      const guard: RequestHandler = (req, res, next) => {
        if (/banned/.test(req.headers.cookie ?? '')) res.status(403).send('banned');
        else next();
      };
      const ofB = cachePage({ ttl: 60, cache, beforeMiddleware: true });
      app.use('/b', guard, setting('X-Frame-Options', 'DENY'), ofB, page);
      const site = await serveEarly(app);
      await inTurn(site, '/a/1', '/a/2', '/a/1', '/b/1', '/b/2', '/b/1');

      expect((await site.get('/b/1', { Cookie: 'sid=banned' })).status).toBe(403);
      const plain = await site.get('/b/1');
      expect(plain.headers).toMatchObject({ 'x-frame-options': 'DENY' });
      expect(plain.headers).not.toHaveProperty('access-control-allow-origin');
    });

    it('neither finds in the store what the other has put there', async () => {
      const cache = makeCache();
      const { app } = counted();
      const pass: RequestHandler = (req, _res, next) =>
        next(req.headers['x-second'] === undefined ? undefined : 'route');
      app.get('/', pass, cachePage({ ttl: 60, cache, beforeMiddleware: true }), (_req, res) => void res.send('first'));
      app.get('/', cachePage({ ttl: 60, cache, beforeMiddleware: true }), (_req, res) => void res.send('second'));
      const site = await serveEarly(app);

      expect((await site.get('/')).text).toBe('first');
      expect((await site.get('/', { 'X-Second': 'yes' })).text).toBe('second');
    });
  });

  describe('fields that have differed', () => {
    it('end it for good, however often they are equal afterwards', async () => {
      let value = 'one';
      const { site, entered, warnings } = await siteWith((_req, res, next) => {
        res.set('X-Theme', value);
        next();
      });
      await inTurn(site, '/a', '/a', '/a');
      expect(entered).toHaveLength(2);

      value = 'two';
      const replies = await inTurn(site, '/b', '/b', '/b', '/a', '/a');

      expect(entered).toHaveLength(7);
      expect(replies.map(({ headers }) => headers['x-theme'])).toEqual(Array(5).fill('two'));
      expect(warnings).toEqual([expect.stringMatching(/x-theme differently/)]);
    });

    it('end it when it is the host that makes them differ', async () => {
      const { site, warnings } = await siteWith((req, res, next) => {
        res.set('X-Tenant', req.headers.host ?? '');
        next();
      });
      for (const Host of ['a.test', 'a.test', 'b.test', 'b.test', 'b.test']) {
        await site.get('/1', { Host });
        await site.get('/2', { Host });
      }

      for (const Host of ['a.test', 'b.test']) {
        expect((await site.get('/1', { Host })).headers['x-tenant']).toBe(Host);
      }
      expect(warnings).toHaveLength(1);
    });

    it('are never those of a host that only visitors with cookies have asked for', async () => {
      const { site } = await siteWith((req, res, next) => {
        res.set('X-Tenant', req.headers.host ?? '');
        next();
      });
      for (let i = 0; i < 2; i++) await site.get('/', { Host: 'a.test' });
      await site.get('/', { Host: 'b.test', Cookie: 'sid=1' });

      expect((await site.get('/', { Host: 'b.test' })).headers['x-tenant']).toBe('b.test');
    });
  });

  describe('is given only what a request like it was let through to', () => {
    it('not a URL that only visitors with cookies were let through to, by its query', async () => {
      const { site } = await siteWith((req, res, next) => {
        if (req.query['id'] === '7' && req.headers.cookie === undefined) res.sendStatus(401);
        else next();
      });
      await inTurn(site, '/?id=1', '/?id=1', '/?id=1');
      await site.get('/?id=7', { Cookie: 'sid=alice' });

      expect((await site.get('/?id=7')).status).toBe(401);
    });

    it.each(['cookie', 'authorization'])('not one let through by a %s that middleware takes away', async (name) => {
      const { site } = await siteWith((req, res, next) => {
        const isAllowed = req.url !== '/docs' || req.headers[name] !== undefined;
        delete req.headers[name];
        if (isAllowed) next();
        else res.sendStatus(401);
      });
      await inTurn(site, '/', '/', '/');
      for (let i = 0; i < 2; i++) await site.get('/docs', { [name]: 'alice' });

      expect((await site.get('/docs')).status).toBe(401);
    });

    it('by the trust proxy setting of its own app', async () => {
      const { app, entered } = counted();
      const inner = express();
      inner.set('trust proxy', true);
      inner.get('/', cachePage({ ttl: 60, cache: makeCache(), beforeMiddleware: true }), (req, res) => {
        res.send(req.hostname);
      });
      app.use('/shop', inner);
      const site = await serveEarly(app);
      const ask = async (host: string) => (await site.get('/shop', { Host: 'a.test', 'X-Forwarded-Host': host })).text;

      for (const host of ['a.test', 'a.test', 'a.test', 'b.test', 'b.test', 'b.test'])
        expect(await ask(host)).toBe(host);
      expect(entered).toHaveLength(2 + 1);
    });

    it('not the fields of those whose request differs in what their Vary names', async () => {
      const { site, warnings } = await siteWith((req, res, next) => {
        res.vary('Origin');
        if (req.headers.origin !== undefined) res.set('Access-Control-Allow-Origin', req.headers.origin);
        next();
      });
      await inTurn(site, '/', '/', '/');

      const { headers } = await site.get('/', { Origin: 'https://a.test' });

      expect(headers['access-control-allow-origin']).toBe('https://a.test');
      expect(warnings).toEqual([expect.stringContaining('access-control-allow-origin')]);
    });

    it('all who agree in what that Vary names', async () => {
      const { site, entered } = await siteWith((_req, res, next) => {
        res.vary('Accept-Language');
        next();
      });
      for (const language of ['en', 'fr', 'en', 'fr', 'fr']) await site.get('/', { 'Accept-Language': language });

      expect(entered).toHaveLength(2);
    });

    it('nothing where that Vary is *', async () => {
      const { site, entered, warnings } = await siteWith((_req, res, next) => {
        res.set('Vary', '*');
        next();
      });
      await inTurn(site, '/', '/', '/', '/');

      expect(entered).toHaveLength(4);
      expect(warnings).toEqual([expect.stringContaining('Vary: *')]);
    });

    it.each([undefined, 'admin'])(
      'no variant by a field that middleware replaces (first asked with %s)',
      async (role) => {
        const { app } = counted();
        app.use((req, _res, next) => {
          if (req.headers['x-internal'] === 'yes') req.headers['x-role'] = 'admin';
          else delete req.headers['x-role'];
          next();
        });
        app.get('/', cachePage({ ttl: 60, cache: makeCache(), beforeMiddleware: true }), (req, res) => {
          res.send(req.get('x-role') ?? 'nobody');
        });
        const site = await serveEarly(app);
        const internal = { 'X-Internal': 'yes', ...(role === undefined ? {} : { 'X-Role': 'other' }) };
        for (let i = 0; i < 3; i++) expect((await site.get('/', internal)).text).toBe('admin');
        for (let i = 0; i < 3; i++) expect((await site.get('/')).text).toBe('nobody');

        for (let i = 0; i < 3; i++) expect((await site.get('/', { 'X-Role': 'admin' })).text).toBe('nobody');
      },
    );

    it('no parameters that middleware replaces', async () => {
      const { app } = counted();
      app.param('name', (req, _res, next) => {
        req.params['name'] = String(req.headers['accept-language']);
        next();
      });
      app.get('/:name', cachePage({ ttl: 60, cache: makeCache(), beforeMiddleware: true }), (req, res) => {
        res.send(req.params['name']);
      });
      const site = await serveEarly(app);

      for (const language of ['en', 'en', 'en', 'fr', 'fr']) {
        expect((await site.get('/a', { 'Accept-Language': language })).text).toBe(language);
      }
    });

    it('a page with the parameters that its URL has', async () => {
      const { app, entered } = counted();
      app.get('/:name', cachePage({ ttl: 60, cache: makeCache(), beforeMiddleware: true }), page);
      await inTurn(await serveEarly(app), '/a', '/a', '/a', '/a');

      expect(entered).toHaveLength(2);
    });
  });

  it('keeps what was let through up to so many characters', async () => {
    const { site, entered } = await siteWith((_req, _res, next) => next());
    await inTurn(site, '/', '/', '/');
    expect(entered).toHaveLength(2);

    // 150 × 14,000 are more, and so are not a hundredth of the URLs that there would be room for.
    for (let i = 0; i < 150; i++) await site.get(`/none/${i}${'z'.repeat(14_000)}`);
    await inTurn(site, '/');

    expect(entered).toHaveLength(2 + 150 + 1);
  });

  it('warns of nothing under app.listen, where no route is early', async () => {
    const { app, warnings } = await unserved();
    const site = await serve(app);
    await inTurn(site, '/', '/', '/');
    expect(warnings).toEqual([]);

    await inTurn(await serveEarly(app), '/', '/');
    expect(warnings).toHaveLength(1);
  });

  async function unserved() {
    const cache = makeCache();
    const warnings: string[] = [];
    cache.on((event) => {
      if (event.type === 'warning') warnings.push(event.message);
    });
    let id = 0;
    const app = express();
    app.use((_req, res, next) => {
      res.set('X-Request-Id', String(++id));
      next();
    });
    app.use(cachePage({ ttl: 60, cache, beforeMiddleware: true }), page);
    return { app, warnings };
  }
});

describe('beforeMiddleware is a start-up error', () => {
  it.each<[title: string, value: unknown, setting: RegExp]>([
    ['null', null, /^cachePage\.beforeMiddleware: null/],
    ['a list', ['_ga'], /^cachePage\.beforeMiddleware: /],
    ['an object that says nothing', {}, /^cachePage\.beforeMiddleware: /],
    ['with a name nobody reads', { ignoreCookies: [], ignore: 1 }, /^cachePage\.beforeMiddleware\.ignore: 1/],
    [
      'with a slip in the name',
      { ignoreCookie: ['x'] },
      /^cachePage\.beforeMiddleware\.ignoreCookie: .*did you mean ignoreCookies\?$/,
    ],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested.
    ['with a hole in the list', { ignoreCookies: ['_ga', , '_gid'] }, /^cachePage\.beforeMiddleware: /],
    ['with an empty name', { ignoreCookies: [''] }, /^cachePage\.beforeMiddleware: /],
  ])('%s', (_title, value, setting) => {
    const attempt = () => cachePage({ ttl: 60, beforeMiddleware: value } as never);
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(setting);
  });
});

const page: RequestHandler = (_req, res) => {
  res.send('page');
};

function setting(name: string, value: string): RequestHandler {
  return (_req, res, next) => {
    res.set(name, value);
    next();
  };
}

/** Serves by `createServer`, where routes are answered early. */
async function serveEarly(app: Express): Promise<Site> {
  const server = createServer(app);
  return await serve((req, res) => void server.emit('request', req, res));
}

async function inTurn(site: Site, ...paths: string[]) {
  const replies = [];
  for (const path of paths) replies.push(await site.get(path));
  return replies;
}
