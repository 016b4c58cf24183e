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

/** Everything that was begun has had its turn on the loop. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

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

  it('asks for what visitors have found before what nobody has, of more than it asks for', async () => {
    const { clock, cache, ran, site } = await start();
    for (let i = 0; i < 1_000; i++) await site.get(`/cities/${i}`);
    for (let times = 0; times < 2; times++) for (const id of ['vienna', 'graz']) await site.get(`/cities/${id}`);
    ran.length = 0;
    const stored = next(cache, 'stored', 1_000);
    await cache.invalidate({ tags: 'cities' }, { rewarm: true });
    clock.advance('1s');
    await stored;
    expect([...ran.slice(0, 2)].sort()).toEqual(['graz undefined', 'vienna undefined']);
    expect(ran).toHaveLength(1_000);
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

describe('what is invalidated after it was made new', () => {
  /** Pages that write what they have read when they have answered, or before. */
  async function startWriting(isSoon = false) {
    const clock = new FakeClock();
    const cache = makeCache({ clock, rewarm: ['visits'] });
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const ranAt: number[] = [];
    const app = express();
    app.get(
      '/pages/:id',
      cachePage({ ttl: '1h', cache, tags: ({ params }) => [`visits#${params['id']}`] }),
      (req, res) => {
        ranAt.push(clock.monotonic());
        const { id } = req.params;
        // Of one another, by twos.
        const write = () => void cache.invalidate({ tags: `visits#${id === '2' ? 3 : id === '3' ? 2 : id}` });
        if (!isSoon) clock.after(50, write);
        else if (ranAt.length > 1) write();
        res.send(`page ${id}`);
      },
    );
    app.get('/other', cachePage({ ttl: '1h', cache }), (_req, res) => void res.send('other'));
    const site = await serve(createServer(app));
    // What asks again is loaded when it is first wanted.
    await site.get('/other');
    const stored = next(cache, 'stored', 1);
    await cache.invalidate({ url: '/other' }, { rewarm: true });
    clock.advance('1s');
    await stored;
    await settled();
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds * 20; i++) {
        clock.advance(50);
        await settled();
      }
    };
    return { clock, cache, warnings, ranAt, site, pass };
  }

  it.each([
    ['after it has answered', false],
    ['before it has answered', true],
  ])('by itself, %s, waits for twice as long each time, and its route is told of once', async (_when, isSoon) => {
    const { cache, warnings, ranAt, site, pass } = await startWriting(isSoon);
    for (let i = 0; i < 2; i++) await site.get('/pages/1');
    if (isSoon) await cache.invalidate({ tags: 'visits#1' });
    await pass(70);
    expect(ranAt).toHaveLength(7);
    const waits = ranAt.slice(1).map((at, i) => at - (ranAt[i] as number));
    for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(1_000 * 2 ** i);
    expect(warnings).toEqual([
      'rewarm: /pages/:id was invalidated again after each of 4 times that it was made new, and no visitor has asked for it meanwhile: it is made new later and later until one does; what is warmed may write what it reads',
    ]);
  });

  it('by another page, which it invalidates, too, is no other case; nor is who asks for something else', async () => {
    const { ranAt, site, pass } = await startWriting();
    await site.get('/pages/2');
    await site.get('/pages/3');
    for (let i = 0; i < 35; i++) {
      await pass(2);
      await site.get('/other');
    }
    expect(ranAt.length).toBeLessThanOrEqual(2 * 7);
  });

  it('is made new a second later, where a visitor has found it meanwhile', async () => {
    const { clock, cache, ran, site } = await start({ rewarm: ['cities'] });
    await site.get('/cities/1');
    for (let i = 0; i < 8; i++) {
      const stored = next(cache, 'stored', 1);
      await cache.invalidate({ tags: 'cities' });
      clock.advance('1s');
      await stored;
      expect(await site.get('/cities/1')).toMatchObject({ isHit: true });
    }
    expect(ran).toHaveLength(9);
  });

  it('is made new at last, though nobody asks for it', async () => {
    const { clock, cache, ran, site } = await start({ rewarm: ['cities'] });
    await site.get('/cities/1');
    for (const ms of [1_000, 2_000, 4_000]) {
      const stored = next(cache, 'stored', 1);
      await cache.invalidate({ tags: 'cities' });
      clock.advance(1_000);
      await settled();
      clock.advance(ms - 1_000);
      await stored;
      await settled();
    }
    expect(ran).toHaveLength(4);
    // Not where it is good yet.
    clock.advance('30m');
    await settled();
    expect(ran).toHaveLength(4);
  });

  it('is made new after everything was invalidated', async () => {
    const { clock, cache, ran, site } = await start();
    await site.get('/cities/1');
    const stored = next(cache, 'stored', 1);
    await cache.invalidate({ all: true }, { rewarm: true });
    clock.advance('1s');
    await stored;
    expect(ran).toHaveLength(2);
  });
});
