import { describe, expect, it, jest } from '@jest/globals';
import { view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { optionsSite } from './options-site.js';

closeAfterEach();

describe.each(expresses)('options of cachePage, on %s', (version, express) => {
  const siteWith = optionsSite(express);

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

  describe('functions that fail', () => {
    const fail = (): never => {
      throw new Error('no tenant');
    };
    const wrong = (value: unknown) => () => value as never;

    it.each<[what: string, options: Partial<CachePageOptions>, message: RegExp]>([
      ['a key that throws', { key: fail }, /^cachePage\.key threw Error: no tenant, the cache was bypassed$/],
      [
        'a key of another kind',
        { key: wrong({}) },
        /^cachePage\.key returned an object, the cache was bypassed; return a string/,
      ],
      [
        'a key that is no number',
        { key: wrong(Number('x')) },
        /^cachePage\.key returned NaN, the cache was bypassed; return/,
      ],
      ['a key without end', { key: wrong(1 / 0) }, /^cachePage\.key returned Infinity, the cache was bypassed; return/],
      ['a key that is null', { key: wrong(null) }, /^cachePage\.key returned null, the cache was bypassed; return/],
      ['a when that throws', { when: fail }, /^cachePage\.when threw Error: no tenant, the cache was bypassed$/],
      [
        'a when that forgets to return',
        { when: wrong(undefined) },
        /^cachePage\.when returned undefined rather than true or false/,
      ],
      ['a when that is truthy', { when: wrong('yes') }, /^cachePage\.when returned a string rather than true or false/],
      ['a storeIf that throws', { storeIf: fail }, /^cachePage\.storeIf threw Error: no tenant, nothing was stored$/],
      [
        'a storeIf of another kind',
        { storeIf: wrong(1) },
        /^cachePage\.storeIf returned a number rather than true or false/,
      ],
      ['tags that throw', { tags: fail }, /^cachePage\.tags threw Error: no tenant, nothing was stored$/],
      [
        'tags promised',
        { tags: wrong(Promise.resolve(['a'])) },
        /^cachePage\.tags returned a promise, nothing was stored$/,
      ],
      [
        'one tag alone',
        { tags: wrong('city') },
        /^cachePage\.tags returned a string rather than a list, nothing was stored$/,
      ],
      [
        'tags that cannot be',
        { tags: () => [''] },
        /^cachePage\.tags returned a list of what cannot be tags, nothing was stored$/,
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
        expect(printed).toEqual([expect.stringContaining(`cachePage.${option} threw Error: ${why}, `)]);
      },
    );

    it.each(['key', 'when', 'storeIf', 'tags'])(
      '%s: the warning names the route, so that each is told',
      async (option) => {
        const cache = makeCache();
        const warnings: string[] = [];
        cache.on((event) => event.type === 'warning' && warnings.push(event.message));
        const app = express();
        const router = express.Router();
        const options = { ttl: 60, cache, [option]: fail };
        for (const path of ['/towns/:id', '/:id'])
          router.get(path, cachePage(options), (_req, res) => void res.send('page'));
        app.use('/cities', router);
        const site = await serve(app);

        for (const path of ['/cities/1', '/cities/2', '/cities/towns/1']) await site.get(path);

        const of = (route: string) =>
          expect.stringMatching(`^cachePage\\.${option} on GET ${route} threw Error: no tenant, `);
        expect([...new Set(warnings)]).toEqual([of('/cities/:id'), of('/cities/towns/:id')]);
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
});
