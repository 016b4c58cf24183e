import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import type { RequestHandler } from 'express';
import { Keyv } from 'keyv';
import { closeAfterEach } from '../support/site.js';
import { standardSite } from './site.js';

closeAfterEach();

const HEAD = { method: 'HEAD' };

/** A page with a version, and fields that say how often its handler has run. */
function counted(change: (run: number) => Record<string, string> = () => ({})) {
  let run = 0;
  const handler: RequestHandler = (_req, res) => {
    run++;
    const fields = { 'Cache-Control': `max-age=${60 * run}`, ETag: '"v1"', 'X-Run': String(run), ...change(run) };
    res.set(fields).send('page');
  };
  return { handler, runs: () => run };
}

describe.each([
  ['memory', () => undefined],
  ['a Keyv', () => new Keyv()],
])('HEAD of what is stale (RFC 9111 §4.3.5), over %s', (_store, store) => {
  it('freshens the stored GET where the validators are the same', async () => {
    const { handler, runs } = counted();
    const { site, clock } = await standardSite(handler, {}, store());
    await site.get('/');
    clock.advance(60_000);

    const head = await site.ask('/', HEAD);
    clock.advance(119_999);
    const hit = await site.get('/');
    clock.advance(1);

    expect([head.status, head.text, head.headers['x-run'], head.isStored]).toEqual([200, '', '2', true]);
    expect([hit.isHit, hit.text, hit.headers['x-run'], runs()]).toEqual([true, 'page', '2', 2]);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ['another entity tag', { ETag: '"v2"' }],
    ['another length', { 'Content-Length': '5' }],
    ['no-store', { 'Cache-Control': 'no-store' }],
    ['private', { 'Cache-Control': 'private, max-age=60' }],
    ['a cookie', { 'Set-Cookie': 'sid=1' }],
  ])('freshens nothing with %s', async (_what, fields) => {
    let run = 0;
    const { site, clock } = await standardSite(
      (req, res) => {
        run++;
        res.set({ 'Cache-Control': 'max-age=60', ETag: '"v1"', ...(req.method === 'HEAD' ? fields : {}) }).end('page');
      },
      {},
      store(),
    );
    await site.get('/');
    clock.advance(60_000);

    const head = await site.ask('/', HEAD);

    expect([head.status, head.isStored]).toEqual([200, false]);
    expect((await site.get('/')).isHit).toBe(false);
    expect(run).toBe(3);
  });

  it('freshens nothing that was invalidated', async () => {
    const { handler } = counted();
    const { site, clock, cache } = await standardSite(
      (req, res, next) => {
        view().dependsOn('cities');
        handler(req, res, next);
      },
      {},
      store(),
    );
    await site.get('/');
    clock.advance(60_000);
    await cache.invalidate({ tags: 'cities' });

    await site.ask('/', HEAD);

    expect((await site.get('/')).isHit).toBe(false);
  });

  it('leaves a response that depends on what both runs have read', async () => {
    const { handler } = counted();
    const { site, clock, cache } = await standardSite(
      (req, res, next) => {
        view().dependsOn(req.method === 'HEAD' ? 'versions' : 'cities');
        handler(req, res, next);
      },
      {},
      store(),
    );

    for (const tag of ['cities', 'versions']) {
      await site.get('/');
      clock.advance(3_600_000);
      await site.ask('/', HEAD);
      expect((await site.get('/')).isHit).toBe(true);
      await cache.invalidate({ tags: tag });
      expect((await site.get('/')).isHit).toBe(false);
    }
  });
});

describe('HEAD in the standard profile', () => {
  it('fills nothing by itself', async () => {
    const { handler, runs } = counted();
    const { site } = await standardSite(handler);

    const head = await site.ask('/', HEAD);
    const get = await site.get('/');

    expect([head.status, head.headers.etag, head.isStored]).toEqual([200, '"v1"', false]);
    expect([get.isHit, runs()]).toEqual([false, 2]);
  });

  it.each<[Record<string, string>, number]>([
    [{ 'if-none-match': '"v1"' }, 304],
    [{ 'if-match': '"v0"' }, 412],
    [{ 'if-none-match': '"v0"' }, 200],
  ])('answers %j with %i, whether something is stored or not', async (headers, status) => {
    const { handler } = counted();
    const { site, clock } = await standardSite(handler);

    expect((await site.ask('/', { method: 'HEAD', headers })).status).toBe(status);
    await site.get('/');
    expect((await site.ask('/', { method: 'HEAD', headers })).status).toBe(status);
    clock.advance(120_000);
    expect((await site.ask('/', { method: 'HEAD', headers })).status).toBe(status);
  });

  it('that tells of another version ends the use of the old one where the handler fails', async () => {
    let isDown = false;
    const { handler } = counted((run) => (run === 2 ? { ETag: '"v2"' } : {}));
    const { site, clock } = await standardSite(
      (req, res, next) => {
        if (isDown) res.status(503).end('down');
        else handler(req, res, next);
      },
      { staleIfError: '1d' },
    );
    await site.get('/');
    clock.advance(60_000);
    await site.ask('/', HEAD);
    isDown = true;

    expect((await site.get('/')).status).toBe(503);
  });
});
