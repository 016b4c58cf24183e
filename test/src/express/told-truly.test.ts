import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import request from 'supertest';

/** One host for all: supertest listens on another port each time. */
const get = (app: express.Express, url: string) => request(app).get(url).set('host', 'a.example');

describe('what is told of a response is so', () => {
  const url = process.env['CACHE_URL'];
  afterEach(() => {
    if (url === undefined) delete process.env['CACHE_URL'];
    else process.env['CACHE_URL'] = url;
  });

  it.each([
    ['storeIf says no', { storeIf: () => false }],
    ['the body is too large', { maxBodyBytes: 2 }],
  ])('Cache-Status claims no `stored` where %s', async (_what, options) => {
    const app = express().use(cachePage({ ttl: 60, cache: createCache(), ...options }));
    app.get('/', (_req, res) => void res.send('page'));
    expect((await get(app, '/')).headers['cache-status']).toBe('viewcache; fwd=uri-miss');
  });

  it('a nested view counts one miss, and one hit', async () => {
    const cache = createCache();
    const app = express().use(cachePage({ ttl: 60, cache }));
    app.get('/', cachePage({ ttl: 10, cache }), (_req, res) => void res.send('page'));
    await get(app, '/');
    await get(app, '/');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, hitRatio: 0.5 });
  });

  it('a page that is not found is counted under a route that can be read', async () => {
    const cache = createCache();
    await get(express().use(cachePage({ ttl: 60, cache })), '/nowhere');
    expect(Object.keys(cache.stats().routes)).toEqual(['(no route)']);
  });

  it('an invalidated URL is read as the view that stored it reads it', async () => {
    const cache = createCache();
    const app = express().use(cachePage({ ttl: 60, cache, ignoreQuery: ['session'] }));
    app.get('/', (_req, res) => void res.send('page'));
    await get(app, '/?session=1&utm_source=a');
    await cache.invalidate({ url: '/?utm_source=a&session=2' });
    expect((await get(app, '/?session=3&utm_source=a')).headers['cache-status']).toContain('fwd=stale');
  });

  it('a wrong CACHE_URL is an error where the route is made, and names CACHE_URL', () => {
    process.env['CACHE_URL'] = 'redish://host';
    expect(() => cachePage(60)).toThrow(ConfigError);
    expect(() => cachePage(60)).toThrow(/^CACHE_URL .*'redish:\/\/host'/);
  });
});
