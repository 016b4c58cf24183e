import { describe, expect, it } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import { closeAfterEach, makeCache, type Site, serve } from '../support/site.js';

closeAfterEach();

const tenants = (count: number, first = 0): string[] => Array.from({ length: count }, (_, at) => `t${first + at}`);
const show: RequestHandler = (req, res) => void res.send(`for ${req.get('x-tenant')}`);

async function siteWith(handler: RequestHandler = show, options: Partial<CachePageOptions> = {}) {
  const clock = new FakeClock();
  const cache = makeCache({ clock });
  const heard: CacheEvent[] = [];
  cache.on((event) => heard.push(event));
  const app = express();
  app.use(cachePage({ ttl: '1h', cache, cacheStatus: 'full', ...options }));
  app.get('/:page', handler);
  return { site: await serve(app), clock, heard };
}

async function hits(site: Site, values: readonly string[], path = '/a', field = 'x-tenant'): Promise<number> {
  let count = 0;
  for (const value of values) {
    const reply = await site.get(path, { [field]: value });
    expect(reply.text).toBe(`for ${value}`);
    if (reply.isHit) count++;
  }
  return count;
}

describe('a field that nobody has named, and a handler reads', () => {
  it('has at most eight values for each URL: with all of them in use, no more are stored', async () => {
    const { site } = await siteWith();
    await hits(site, tenants(8));
    expect(await hits(site, tenants(8))).toBe(8);

    expect(await hits(site, ['late', 'late'])).toBe(0);
    expect(await hits(site, tenants(8))).toBe(8);
    expect(await hits(site, ['late', 'late'], '/b')).toBe(1);
  });

  it('that was stored for a value and answered nobody, gives its place up', async () => {
    const { site, heard } = await siteWith();
    await hits(site, tenants(8));
    expect(await hits(site, tenants(7))).toBe(7);

    expect(await hits(site, ['late', 'late'])).toBe(1);
    expect(await hits(site, tenants(7))).toBe(7);
    expect(heard.filter(({ type }) => type === 'removed')).toEqual([
      expect.objectContaining({ reason: 'variants', key: expect.stringContaining('t7') }),
    ]);
  });

  it('has places again when what was stored has expired', async () => {
    const { site, clock } = await siteWith();
    await hits(site, [...tenants(8), ...tenants(8)]);
    clock.advance(3_600_001);
    expect(await hits(site, ['late', 'late'])).toBe(1);
  });

  it('has no such bound where it is a small enumeration, or the policy names it', async () => {
    const language: RequestHandler = (req, res) => void res.send(`for ${req.get('accept-language')}`);
    const { site } = await siteWith(language);
    await hits(site, tenants(12), '/a', 'accept-language');
    expect(await hits(site, tenants(12), '/a', 'accept-language')).toBe(12);

    for (const options of [
      { vary: ['x-tenant'] },
      { inputs: { 'x-tenant': 'vary' } },
    ] satisfies Partial<CachePageOptions>[]) {
      const named = await siteWith(show, options);
      await hits(named.site, tenants(12));
      expect(await hits(named.site, tenants(12))).toBe(12);
    }
  });

  it('is one of four at most for each route', async () => {
    const { site } = await siteWith((req, res) => {
      const read = Number(req.query['read']);
      for (let at = 0; at < read; at++) req.get(`x-field-${at}`);
      res.send('page');
    });
    for (const [read, isStored] of [
      [4, true],
      [5, false],
      [3, true],
    ] as const) {
      await site.get(`/a?read=${read}`);
      expect([read, (await site.get(`/a?read=${read}`)).isHit]).toEqual([read, isStored]);
    }
  });

  it('keeps its route from being stored for 10 minutes, when it has too many values that bring nothing in', async () => {
    const { site, clock, heard } = await siteWith();
    await hits(site, tenants(8));
    await hits(site, tenants(8));
    await hits(site, tenants(56, 100));

    expect(await hits(site, ['x', 'x'], '/other')).toBe(0);
    expect(heard).toContainEqual(
      expect.objectContaining({ type: 'input', route: '/:page', input: 'header x-tenant', stored: false }),
    );
    clock.advance(10 * 60_000 - 1);
    expect(await hits(site, ['x', 'x'], '/other')).toBe(0);
    clock.advance(1);
    expect(await hits(site, ['x', 'x'], '/other')).toBe(1);
  });

  it('goes on while what was stored answers often enough', async () => {
    const { site } = await siteWith();
    await hits(site, tenants(8));
    for (let round = 0; round < 3; round++) await hits(site, tenants(8));
    await hits(site, tenants(56, 100));
    expect(await hits(site, ['x', 'x'], '/other')).toBe(1);
  });

  it('and has many values on one URL, keeps no other field’s pages from being stored', async () => {
    const { site } = await siteWith((req, res) => {
      const tenant = req.path === '/a' ? req.get('x-tenant') : req.get('accept-language');
      res.send(`for ${tenant}`);
    });
    await hits(site, tenants(8));
    await hits(site, tenants(8));
    await hits(site, tenants(60, 100));
    expect(await hits(site, ['fr', 'fr'], '/b', 'accept-language')).toBe(1);
  });
});
