import { describe, expect, it } from '@jest/globals';
import { type CacheOptions, view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express, { type Express } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

const asks = async (site: Site, times: number, path: (i: number) => string) => {
  for (let i = 0; i < times; i++) await site.get(path(i));
};

describe('advice on routes with few hits', () => {
  async function siteOf(
    mount: (app: Express) => unknown,
    page: Partial<CachePageOptions> = {},
    more: CacheOptions = {},
    make: () => Express = express,
  ) {
    const clock = new FakeClock();
    const cache = makeCache({ clock, ...more });
    const app = make();
    app.use(cachePage({ ttl: 60, cache, ...page }));
    mount(app);
    return { site: await serve(app), cache, clock };
  }
  const searching = (app: Express) => app.get('/search/:what', (_req, res) => void res.send('found'));

  it.each(expresses)('says that every key is new, and shows some, on %s', async (_version, make) => {
    const { site, cache } = await siteOf(searching, {}, {}, make);
    await asks(site, 120, (i) => `/search/cities?_=${i}`);
    await asks(site, 10, () => '/search/cities?_=7');

    const [finding, ...others] = cache.advise();

    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'few-hits',
      route: '/search/:what',
      reason: 'every-key-new',
      requests: 130,
      hitRatio: 10 / 130,
      share: 1,
      refusals: {},
      docs: 'docs/guides/reading-the-advice.md#every-key-new',
    });
    expect(finding).toHaveProperty('examples', [`GET ${site.url}/search/cities?_=<differs>`]);
    expect(finding?.message).toContain('/search/:what answers 8 % of 130 requests from the cache');
  });

  it('tells nobody what visitors have sent, by itself or when it is asked', async () => {
    const key: CachePageOptions['key'] = (req) => req.headers.authorization ?? 'nobody';
    const { site, cache } = await siteOf(searching, { key, vary: ['x-token'] });
    for (let i = 0; i < 120; i++) {
      const headers = { authorization: `Bearer SECRET${i}`, 'x-token': `SECRET${i}` };
      await site.get(`/search/cities?token=SECRET${i}`, headers);
    }

    const [finding] = cache.advise();

    expect(finding).toMatchObject({ reason: 'every-key-new', requests: 120 });
    expect(finding?.message).toContain('/search/cities?token=<differs>, key <differs>');
    expect(JSON.stringify(finding)).not.toContain('SECRET');
  });

  it('says nothing of what was never there, and of nothing in a path that it could leave out of a query', async () => {
    const { site, cache } = await siteOf(searching);
    await asks(site, 150, (i) => `/wp-admin/${i}`);
    await asks(site, 120, (i) => `/search/${i}`);

    const findings = cache.advise();

    expect(findings).toMatchObject([{ route: '/search/:what' }]);
    expect(findings[0]?.message).toContain('what the answer does not differ by (key)');
  });

  it('says why answers are not stored, the most frequent reason first', async () => {
    const { site, cache } = await siteOf((app) =>
      app.get('/home', (req, res) => {
        if (req.query['late'] === undefined) res.set('Set-Cookie', 'seen=1');
        else res.status(404);
        res.send('home');
      }),
    );
    await asks(site, 30, () => '/home?late=1');
    await asks(site, 90, () => '/home');

    const [finding] = cache.advise();

    expect(finding).toMatchObject({ kind: 'few-hits', route: '/home', reason: 'refused', requests: 120, share: 1 });
    expect(finding).toHaveProperty('refusals', { 'set-cookie': 90, status: 30 });
    expect(finding?.message).toContain('(set-cookie, 90 times)');
  });

  it.each([
    ['a tag', { tags: 'cities' }],
    ['its URL', { url: '/cities/1' }],
    ['everything', { all: true as const }],
  ])('says that what is stored is invalidated before it is asked for again, by %s', async (_by, target) => {
    const { site, cache } = await siteOf((app) =>
      app.get('/cities/:id', (_req, res) => {
        view().dependsOn('cities');
        res.send('city');
      }),
    );
    for (let i = 0; i < 120; i++) {
      await site.get('/cities/1');
      await cache.invalidate(target);
    }

    expect(cache.advise()).toMatchObject([
      {
        ...{ kind: 'few-hits', reason: 'invalidated-early', requests: 120, hitRatio: 0 },
        message: expect.stringContaining('name finer tags'),
      },
    ]);
  });

  it('says so where it is purged by its URL', async () => {
    const { site, cache } = await siteOf(searching);
    for (let i = 0; i < 120; i++) {
      await site.get('/search/cities');
      await cache.purge({ url: '/search/cities' });
    }

    expect(cache.advise()).toMatchObject([{ kind: 'few-hits', reason: 'invalidated-early' }]);
  });

  it('says that it is invalidated while it is made', async () => {
    const { site, cache } = await siteOf((app) =>
      app.get('/counter', async (_req, res) => {
        view().dependsOn('count');
        await cache.invalidate({ tags: 'count' });
        res.send('1');
      }),
    );
    await asks(site, 110, () => '/counter');

    expect(cache.advise()).toMatchObject([
      {
        ...{ reason: 'invalidated-early', share: 1 },
        message: expect.stringContaining('most often by what its own handler writes'),
      },
    ]);
  });

  it('says that the ttl ends before anybody asks again', async () => {
    const { site, cache, clock } = await siteOf(searching, { ttl: 1 });
    for (let i = 0; i < 120; i++) {
      await site.get(`/search/${i % 3}`);
      clock.advance('500ms');
    }

    expect(cache.advise()).toMatchObject([{ reason: 'expired-early', requests: 120 }]);
  });

  it('says that it leaves memory before anybody asks again, and that memory is full', async () => {
    const { site, cache } = await siteOf(searching, {}, { maxEntries: 4, policy: 'fifo' });
    await asks(site, 160, (i) => `/search/${i % 8}`);

    expect(cache.advise()).toMatchObject([
      { kind: 'few-hits', reason: 'evicted-early', requests: 160 },
      {
        kind: 'full-store',
        remedy: 'more-space',
        policy: 'fifo',
        entries: 4,
        evicted: 156,
        requests: 160,
        hitRatio: 0,
      },
    ]);
  });

  it('says nothing of a route that is answered often enough, however many keys it has', async () => {
    const { site, cache } = await siteOf(searching);
    await asks(site, 60, (i) => `/search/${i}`);
    await asks(site, 60, (i) => `/search/${i}`);

    expect(cache.advise()).toEqual([]);
  });

  it('says nothing of fewer than 100 requests', async () => {
    const { site, cache } = await siteOf(searching);
    await asks(site, 99, (i) => `/search/${i}`);
    expect(cache.advise()).toEqual([]);
    await site.get('/search/100');
    expect(cache.advise()).toHaveLength(1);
  });

  it('speaks of the last 30 to 60 minutes, and not of what was mended', async () => {
    const { site, cache, clock } = await siteOf(searching);
    await asks(site, 120, (i) => `/search/${i}`);
    clock.advance('31m');
    expect(cache.advise()).toMatchObject([{ reason: 'every-key-new', requests: 120, over: 31 * 60 }]);

    await asks(site, 120, () => '/search/one');
    clock.advance('31m');
    expect(cache.advise()).toEqual([]);
  });

  it('names the route by its pattern: as many URLs as come are one', async () => {
    const { site, cache } = await siteOf((app) => {
      searching(app);
      app.get('/late', (_req, res) => void res.set('Cache-Control', 'private').send('late'));
    });
    await asks(site, 150, (i) => `/search/${'x'.repeat(2_000)}${i}`);
    await asks(site, 110, () => '/late');

    const findings = cache.advise();

    expect(findings).toMatchObject([{ route: '/search/:what' }, { route: '/late', refusals: { private: 110 } }]);
    expect(JSON.stringify(findings).length).toBeLessThan(2_500);
  });
});
