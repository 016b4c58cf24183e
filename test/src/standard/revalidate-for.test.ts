import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage, conditional } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { standardSite } from './site.js';
import { versioned } from './versioned.js';

closeAfterEach();

describe('revalidateFor', () => {
  it.each<[Partial<CachePageOptions>, number, boolean]>([
    [{}, 60_000 + 3_600_000 - 1, true],
    [{}, 60_000 + 3_600_000, false],
    [{ revalidateFor: 0 }, 60_000, false],
    [{ revalidateFor: '1m' }, 119_999, true],
    [{ revalidateFor: '1m' }, 120_000, false],
    [{ ttl: 60 }, 60_000, false],
    [{ ttl: 60, revalidateFor: '1m' }, 119_999, true],
  ])('%j: after %i ms the handler is asked: %p', async (options, ms, isAsked) => {
    const { state, handler } = versioned();
    const { site, clock } = await standardSite(handler, options);
    await site.get('/');

    clock.advance(ms);
    await site.get('/');

    expect(state.asked[1]).toBe(isAsked ? '"v1"' : undefined);
  });

  it('keeps nothing that has no validator of its handler’s', async () => {
    const { site, clock, cache } = await standardSite(
      (_req, res) => void res.set('Cache-Control', 'max-age=60').end('page'),
    );
    await site.get('/');
    expect(cache.stats().entries).toBe(1);

    clock.advance(61_000);

    expect(cache.stats().entries).toBe(0);
  });

  it('conditional() spares its handler all of the work', async () => {
    let pages = 0;
    const version = conditional({ etag: async () => 'v1' });
    const { site, clock } = await standardSite((req, res, next) => {
      version(req, res, (error) => {
        if (error !== undefined) return next(error);
        pages++;
        res.set('Cache-Control', 'max-age=60').send('page');
      });
    });

    const texts = [];
    for (let turn = 0; turn < 4; turn++) {
      texts.push((await site.get('/')).text);
      clock.advance(60_000);
    }

    expect([texts, pages]).toEqual([Array(4).fill('page'), 1]);
  });

  it('a handler that answers a 304 nobody asked for is passed on, and nothing is made of it', async () => {
    const { site } = await standardSite((_req, res) => void res.status(304).set('Cache-Control', 'max-age=60').end());

    expect((await site.get('/')).status).toBe(304);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('what a handler writes along with its 304 is none of the stored body', async () => {
    const { site, clock } = await standardSite((req, res) => {
      res.set({ 'Cache-Control': 'max-age=60', ETag: '"v1"' });
      if (req.headers['if-none-match'] === undefined) return void res.end('page');
      res.status(304).write('junk');
      res.end('more');
    });
    await site.get('/');
    clock.advance(60_000);

    const texts = [(await site.get('/')).text, (await site.get('/')).text];

    expect(texts).toEqual(['page', 'page']);
  });

  it('shows the visitor’s own conditions again to what runs after the answer', async () => {
    const seen: unknown[] = [];
    const { handler } = versioned();
    const { site, clock } = await standardSite((req, res, next) => {
      res.on('finish', () => seen.push(req.headers['if-none-match']));
      handler(req, res, next);
    });
    await site.get('/');
    clock.advance(60_000);
    await site.get('/', { 'if-none-match': '"mine"' });
    clock.advance(60_000);
    await site.get('/');

    expect(seen).toEqual([undefined, '"mine"', undefined]);
  });

  it('what middleware in front has set stays with its own visitor', async () => {
    const { handler } = versioned();
    let visit = 0;
    const clock = new FakeClock();
    const app = express();
    app.use((_req, res, next) => {
      visit++;
      res.set({ 'X-Visit': String(visit), Vary: 'Origin' });
      res.cookie('visit', visit);
      next();
    });
    app.use(cachePage({ ttl: 'origin', cache: makeCache({ clock }) }), handler);
    const site = await serve(app);

    await site.get('/');
    clock.advance(60_000);
    const validated = await site.get('/');
    const hit = await site.get('/');

    expect([validated.text, hit.text, hit.isHit]).toEqual(['page 1', 'page 1', true]);
    expect([validated.headers['x-visit'], hit.headers['x-visit']]).toEqual(['2', '3']);
    expect([validated.headers['set-cookie'], hit.headers['set-cookie']]).toEqual([
      ['visit=2; Path=/'],
      ['visit=3; Path=/'],
    ]);
    expect(validated.headers.vary).toBe('Origin');
  });
});
