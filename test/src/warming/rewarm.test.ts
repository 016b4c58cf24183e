import { describe, expect, it } from '@jest/globals';
import { type Cache, type CacheEvent, type CacheOptions, ConfigError, view } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

/** Resolves when so many events of a type have come. */
function next(cache: Cache, type: CacheEvent['type'], count: number): Promise<CacheEvent> {
  return new Promise((resolve) => {
    let left = count;
    const stop = cache.on((event) => {
      if (event.type !== type || --left > 0) return;
      stop();
      resolve(event);
    });
  });
}

async function start(options: CacheOptions = {}) {
  const clock = new FakeClock();
  const cache = makeCache({ clock, ...options });
  const ran: string[] = [];
  const app = express();
  app.use((req, _res, go) => {
    Object.assign(req, { tenant: req.get('x-tenant') });
    go();
  });
  app.get('/tenants', cachePage({ ttl: '1h', cache, key: (req) => req.get('x-tenant') ?? '' }), (req, res) => {
    ran.push(req.url);
    view().dependsOn('cities');
    res.send('for one tenant');
  });
  app.get('/mine', cachePage({ ttl: '1h', cache, vary: ['x-tenant'] }), (req, res) => {
    ran.push(req.url);
    view().dependsOn('cities');
    res.send(`for ${req.get('x-tenant')}`);
  });
  app.get('/other', cachePage({ ttl: '1h', cache }), (req, res) => {
    ran.push(req.url);
    res.send('of no city');
  });
  app.get('/cities/:id', cachePage({ ttl: '1h', cache, vary: ['accept-language'] }), (req, res) => {
    const language = req.get('accept-language');
    ran.push(`${req.params.id} ${language}`);
    view().dependsOn(`cities#${req.params.id}`, 'cities');
    res.send(`city in ${language}`);
  });
  const site = await serve(createServer(app));
  return { clock, cache, ran, site };
}

/** The cities in two languages, and what is none of them, or nobody's business. */
async function fill(site: Site): Promise<void> {
  for (const language of ['de', 'fr'])
    for (const id of [1, 2]) await site.get(`/cities/${id}`, { 'accept-language': language });
  await site.get('/cities/3');
  await site.get('/other');
  await site.get('/tenants', { 'x-tenant': 'a' });
  await site.get('/mine', { 'x-tenant': 'a' });
}

describe('invalidate with rewarm', () => {
  it('asks again for what it has dropped, each variant, and for nothing that is somebody’s own', async () => {
    const { clock, cache, ran, site } = await start();
    await fill(site);
    ran.length = 0;
    await cache.invalidate({ tags: 'cities' }, { rewarm: true });
    const stored = next(cache, 'stored', 5);
    clock.advance(999);
    expect(ran).toEqual([]);
    clock.advance(1);
    await stored;
    expect([...ran].sort()).toEqual(['1 de', '1 fr', '2 de', '2 fr', '3 undefined']);
    expect(await site.get('/cities/2', { 'accept-language': 'fr' })).toMatchObject({ isHit: true });
    expect(await site.get('/cities/3')).toMatchObject({ isHit: true });
    expect(await site.get('/tenants', { 'x-tenant': 'a' })).toMatchObject({ isHit: false });
  });

  it('takes a storm of invalidations for one, and does not wait for its end for ever', async () => {
    const { clock, cache, ran, site } = await start();
    await fill(site);
    ran.length = 0;
    const stored = next(cache, 'stored', 2);
    for (let i = 0; i < 19; i++) {
      await cache.invalidate({ tags: ['cities#1', 'nothing'] }, { rewarm: true });
      clock.advance(500);
    }
    expect(ran).toEqual([]);
    await cache.invalidate({ tags: 'cities#1' }, { rewarm: true });
    clock.advance(500);
    await stored;
    expect([...ran].sort()).toEqual(['1 de', '1 fr']);
  });

  it('leaves alone what a visitor has made new meanwhile, and what nobody asked to be', async () => {
    const { clock, cache, ran, site } = await start();
    await fill(site);
    ran.length = 0;
    await cache.invalidate({ tags: 'cities#2' });
    await cache.invalidate({ url: '/cities/1' }, { rewarm: true });
    await site.get('/cities/1', { 'accept-language': 'de' });
    const stored = next(cache, 'stored', 1);
    clock.advance('1s');
    await stored;
    expect(ran).toEqual(['1 de', '1 fr']);
  });

  it('warns where no server is known, and invalidates all the same', async () => {
    const clock = new FakeClock();
    const cache = makeCache({ clock });
    const app = express();
    app.get('/', cachePage({ ttl: '1h', cache, tags: () => ['a'] }), (_req, res) => void res.send('page'));
    const site = await serve(app);
    await site.get('/');
    await cache.invalidate({ tags: 'a' }, { rewarm: true });
    const warned = next(cache, 'warning', 1);
    clock.advance('1s');
    expect(await warned).toMatchObject({
      message:
        'rewarm: what was invalidated is not asked for again: no server of createServer() or of a Nest app is listening; serve the app by createServer(app), or say what to warm by cache.warmAfter(tags, urls, { origin, server })',
    });
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('refuses what is not true or false', async () => {
    await expect(makeCache().invalidate({ tags: 'a' }, { rewarm: 1 as never })).rejects.toThrow('invalidate.rewarm');
    expect(() => makeCache({ rewarm: 'cities' as never })).toThrow(ConfigError);
  });
});

describe('a cache with rewarm', () => {
  it('asks again for what writes have dropped, of the tags that it names, and their rows', async () => {
    const { clock, cache, ran, site } = await start({ rewarm: ['cities'] });
    await fill(site);
    ran.length = 0;
    const origin = { source: 'db', statement: 'UPDATE cities SET name = $1 WHERE id = 2' };
    const runtime = runtimeOf(cache);
    await runtime?.invalidateFrom({ tags: ['cities#2', 'users#7'] }, 'hard', origin, 0);
    const stored = next(cache, 'stored', 2);
    clock.advance('1s');
    await stored;
    expect([...ran].sort()).toEqual(['2 de', '2 fr']);
    await cache.invalidate({ tags: 'users' });
    await cache.close();
    clock.advance('1m');
    expect(ran).toHaveLength(2);
  });
});
