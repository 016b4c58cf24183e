import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCache, defaultCache } from '@viewcache/core';
import {
  expectBypass,
  expectHit,
  expectMiss,
  expectNotStored,
  expectStale,
  expectStored,
  type FreshCache,
  freshCache,
  pauseCache,
  resetCache,
} from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express from 'express';
import request from 'supertest';
import { app, cities } from './app.js';

let server: Server;
beforeAll(async () => {
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

const ask = (path = '/cities/7') => request(server).get(path);

describe('an app that names no cache, with a fresh one for each test', () => {
  let fresh: FreshCache;
  beforeEach(() => {
    fresh = freshCache();
    cities.set('7', 'Lisbon');
  });
  afterEach(() => fresh.end());

  // Twice the same: what the first stored, the second must not find.
  it.each(['one', 'another'])('%s test begins with nothing stored', async () => {
    expectStored(await ask(), { fwd: 'uri-miss' });
    expectHit(await ask(), { ttl: 300 });
    expect(fresh.cache.stats().hits).toBe(1);
  });

  it('has its views believe the test’s clock', async () => {
    await ask();
    fresh.clock.advance('299s');
    expectHit(await ask(), { ttl: 1 });
    fresh.clock.advance('1s');
    expectMiss(await ask(), { fwd: 'stale' });
  });

  it('has invalidations and failures shown', async () => {
    await ask();
    await fresh.cache.invalidate({ tags: 'cities#7' });
    cities.delete('7');
    expectStale(await ask(), { fwdStatus: 500 });
    await fresh.cache.purge({ tags: 'cities#7' });
    expectNotStored(await ask());
    expectNotStored(await ask('/cart'));
  });

  it('is paused and goes on', async () => {
    await ask();
    const resume = pauseCache();
    for (let i = 0; i < 2; i++) expectBypass(await ask(), { fwd: 'bypass' });
    resume();
    expectHit(await ask());
  });

  it('hears of unsafe requests while it is paused', async () => {
    const own = express();
    own.use(cachePage(300));
    own.all('/cities/7', (_req, res) => void res.send('city'));
    const other = own.listen(0, '127.0.0.1');
    await once(other, 'listening');
    await request(other).get('/cities/7');
    const resume = pauseCache();
    await request(other).put('/cities/7');
    resume();
    expectMiss(await request(other).get('/cities/7'), { fwd: 'stale' });
    other.close();
  });
});

describe('resetCache', () => {
  it('is as good as a new cache to the views that use it', async () => {
    const own = createCache();
    const other = express()
      .use(cachePage({ ttl: 300, cache: own }))
      .get('/cart', (_req, res) => void res.set('Cache-Control', 'private').send('cart'))
      .get('/by', (_req, res) => void res.vary('accept-language').send('by'))
      .listen(0, '127.0.0.1');
    await once(other, 'listening');
    for (let i = 0; i < 2; i++) {
      expectNotStored(await request(other).get('/cart'), { fwd: 'uri-miss' });
      expectStored(await request(other).get('/by'), { fwd: 'uri-miss' });
      expect(own.explain('/cart').refusals).toHaveLength(1);
      await resetCache(own);
      expect(own.explain('/cart').refusals).toEqual([]);
    }
    other.close();
  });

  it('empties the default cache', async () => {
    await ask();
    expectHit(await ask());
    await resetCache();
    expectMiss(await ask());
    expect(defaultCache().stats().hits).toBe(0);
  });
});
