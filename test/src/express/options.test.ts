import { describe, expect, it, jest } from '@jest/globals';
import { type CacheEvent, view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { countdown } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('options of cachePage, on %s', (version, express) => {
  async function siteWith(options: Partial<CachePageOptions>, handler?: RequestHandler) {
    let calls = 0;
    const cache = options.cache ?? makeCache();
    const events: CacheEvent[] = [];
    cache.on((event) => events.push(event));
    const app = express();
    app.use(express.json());
    const count: RequestHandler = (_req, _res, next) => {
      calls++;
      next();
    };
    app.use(cachePage({ ttl: 60, ...options, cache }), count);
    app.use(handler ?? ((_req, res) => void res.send(`${calls}`)));
    const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    return { site: await serve(app), cache, warnings, calls: () => calls };
  }

  describe('ttl', () => {
    it('counts from when the response was made', async () => {
      const clock = new FakeClock();
      const { site } = await siteWith({ ttl: '10s', cache: makeCache({ clock }) });

      await site.get('/');
      clock.advance(9_000);
      const last = await site.get('/');
      clock.advance(1_000);
      const next = await site.get('/');

      expect([last.text, last.headers.age, last.headers['cache-status']]).toEqual(['1', '9', 'viewcache; hit; ttl=1']);
      expect([next.text, next.isHit]).toEqual(['2', false]);
    });

    it('wins over max-age and Expires of the response', async () => {
      const clock = new FakeClock();
      const { site } = await siteWith({ ttl: 60, cache: makeCache({ clock }) }, (_req, res) => {
        res.set({ 'Cache-Control': 'max-age=5', Expires: 'Thu, 01 Jan 2026 12:00:05 GMT' }).send('page');
      });

      await site.get('/');
      clock.advance(30_000);

      expect((await site.get('/')).isHit).toBe(true);
    });

    it('0 stores nothing, and still lets the handler answer', async () => {
      const { site, calls } = await siteWith({ ttl: 0 });

      await site.get('/');
      await site.get('/');

      expect(calls()).toBe(2);
    });

    it("'forever' stores what has a tag, and nothing else", async () => {
      const clock = new FakeClock();
      const { site, cache } = await siteWith({ ttl: 'forever', cache: makeCache({ clock }) }, (req, res) => {
        if (req.path === '/tagged') view().dependsOn('cities');
        res.send('page');
      });

      for (const path of ['/tagged', '/bare']) await site.get(path);
      clock.advance(50 * 365 * 86_400_000);

      expect((await site.get('/tagged')).isHit).toBe(true);
      expect((await site.get('/bare')).isHit).toBe(false);
      await cache.invalidate({ tags: 'cities' });
      expect((await site.get('/tagged')).isHit).toBe(false);
    });

    it("'origin' stores what the response itself permits, for as long", async () => {
      const clock = new FakeClock();
      const { site } = await siteWith({ ttl: 'origin', cache: makeCache({ clock }) }, (req, res) => {
        if (req.path === '/stated') res.set('Cache-Control', 's-maxage=5, max-age=60');
        res.send('page');
      });

      for (const path of ['/stated', '/silent']) await site.get(path);
      clock.advance(4_999);
      expect((await site.get('/stated')).isHit).toBe(true);
      expect((await site.get('/silent')).isHit).toBe(false);
      clock.advance(1);
      expect((await site.get('/stated')).isHit).toBe(false);
    });

    it('of view() wins over the option', async () => {
      const clock = new FakeClock();
      const { site } = await siteWith({ ttl: '1h', cache: makeCache({ clock }) }, (_req, res) => {
        view().ttl('1s');
        res.send('page');
      });

      await site.get('/');
      clock.advance(1_000);

      expect((await site.get('/')).isHit).toBe(false);
    });
  });

  describe('key', () => {
    it('adds to the URL what it returns, text or number', async () => {
      const { site } = await siteWith({ key: (req) => Number(req.get('x-tenant')) }, (req, res) => {
        res.send(`${req.get('x-tenant')} ${req.path}`);
      });

      const texts = [];
      for (const [path, tenant] of [
        ['/a', '1'],
        ['/a', '2'],
        ['/b', '1'],
        ['/a', '1'],
      ] as const) {
        texts.push((await site.get(path, { 'x-tenant': tenant })).text);
      }

      expect(texts).toEqual(['1 /a', '2 /a', '1 /b', '1 /a']);
    });

    it('is what invalidate({ key }) and invalidate({ keys }) name', async () => {
      const { site, cache } = await siteWith({ key: (req) => `user:${req.get('x-user')}` });
      const ask = async (user: string) => (await site.get('/', { 'x-user': user })).isHit;
      for (const user of ['1', '2']) await ask(user);

      await cache.invalidate({ key: 'user:1' });
      expect([await ask('1'), await ask('2')]).toEqual([false, true]);
      await cache.invalidate({ keys: 'user:*' });
      expect([await ask('1'), await ask('2')]).toEqual([false, false]);
    });

    it.each<[string, NonNullable<CachePageOptions['key']>]>([
      [
        'throws',
        () => {
          throw new Error('no tenant');
        },
      ],
      ['returns an object', () => ({}) as never],
      ['returns a promise', (async () => 'a') as never],
    ])('that %s lets the request past the cache, with a warning', async (_what, key) => {
      const { site, calls, warnings } = await siteWith({ key });

      const replies = [await site.get('/'), await site.get('/')];

      expect(replies.map(({ status, text }) => [status, text])).toEqual([
        [200, '1'],
        [200, '2'],
      ]);
      expect(replies[0]?.headers['cache-status']).toBe('viewcache; fwd=bypass');
      expect(calls()).toBe(2);
      expect(warnings()[0]).toMatch(/^key /);
    });

    it('cannot make one key of two: what it returns is kept apart from the URL', async () => {
      const { site } = await siteWith({ key: (req) => req.get('x-key') }, (req, res) => {
        res.send(`${req.url} ${req.get('x-key')}`);
      });

      const asked = [
        ['/a', 'b'],
        ['/ab', ''],
        ['/a?b', ''],
        ['/a', '?b'],
      ] as const;
      for (const [path, key] of [...asked, ...asked]) {
        expect((await site.get(path, { 'x-key': key })).text).toBe(`${path} ${key}`);
      }
    });
  });

  it('keyPrefix keeps two views of one URL apart, and is a namespace to invalidate', async () => {
    const cache = makeCache();
    const old = await siteWith({ cache, keyPrefix: 'v1' });
    const { site } = await siteWith({ cache, keyPrefix: 'v2' });
    const host = 'a.example';
    await old.site.get('/', { host });
    expect((await site.get('/', { host })).isHit).toBe(false);

    await cache.invalidate({ namespace: 'v1' });

    expect((await old.site.get('/', { host })).isHit).toBe(false);
    expect((await site.get('/', { host })).isHit).toBe(true);
  });

  describe('vary', () => {
    it('has a stored response for each value; absent is not empty; Vary says so', async () => {
      const { site } = await siteWith({ vary: ['X-Currency'] }, (req, res) => {
        res.send(`in ${req.get('x-currency') ?? 'none'}`);
      });

      const texts = [];
      for (const currency of ['eur', undefined, '', 'eur', undefined, '']) {
        const reply = await site.get('/', currency === undefined ? {} : { 'x-currency': currency });
        texts.push(reply.text);
        expect(reply.headers.vary).toMatch(/x-currency/i);
      }

      expect(texts).toEqual(['in eur', 'in none', 'in ', 'in eur', 'in none', 'in ']);
    });

    it('covers what it names: a cookie may be read then', async () => {
      const { site, calls } = await siteWith({ vary: ['cookie'] }, (req, res) => {
        res.send(`for ${req.headers.cookie}`);
      });

      const texts = [];
      for (const cookie of ['alice', 'bob', 'alice', 'bob']) texts.push((await site.get('/', { cookie })).text);

      expect(texts).toEqual(['for alice', 'for bob', 'for alice', 'for bob']);
      expect(calls()).toBe(2);
    });

    it('of Authorization lets requests with it be stored, each apart (RFC 9111 §3.5)', async () => {
      const { site, calls } = await siteWith({ vary: ['authorization'] }, (req, res) => {
        res.send(`for ${req.headers.authorization}`);
      });

      const texts = [];
      for (const authorization of ['a', 'b', 'a', 'b']) texts.push((await site.get('/', { authorization })).text);

      expect(texts).toEqual(['for a', 'for b', 'for a', 'for b']);
      expect(calls()).toBe(2);
    });

    it('keeps no more variants of a URL than maxVariants says', async () => {
      const { site, cache } = await siteWith({ vary: ['x-any'], cache: makeCache({ maxVariants: 3 }) });

      for (let value = 0; value < 10; value++) await site.get('/', { 'x-any': String(value) });

      expect(cache.stats().entries).toBe(3);
      expect((await site.get('/', { 'x-any': '9' })).isHit).toBe(true);
      expect((await site.get('/', { 'x-any': '0' })).isHit).toBe(false);
    });
  });

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

  describe('when', () => {
    it('false lets the request past: nothing is looked up, nothing stored', async () => {
      const { site, calls } = await siteWith({ when: (req) => req.query['preview'] === undefined });
      await site.get('/');

      const preview = await site.get('/?preview=1');
      const again = await site.get('/?preview=1');
      const hit = await site.get('/');

      expect([preview.text, again.text, hit.text]).toEqual(['2', '3', '1']);
      expect(preview.headers['cache-status']).toBe('viewcache; fwd=bypass');
      expect(calls()).toBe(3);
    });

    it('may read who is asking without keeping others from being served', async () => {
      const { site } = await siteWith({ when: (req) => req.headers.cookie === undefined });

      const texts = [];
      for (const headers of [{}, { cookie: 'admin' }, {}, { cookie: 'admin' }]) {
        texts.push((await site.get('/', headers)).text);
      }

      expect(texts).toEqual(['1', '2', '1', '3']);
    });

    it('that throws, or returns anything but true, lets the request past', async () => {
      const throwing = await siteWith({
        when: () => {
          throw new Error('cannot say');
        },
      });
      const promising = await siteWith({ when: (async () => true) as never });

      for (const { site } of [throwing, promising]) {
        expect((await site.get('/')).status).toBe(200);
        expect((await site.get('/')).isHit).toBe(false);
      }
      expect(throwing.warnings()[0]).toMatch(/^when threw/);
    });
  });

  describe('storeIf', () => {
    it('sees status, fields and body, and decides', async () => {
      const seen: unknown[] = [];
      const { site } = await siteWith(
        {
          statuses: [200, 203],
          storeIf: ({ status, headers, body }) => {
            seen.push([status, headers[headers.indexOf('X-Page') + 1], body.toString()]);
            return body.length > 0;
          },
        },
        (req, res) =>
          void res
            .status(203)
            .set('X-Page', 'yes')
            .end(req.path === '/empty' ? '' : 'page'),
      );

      for (const path of ['/empty', '/full']) await site.get(path);

      expect(seen).toEqual([
        [203, 'yes', ''],
        [203, 'yes', 'page'],
      ]);
      expect((await site.get('/empty')).isHit).toBe(false);
      expect((await site.get('/full')).isHit).toBe(true);
    });

    it('that throws keeps the response from being stored, with a warning', async () => {
      const { site, warnings, cache } = await siteWith({
        storeIf: () => {
          throw new Error('cannot say');
        },
      });

      expect((await site.get('/')).text).toBe('1');
      expect((await site.get('/')).text).toBe('2');
      expect(cache.stats().refused).toEqual({ 'store-if': 2 });
      expect(warnings()[0]).toMatch(/^storeIf threw/);
    });
  });

  describe('functions that fail', () => {
    const fail = (): never => {
      throw new Error('no tenant');
    };
    const wrong = (value: unknown) => () => value as never;

    it.each<[what: string, options: Partial<CachePageOptions>, message: RegExp]>([
      ['a key that throws', { key: fail }, /^key threw Error: no tenant, the cache was bypassed$/],
      ['a key of another kind', { key: wrong({}) }, /^key returned an object, the cache was bypassed; return a string/],
      ['a when that throws', { when: fail }, /^when threw Error: no tenant, the cache was bypassed$/],
      [
        'a when that forgets to return',
        { when: wrong(undefined) },
        /^when returned undefined rather than true or false/,
      ],
      ['a when that is truthy', { when: wrong('yes') }, /^when returned a string rather than true or false/],
      ['a storeIf that throws', { storeIf: fail }, /^storeIf threw Error: no tenant, nothing was stored$/],
      ['a storeIf of another kind', { storeIf: wrong(1) }, /^storeIf returned a number rather than true or false/],
      ['tags that throw', { tags: fail }, /^tags threw Error: no tenant, nothing was stored$/],
      ['tags promised', { tags: wrong(Promise.resolve(['a'])) }, /^tags returned a promise, nothing was stored$/],
      ['one tag alone', { tags: wrong('city') }, /^tags returned a string rather than a list, nothing was stored$/],
      [
        'tags that cannot be',
        { tags: () => [''] },
        /^tags returned a list of what cannot be tags, nothing was stored$/,
      ],
    ])('%s: its visitors are answered, and each time an event says so', async (_what, options, message) => {
      const { site, warnings } = await siteWith(options);

      for (const path of ['/', '/', '/other']) expect((await site.get(path)).status).toBe(200);

      expect(warnings().length).toBeGreaterThanOrEqual(3);
      for (const warning of warnings()) expect(warning).toMatch(message);
    });

    it.each(['key', 'when', 'storeIf', 'tags'])(
      '%s: the process is warned once, though nobody listens',
      async (option) => {
        const printed: string[] = [];
        const spy = jest.spyOn(process, 'emitWarning').mockImplementation((text) => void printed.push(String(text)));
        const why = `no tenant for ${option} on ${version}`;
        const app = express();
        const options = {
          [option]: () => {
            throw new Error(why);
          },
        };
        app.use(cachePage({ ttl: 60, cache: makeCache(), ...options }), (_req, res) => void res.send('page'));
        const site = await serve(app);

        for (const path of ['/', '/', '/other']) await site.get(path);

        spy.mockRestore();
        expect(printed).toEqual([expect.stringContaining(`${option} threw Error: ${why}, `)]);
      },
    );

    it('a when or a storeIf that says false has not failed', async () => {
      const { site, warnings } = await siteWith({ storeIf: () => false });
      const bypassed = await siteWith({ when: () => false });

      await site.get('/');
      await bypassed.site.get('/');

      expect([...warnings(), ...bypassed.warnings()]).toEqual([]);
    });
  });

  it('statuses replaces the default: what it names is stored, and nothing else', async () => {
    const { site } = await siteWith({ statuses: [404, 410] }, (req, res) => {
      res.status(Number(req.path.slice(1))).send('x');
    });
    const statuses = [200, 404, 410, 500];

    for (const status of statuses) await site.get(`/${status}`);
    const replies = [];
    for (const status of statuses) replies.push(await site.get(`/${status}`));

    expect(replies.map(({ status, isHit }) => [status, isHit])).toEqual([
      [200, false],
      [404, true],
      [410, true],
      [500, false],
    ]);
  });

  describe('methods', () => {
    const search: RequestHandler = (req, res) => void res.json({ found: req.body, by: req.method });
    const ask = { method: 'POST', headers: { 'content-type': 'application/json' } };

    it('POST with a key is cached by it', async () => {
      const { site, calls } = await siteWith({ methods: ['POST'], key: (req) => JSON.stringify(req.body) }, search);

      const texts = [];
      for (const body of ['{"q":"a"}', '{"q":"b"}', '{"q":"a"}', '{"q":"b"}']) {
        texts.push((await site.ask('/', { ...ask, body })).text);
      }

      expect(texts.slice(0, 2)).toEqual(['{"found":{"q":"a"},"by":"POST"}', '{"found":{"q":"b"},"by":"POST"}']);
      expect(texts.slice(2)).toEqual(texts.slice(0, 2));
      expect(calls()).toBe(2);
    });

    it('POST and GET of one URL and one key stay apart', async () => {
      const { site } = await siteWith({ methods: ['GET', 'POST'], key: () => 'same' }, search);

      await site.ask('/', { ...ask, body: '{}' });
      const get = await site.get('/');
      const post = await site.ask('/', { ...ask, body: '{}' });

      expect([JSON.parse(get.text).by, JSON.parse(post.text).by]).toEqual(['GET', 'POST']);
      expect([get.isHit, post.isHit]).toEqual([false, true]);
    });

    it('POST whose key is undefined goes past the cache: nothing covers its body', async () => {
      const { site, calls } = await siteWith({ methods: ['POST'], key: () => undefined }, search);

      const texts = [];
      for (const body of ['{"q":"a"}', '{"q":"b"}']) texts.push((await site.ask('/', { ...ask, body })).text);

      expect(texts).toEqual(['{"found":{"q":"a"},"by":"POST"}', '{"found":{"q":"b"},"by":"POST"}']);
      expect(calls()).toBe(2);
    });

    it('that are cached invalidate nothing; others still do', async () => {
      const { site } = await siteWith({
        methods: ['GET', 'HEAD', 'POST'],
        key: (req) => JSON.stringify(req.body ?? ''),
      });
      await site.get('/');

      await site.ask('/', { ...ask, body: '{}' });
      expect((await site.get('/')).isHit).toBe(true);
      await site.ask('/', { ...ask, method: 'PUT', body: '{}' });
      expect((await site.get('/')).isHit).toBe(false);
    });

    it('without HEAD: HEAD goes to the handler', async () => {
      const { site, calls } = await siteWith({ methods: ['GET'] });
      await site.get('/');

      await site.ask('/', { method: 'HEAD' });

      expect(calls()).toBe(2);
    });
  });

  it('maxBodyBytes: a body of that length is stored, one of a byte more is not', async () => {
    const { site } = await siteWith({ maxBodyBytes: '1kb' }, (req, res) => {
      res.end('x'.repeat(Number(req.path.slice(1))));
    });

    for (const length of [1_024, 1_025]) await site.get(`/${length}`);

    expect((await site.get('/1024')).isHit).toBe(true);
    const large = await site.get('/1025');
    expect(large.isHit).toBe(false);
    expect(large.body).toHaveLength(1_025);
  });

  describe('stripCookies', () => {
    const setting = (names: readonly string[]): RequestHandler => {
      let count = 0;
      return (_req, res) => {
        count++;
        for (const name of names) res.append('Set-Cookie', `${name}=${count}; Path=/`);
        res.send('page');
      };
    };

    it('leaves the named ones out of what is stored; their own visitor gets them', async () => {
      const { site, calls } = await siteWith({ stripCookies: ['_seen', '_lang'] }, setting(['_seen', '_lang']));

      const miss = await site.get('/');
      const hit = await site.get('/');

      expect(miss.headers['set-cookie']).toEqual(['_seen=1; Path=/', '_lang=1; Path=/']);
      expect([hit.isHit, hit.headers['set-cookie'], calls()]).toEqual([true, undefined, 1]);
    });

    it.each([[['sid']], [['_seen', 'sid']], [['_seen2']]])('is no help against %j', async (names) => {
      const { site, calls } = await siteWith({ stripCookies: ['_seen'] }, setting(names));

      await site.get('/');
      const second = await site.get('/');

      expect(second.headers['set-cookie']).toHaveLength(names.length);
      expect(calls()).toBe(2);
    });
  });

  describe('storeCookies', () => {
    const setting: RequestHandler = (req, res) => {
      res.append('Set-Cookie', 'lang=de; Path=/');
      for (const name of Object.keys(req.query)) res.append('Set-Cookie', `${name}=1`);
      res.send('page');
    };

    it('gives the named ones to everybody, each as its line was', async () => {
      const { site, calls } = await siteWith({ storeCookies: ['lang'] }, setting);

      await site.get('/');
      const hit = await site.get('/');

      expect([hit.isHit, hit.headers['set-cookie'], calls()]).toEqual([true, ['lang=de; Path=/'], 1]);
    });

    it('with stripCookies, the others are left out', async () => {
      const { site } = await siteWith({ storeCookies: ['lang'], stripCookies: ['_seen'] }, setting);

      expect((await site.get('/?_seen')).headers['set-cookie']).toHaveLength(2);
      const hit = await site.get('/?_seen');

      expect([hit.isHit, hit.headers['set-cookie']]).toEqual([true, ['lang=de; Path=/']]);
    });

    it.each(['sid', 'Lang', 'lang2'])('is no help against %s', async (name) => {
      const { site } = await siteWith({ storeCookies: ['lang'] }, setting);

      await site.get(`/?${name}`);

      expect((await site.get(`/?${name}`)).isHit).toBe(false);
    });
  });

  describe('statuses with a ttl for each', () => {
    it('keeps each status for its own time, and no other status at all', async () => {
      const clock = new FakeClock();
      const statuses = { 200: '5m', 404: '10s' };
      const { site } = await siteWith({ ttl: '1h', statuses, cache: makeCache({ clock }) }, (req, res) => {
        res.status(Number(req.path.slice(1))).send('page');
      });
      const areHits = async () =>
        await Promise.all(['/200', '/404', '/410'].map(async (path) => (await site.get(path)).isHit));

      await areHits();
      clock.advance(9_999);
      expect(await areHits()).toEqual([true, true, false]);
      clock.advance(1);
      expect(await areHits()).toEqual([true, false, false]);
      clock.advance(290_000);
      expect(await areHits()).toEqual([false, false, false]);
    });

    it('is overruled by view().ttl()', async () => {
      const clock = new FakeClock();
      const { site } = await siteWith(
        { ttl: '1h', statuses: { 200: 10 }, cache: makeCache({ clock }) },
        (_req, res) => {
          view().ttl(60);
          res.send('page');
        },
      );

      await site.get('/');
      clock.advance(59_999);

      expect((await site.get('/')).isHit).toBe(true);
    });
  });

  describe('ignoreQuery', () => {
    it('by default leaves campaign parameters out of the key', async () => {
      const { site, calls } = await siteWith({});

      for (const query of ['?q=a', '?utm_source=mail&q=a', '?q=a&gclid=1&fbclid=2', '?utm_anything=x&q=a']) {
        expect((await site.get(`/${query}`)).text).toBe('1');
      }
      expect(calls()).toBe(1);
    });

    it('replaces that list', async () => {
      const { site } = await siteWith({ ignoreQuery: ['ref', 'x_*'] });
      await site.get('/?q=a');

      expect((await site.get('/?q=a&ref=b&x_y=1')).isHit).toBe(true);
      expect((await site.get('/?q=a&utm_source=mail')).isHit).toBe(false);
      expect((await site.get('/?q=a&reference=b')).isHit).toBe(false);
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
