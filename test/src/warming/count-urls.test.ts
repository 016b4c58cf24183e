import { describe, expect, it } from '@jest/globals';
import { countUrls } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe('counting the URLs that are asked for', () => {
  it('says what to warm a new cache with', async () => {
    const origin = 'http://www.example.com';
    const start = async () => {
      const cache = makeCache();
      const app = express();
      app.use(cachePage({ ttl: '1h', cache, vary: ['accept-language'] }), async (req, res) => {
        await cache.getOrSet('value of nobody', () => 1, '1h');
        res.send(req.url);
      });
      return { cache, app, site: await serve(app) };
    };
    const before = await start();
    const asked = countUrls(before.cache);
    const visits = ['/c', '/a', '/b?x=1', '/b?x=1', '/a', '/a', `/${'x'.repeat(3_000)}`];
    for (const path of visits) await before.site.get(path, { host: 'www.example.com' });
    await before.site.get('/evil', { host: 'evil.example' });
    expect(asked.top(2)).toEqual([`${origin}/a`, `${origin}/b?x=1`]);
    asked.stop();
    await before.site.get('/c', { host: 'www.example.com' });
    expect(asked.top(9)).toEqual([`${origin}/a`, `${origin}/b?x=1`, `${origin}/c`, 'http://evil.example/evil']);

    const after = await start();
    const result = await after.cache.warm(asked.top(9), { origin, server: after.app });
    expect(result).toMatchObject({ stored: 3, skipped: 1 });
    expect(await after.site.get('/b?x=1', { host: 'www.example.com' })).toMatchObject({ isHit: true });
  });

  it('refuses what is no cache', () => {
    expect(() => countUrls(undefined as never)).toThrow(/^countUrls\.cache: undefined .* countUrls\(cache\)/);
  });
});
