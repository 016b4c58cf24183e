import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, purgeKeys, view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage, createServer } from '@viewcache/express';
import type { Express } from 'express';
import session from 'express-session';
import { parseList } from 'structured-headers';
import { expresses } from '../support/expresses.js';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache, type Reply, Site, serve } from '../support/site.js';

closeAfterEach();

/** Seconds that a cache further out takes an answer to be fresh for, when it comes (RFC 9111 §4.2). */
function left({ headers }: Reply): { byMaxAge: number; byExpires: number } {
  const age = Number(headers.age ?? 0);
  const maxAge = Number(/max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1]);
  const byExpires = (Date.parse(headers.expires ?? '') - Date.parse(headers.date ?? '')) / 1000;
  return { byMaxAge: maxAge - age, byExpires: byExpires - age };
}

describe.each(expresses)('emitCacheControl on %s', (_version, express) => {
  it('is off: nothing is added', async () => {
    const { site } = await siteOf({});
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect(headers).not.toHaveProperty('cache-control');
      expect(headers).not.toHaveProperty('expires');
      expect(headers).not.toHaveProperty('surrogate-key');
    }
  });

  it('counts down with the age of the answer', async () => {
    const { site, clock } = await siteOf({ emitCacheControl: true });

    expect(left(await site.get('/')).byMaxAge).toBe(60);
    for (const seconds of [0, 20, 59]) {
      clock.advance(seconds * 1_000 - (clock.monotonic() - start(clock)));
      const hit = await site.get('/');
      expect([hit.isHit, left(hit)]).toEqual([true, { byMaxAge: 60 - seconds, byExpires: 60 - seconds }]);
    }
  });

  it('says to each kind of cache what it was told to, also in a 304', async () => {
    const { site } = await siteOf(
      { emitCacheControl: { browser: 5, shared: true, targets: { 'CDN-Cache-Control': '30s' } } },
      (app) => app.get('/', (_req, res) => void res.set('ETag', '"1"').send('page')),
    );
    const replies = [await site.get('/'), await site.get('/'), await site.get('/', { 'if-none-match': '"1"' })];

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 304]);
    for (const { headers } of replies) {
      expect(headers['cache-control']).toBe('max-age=5, s-maxage=60');
      expect(headers['cdn-cache-control']).toBe('max-age=30');
    }
  });

  it.each<[string, Record<string, string>]>([
    ['Cache-Control', { 'Cache-Control': 'max-age=7' }],
    ['Expires', { Expires: 'Thu, 01 Jan 2099 00:00:00 GMT' }],
  ])('leaves alone what the handler says by %s', async (_what, fields) => {
    const { site } = await siteOf({ emitCacheControl: true }, (app) =>
      app.get('/', (_req, res) => void res.set(fields).send('a')),
    );
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect([headers['cache-control'], headers.expires]).toEqual([fields['Cache-Control'], fields['Expires']]);
    }
  });

  it('leaves alone what the handler says in writeHead', async () => {
    const { site } = await siteOf({ emitCacheControl: true, vary: ['x-a'] }, (app) =>
      app.get('/', (_req, res) => void res.writeHead(200, { 'cache-control': 'max-age=7', vary: 'x-b' }).end('a')),
    );
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect(headers['cache-control']).toBe('max-age=7');
      expect(headers.vary).toMatch(/x-b.*x-a/);
    }
  });

  it('leaves alone what middleware in front says of one answer', async () => {
    const { site } = await siteOf({ emitCacheControl: true }, undefined, (app) =>
      app.use((req, res, next) => {
        if (req.headers['x-front'] !== undefined) res.set('Cache-Control', 'max-age=1');
        next();
      }),
    );
    await site.get('/');
    expect((await site.get('/', { 'x-front': '1' })).headers).toMatchObject({ 'cache-control': 'max-age=1', age: '0' });
  });

  it.each<[string, (app: Express) => unknown]>([
    ['is not stored', (app) => app.get('/', (_req, res) => void res.cookie('a', '1').send('a'))],
    ['read who is asking', (app) => app.get('/', (req, res) => void res.send(req.headers.cookie))],
    [
      'is a stream, of which is not known yet whether it may be',
      (app) =>
        app.get('/', (_req, res) => {
          res.write('a');
          res.end('b');
        }),
    ],
  ])('says nothing of a response that %s', async (_what, mount) => {
    const { site } = await siteOf({ emitCacheControl: true, emitTags: { 'Surrogate-Key': true }, tags: ['a'] }, mount);
    const { headers } = await site.get('/', { cookie: 'a=1' });
    expect(headers).not.toHaveProperty('cache-control');
    expect(headers).not.toHaveProperty('expires');
    expect(headers).not.toHaveProperty('surrogate-key');
  });

  it('keeps shared caches out where a session’s cookie may go along, on a miss and on a hit', async () => {
    const { site } = await siteOf(
      {
        emitCacheControl: { browser: true, shared: true, targets: { 'CDN-Cache-Control': true } },
        emitTags: { 'Cache-Tag': true },
        tags: ['a'],
      },
      undefined,
      (app) => app.use(session({ secret: 's', resave: false, saveUninitialized: true, rolling: true })),
    );
    for (let i = 0; i < 3; i++) {
      const { headers } = await site.get('/');
      expect(headers['set-cookie']).toHaveLength(1);
      expect(headers['cache-control']).toBe('private, max-age=60');
      expect(headers).not.toHaveProperty('cdn-cache-control');
      expect(headers).not.toHaveProperty('cache-tag');
    }
  });

  it.each([
    [1],
    ['yes'],
    [{ browser: -1 }],
    [{ other: 1 }],
    [{ shared: 'x' }],
    [{ targets: { Expires: 1 } }],
    [{ targets: [] }],
  ])('refuses %j', (emitCacheControl) => {
    expect(() => cachePage({ ttl: 60, emitCacheControl: emitCacheControl as never })).toThrow(ConfigError);
  });

  /** When the first answer was made. */
  function start(clock: FakeClock): number {
    return (clock as FakeClock & { [madeAt]?: number })[madeAt] ?? 0;
  }
  const madeAt = Symbol('made');

  async function siteOf(
    options: Partial<CachePageOptions>,
    mount: (app: Express) => unknown = () => {},
    front: (app: Express) => unknown = () => {},
  ) {
    const clock = new FakeClock();
    const cache = makeCache({ clock });
    const app = express();
    front(app);
    app.use(cachePage({ ttl: 60, cache, ...options }));
    mount(app);
    app.use((_req, res) => {
      Object.assign(clock, { [madeAt]: clock.monotonic() });
      res.send('page');
    });
    return { site: await serve(app), cache, clock };
  }
});

describe.each(expresses)('emitTags on %s', (_version, express) => {
  const emitTags = { 'Surrogate-Key': true, 'Cache-Tag': true, 'Cache-Groups': true } as const;

  it('names the tags of a response in each field that was asked for, on a miss as on a hit', async () => {
    const { site } = await siteOf({ emitTags }, ['city#7', 'Map of "x"']);
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect(new Set(String(headers['surrogate-key']).split(' '))).toEqual(
        new Set(['city#7', 'city!bulk', 'city!ins', ...purgeKeys('Surrogate-Key', 'Map of "x"').slice(0, 1)]),
      );
      expect(String(headers['cache-tag'])).toMatch(/^t[0-9a-z]{14}(?:,t[0-9a-z]{14}){3}$/);
      expect(parseList(String(headers['cache-groups'])).map(([group]) => group)).toContain('Map of "x"');
    }
  });

  it('keeps within its limits for each field, by coarser tags', async () => {
    const tags = Array.from({ length: 60 }, (_, i) => `city#${i}`);
    const { site } = await siteOf({ emitTags: { 'Surrogate-Key': true, 'Cache-Groups': { maxTags: 64 } } }, tags);
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect(headers['surrogate-key']).toBe('city');
      expect(parseList(String(headers['cache-groups']))).toHaveLength(62);
    }
  });

  it('adds nothing to what the handler says itself, and no field that was not asked for', async () => {
    const { site } = await siteOf({ emitTags: { 'Surrogate-Key': true, 'Cache-Tag': false } }, ['a'], {
      'Surrogate-Key': 'own',
    });
    for (let i = 0; i < 2; i++) {
      const { headers } = await site.get('/');
      expect([headers['surrogate-key'], headers['cache-tag']]).toEqual(['own', undefined]);
    }
  });

  it.each([
    [{ 'X-Key': true }],
    ['Surrogate-Key'],
    [{ 'Surrogate-Key': 'on' }],
    [{ 'Surrogate-Key': { maxBytes: 10 } }],
    [{ 'Surrogate-Key': { maxTags: 0 } }],
    [{ 'Surrogate-Key': { max: 1 } }],
  ])('refuses %j', (given) => {
    expect(() => cachePage({ ttl: 60, emitTags: given as never })).toThrow(ConfigError);
  });

  async function siteOf(options: Partial<CachePageOptions>, tags: string[], fields: Record<string, string> = {}) {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache(), ...options }));
    app.get('/', (_req, res) => {
      view().dependsOn(...tags);
      res.set(fields).send('page');
    });
    return { site: await serve(app) };
  }
});

describe.each(expresses)('an answer that an invalidation has overtaken, on %s', (_version, express) => {
  it.each<[string, Partial<CachePageOptions>, Record<string, string>]>([
    ['says nothing of lifetimes', {}, {}],
    ['is told a lifetime', { emitCacheControl: { browser: true, targets: { 'CDN-Cache-Control': true } } }, {}],
    [
      'says one itself',
      {},
      { 'Cache-Control': 'public, max-age=600', Expires: 'x', 'CDN-Cache-Control': 'max-age=600' },
    ],
  ])('leaves with no-store for all who get it, where it %s', async (_what, options, fields) => {
    const [reading, written] = [countdown(2), gate()];
    const cache = makeCache();
    const app = express();
    app.use(
      (_req, _res, next) => {
        next();
        reading.count();
      },
      cachePage({ ttl: 60, cache, tags: ['city'], ...options }),
    );
    let runs = 0;
    app.get('/', async (_req, res) => {
      runs++;
      if (runs === 1) await written.passed;
      res.set(fields).send(`run ${runs}`);
    });
    const site = await serve(app);
    const both = [site.get('/'), site.get('/')];
    await reading.passed;
    await cache.invalidate({ tags: 'city' });
    written.open();
    const [first, second] = [await both[0], await both[1]].sort((a, b) => ((a?.text ?? '') < (b?.text ?? '') ? -1 : 1));

    expect(first?.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(first?.headers).not.toHaveProperty('expires');
    expect(first?.headers).not.toHaveProperty('cdn-cache-control');
    // Who waited runs anew, and its answer may be kept.
    expect([second?.text, second?.headers['cache-control'] === 'no-store']).toEqual(['run 2', false]);
    expect((await site.get('/')).isHit).toBe(true);
  });

  it('leaves with no-store also for a field given to writeHead, whose object stays as it is', async () => {
    const cache = makeCache();
    const app = express();
    const fields = { 'cache-control': 'max-age=600' };
    app.use(cachePage({ ttl: 60, cache, tags: ['city'] }));
    app.get('/', async (_req, res) => {
      await cache.invalidate({ tags: 'city' });
      res.writeHead(200, fields).end('a');
    });
    const site = await serve(app);

    expect((await site.get('/')).headers['cache-control']).toBe('no-store');
    expect(fields).toEqual({ 'cache-control': 'max-age=600' });
  });

  it('leaves with no-store also for who has waited since before it was made', async () => {
    const [came, secondRuns] = [countdown(3), gate()];
    const ends = [gate(), gate()];
    const cache = makeCache();
    const app = express();
    app.use(
      (_req, _res, next) => {
        next();
        came.count();
      },
      cachePage({ ttl: 60, cache, tags: ['city'] }),
    );
    let runs = 0;
    app.get('/', async (_req, res) => {
      const end = ends[runs++];
      if (runs === 2) secondRuns.open();
      await end?.passed;
      res.set('Cache-Control', 'max-age=600').send(`run ${runs}`);
    });
    const site = await serve(app);
    const asked = [site.get('/'), site.get('/'), site.get('/')];
    await came.passed;
    await cache.invalidate({ tags: 'city' });
    ends[0]?.open();
    await secondRuns.passed;
    await cache.invalidate({ tags: 'city' });
    ends[1]?.open();
    const replies = await Promise.all(asked);

    expect(runs).toBe(2);
    expect(replies.map(({ headers }) => headers['cache-control'])).toEqual(['no-store', 'no-store', 'no-store']);
    expect(replies.filter(({ headers }) => headers['cache-status']?.includes('collapsed'))).toHaveLength(1);
  });
});

describe.each(expresses)('a stale answer on %s', (_version, express) => {
  it.each<[string, Partial<CachePageOptions>]>([
    ['made new behind it', { staleWhileRevalidate: '1h' }],
    ['in place of an error', { staleIfError: '1h' }],
  ])('%s is kept by no shared cache, whatever the handler said', async (_what, options) => {
    const clock = new FakeClock();
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache({ clock }), emitCacheControl: true, ...options }));
    let isFailing = false;
    app.get('/', (_req, res) => {
      res.set({ 'Cache-Control': 'public, s-maxage=600', 'CDN-Cache-Control': 'max-age=600' });
      res.status(isFailing ? 500 : 200).send('a');
    });
    const site = await serve(app);
    await site.get('/');
    clock.advance(61_000);
    isFailing = true;
    const { status, headers } = await site.get('/');

    expect([status, headers['cache-control'], headers.age]).toEqual([200, 'public, s-maxage=0', '61']);
    expect(headers).not.toHaveProperty('cdn-cache-control');
  });
});

describe.each(expresses)('an answer before any middleware, on %s', (_version, express) => {
  it('tells caches further out as much as one behind it, and leaves alone what middleware in front says', async () => {
    for (const front of [{ 'X-Front': '1' }, { 'Cache-Control': 'max-age=9' }]) {
      const app = express();
      const passed: string[] = [];
      app.use((req, res, next) => {
        passed.push(req.url);
        res.set(front);
        next();
      });
      const clock = new FakeClock();
      const options = { emitCacheControl: true, emitTags: { 'Surrogate-Key': true }, tags: ['city'] } as const;
      app.use(cachePage({ ttl: 60, cache: makeCache({ clock }), beforeMiddleware: true, ...options }));
      app.get('/', (_req, res) => void res.send('page'));
      const server = createServer(app as never).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const site = new Site(server);
      for (let i = 0; i < 3; i++) await site.get('/');
      clock.advance(10_000);
      const before = passed.length;
      const early = await site.get('/');
      await site.close();

      expect([early.isHit, passed.length]).toEqual([true, before]);
      const isOwn = 'Cache-Control' in front;
      expect(early.headers).toMatchObject(
        isOwn
          ? { 'cache-control': 'max-age=9' }
          : { 'cache-control': 'max-age=60', age: '10', 'surrogate-key': 'city' },
      );
    }
  });
});
