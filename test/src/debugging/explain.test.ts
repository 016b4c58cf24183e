import { describe, expect, it } from '@jest/globals';
import { ConfigError, view } from '@viewcache/core';
import type { CachePageOptions } from '@viewcache/express';
import type { Express } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache } from '../support/site.js';
import { cachedSite } from './cached-site.js';

closeAfterEach();

describe.each(expresses)('cache.explain on %s', (_version, express) => {
  const siteOf = (options: Partial<CachePageOptions> = {}, mount?: (app: Express) => unknown) =>
    cachedSite(express, options, mount);

  it('tells of each variant what it answers to, for how long, and what invalidates it', async () => {
    const { site, cache, clock } = await siteOf({ vary: ['x-lang'] }, (app) =>
      app.get('/cities/:id', (req, res) => {
        view().dependsOn('map', `city#${req.params['id']}`);
        res.send('city');
      }),
    );
    await site.get('/cities/7?b=2&a=1&utm_source=x', { 'x-lang': 'de' });
    clock.advance(20_000);
    await site.get('/cities/7?a=1&b=2');

    const { targets, stored, refusals } = cache.explain('/cities/7?b=2&a=1&utm_source=y#top');

    expect(targets).toEqual(['/cities/7?a=1&b=2']);
    expect(refusals).toEqual([]);
    expect(stored).toHaveLength(2);
    const german = stored.find(({ selecting }) => selecting['x-lang'] === 'de');
    expect(german).toMatchObject({
      status: 200,
      route: '/cities/:id',
      state: 'fresh',
      age: 20,
      lifetime: 60,
      ttl: 40,
      tags: ['map', 'city#7'],
    });
    expect(german?.key).toContain(`GET ${site.url}/cities/7?a=1&b=2`);
    expect(stored.find(({ selecting }) => selecting['x-lang'] === null)?.age).toBe(0);
  });

  it('knows what was invalidated: by a tag, by its URL, by a key, by a namespace', async () => {
    const options = { keyPrefix: 'shop', key: () => 'de:1' };
    for (const target of [{ tags: 'all' }, { url: '/' }, { keys: 'de:*' }, { key: 'de:1' }, { namespace: 'shop' }]) {
      const { site, cache } = await siteOf({ ...options, tags: ['all'] });
      await site.get('/');
      expect(cache.explain('/').stored[0]?.state).toBe('fresh');
      await cache.invalidate(target);
      expect(cache.explain('/').stored[0]?.state).toBe('invalidated');
    }
  });

  it('tells hosts apart where one is named, and not otherwise', async () => {
    const { site, cache } = await siteOf();
    await site.get('/', { host: 'a.example' });
    await site.get('/', { host: 'b.example:8080' });

    expect(cache.explain('/').stored).toHaveLength(2);
    expect(cache.explain('http://A.example/').stored.map(({ key }) => key)).toEqual(['GET http://a.example/']);
    expect(cache.explain('https://b.example:8080/?utm_source=1').stored).toHaveLength(1);
  });

  it('remembers why answers were not stored, the last reason first', async () => {
    const { site, cache, clock } = await siteOf({ when: (req) => req.query['preview'] === undefined }, (app) =>
      app.get('/', (req, res) => void res.status(req.query['bad'] === undefined ? 200 : 500).send(req.headers.cookie)),
    );
    await site.get('/?bad=1');
    clock.advance(3_000);
    await site.get('/?bad=1', { cookie: 'x' });
    await site.get('/?preview=1&utm_source=x');

    const { refusals } = cache.explain('/?bad=1');
    expect(refusals.map(({ reason, detail, count, route }) => ({ reason, detail, count, route }))).toEqual([
      { reason: 'status', detail: undefined, count: 2, route: '/' },
    ]);
    expect(refusals[0]?.at).toBe(clock.now());
    expect(cache.explain('/?preview=1').refusals).toMatchObject([{ reason: 'when', count: 1 }]);
  });

  it('forgets the oldest targets, however many come and however long they are', async () => {
    const { site, cache } = await siteOf({ statuses: [201] });
    await site.get('/first');
    for (let i = 0; i < 100; i++) await site.get(`/${i}/${'x'.repeat(8_000)}`);

    expect(cache.explain('/first').refusals).toEqual([]);
    expect(cache.explain(`/99/${'x'.repeat(8_000)}`).refusals).toMatchObject([{ reason: 'status' }]);
  });

  it.each([[''], ['cities'], ['ftp://a/'], [7], [undefined]])('refuses %j, which is no URL', (url) => {
    expect(() => makeCache().explain(url as string)).toThrow(ConfigError);
  });

  it('holds for the empty path of an absolute URL', () => {
    expect(makeCache().explain('http://a.example').targets).toEqual(['//a.example/']);
  });
});
