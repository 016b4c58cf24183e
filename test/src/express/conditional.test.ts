import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { type ConditionalOptions, cachePage, conditional } from '@viewcache/express';
import type { RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const CHANGED = new Date('2026-01-01T10:00:00.750Z');
const AT = 'Thu, 01 Jan 2026 10:00:00 GMT';
const BEFORE = 'Thu, 01 Jan 2026 09:59:59 GMT';

describe.each(expresses)('conditional(), on %s', (_version, express) => {
  async function siteWith(options: ConditionalOptions, handler: RequestHandler = (_req, res) => void res.send('page')) {
    let calls = 0;
    const app = express();
    app.use(conditional(options), (req, res, next) => {
      calls++;
      handler(req, res, next);
    });
    app.use(
      ((error, _req, res, _next) => void res.status(500).send(error.message)) as import('express').ErrorRequestHandler,
    );
    return { site: await serve(app), calls: () => calls };
  }
  const both: ConditionalOptions = { etag: async () => 'v1', lastModified: () => CHANGED };

  it.each<[Record<string, string>, number]>([
    [{ 'if-none-match': '"v1"' }, 304],
    [{ 'if-none-match': '"v0", W/"v1"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-modified-since': AT }, 304],
    [{ 'if-match': '"v0"' }, 412],
    [{ 'if-unmodified-since': BEFORE }, 412],
  ])('%j: %i, and the handler has nothing to do', async (headers, status) => {
    const { site, calls } = await siteWith(both);

    const reply = await site.get('/', headers);

    expect([reply.status, reply.text, calls()]).toEqual([status, '', 0]);
    if (status === 304) expect(reply.headers).toMatchObject({ etag: '"v1"', 'last-modified': AT });
    else expect(reply.headers['cache-control']).toBe('no-store');
  });

  it.each<Record<string, string>>([
    {},
    { 'if-none-match': '"v0"' },
    { 'if-none-match': '"v0"', 'if-modified-since': AT },
    { 'if-modified-since': BEFORE },
    { 'if-match': '"v1"' },
    { 'if-match': '*' },
    { 'if-unmodified-since': AT },
  ])('%j: the handler answers, and its response has the version', async (headers) => {
    const { site, calls } = await siteWith(both);

    const reply = await site.get('/', headers);

    expect([reply.status, reply.text, calls()]).toEqual([200, 'page', 1]);
    expect(reply.headers).toMatchObject({ etag: '"v1"', 'last-modified': AT });
  });

  it.each<[string, Record<string, string>, number]>([
    ['PUT', { 'if-match': '"v1"' }, 200],
    ['PUT', { 'if-match': '"v0"' }, 412],
    ['PUT', { 'if-match': 'W/"v1"' }, 412],
    ['PUT', { 'if-none-match': '*' }, 412],
    ['DELETE', { 'if-unmodified-since': BEFORE }, 412],
    ['HEAD', { 'if-none-match': '"v1"' }, 304],
  ])('%s with %j: %i', async (method, headers, status) => {
    const { site, calls } = await siteWith(both);

    expect((await site.ask('/', { method, headers })).status).toBe(status);
    expect(calls()).toBe(status === 200 ? 1 : 0);
  });

  it.each(['PUT', 'POST', 'PATCH', 'DELETE'])('says nothing of the version that a %s has changed', async (method) => {
    const { site } = await siteWith(both, (_req, res) => void res.end('changed'));

    const { headers } = await site.ask('/', { method, headers: { 'if-match': '"v1"' } });

    expect([headers.etag, headers['last-modified']]).toEqual([undefined, undefined]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['PUT', { 'if-match': '*' }, 412],
    ['PUT', { 'if-match': '"v1"' }, 412],
    ['PUT', { 'if-none-match': '*' }, 200],
    ['GET', { 'if-none-match': '*' }, 200],
  ])('of what does not exist, %s with %j: %i', async (method, headers, status) => {
    const { site } = await siteWith({ etag: () => undefined }, (_req, res) => void res.end());

    const reply = await site.ask('/', { method, headers });

    expect(reply.status).toBe(status);
  });

  it.each([
    ['W/"v1"', 'W/"v1"'],
    ['v1', '"v1"'],
    ['', '""'],
  ])('takes %j for the entity tag %s', async (etag, sent) => {
    const { site } = await siteWith({ etag: () => etag }, (_req, res) => void res.end('page'));

    expect((await site.get('/')).headers.etag).toBe(sent);
  });

  it('lets the handler set its own', async () => {
    const { site } = await siteWith(both, (_req, res) => void res.set('ETag', '"mine"').send('page'));

    expect((await site.get('/')).headers).toMatchObject({ etag: '"mine"', 'last-modified': AT });
  });

  it.each([301, 404, 500])('says nothing of a %i', async (status) => {
    const { site } = await siteWith(both, (_req, res) => void res.status(status).end('no page'));

    const { headers } = await site.get('/');

    expect([headers.etag, headers['last-modified']]).toEqual([undefined, undefined]);
  });

  it.each<[string, ConditionalOptions]>([
    [
      'throws',
      {
        etag: () => {
          throw new Error('away');
        },
      },
    ],
    [
      'rejects',
      {
        lastModified: async () => {
          throw new Error('away');
        },
      },
    ],
    ['returns what is no entity tag', { etag: () => 'a"b' }],
    ['returns one with a space', { etag: () => '"a b"' }],
    ['returns a number', { etag: () => 7 as never }],
    ['returns no date', { lastModified: () => new Date('never') }],
    ['returns a string for a date', { lastModified: () => AT as never }],
  ])('a function that %s is an error of the request', async (_how, options) => {
    const { site, calls } = await siteWith(options);

    expect([(await site.get('/')).status, calls()]).toEqual([500, 0]);
  });

  it('before a cached part answers without it', async () => {
    const app = express();
    app.use(conditional(both), cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (_req, res) => void res.send('page'));
    const site = await serve(app);

    const miss = await site.get('/');
    const hit = await site.get('/');
    const spared = await site.get('/', { 'if-none-match': '"v1"' });

    expect([miss.headers.etag, hit.headers.etag, hit.isHit]).toEqual(['"v1"', '"v1"', true]);
    expect([spared.status, spared.headers['cache-status']]).toEqual([304, undefined]);
  });

  it('inside a cached part lets the cache answer conditions from what it stores', async () => {
    let asked = 0;
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }), conditional({ etag: () => `v${++asked}` }));
    app.get('/', (_req, res) => void res.send('page'));
    const site = await serve(app);

    await site.get('/');
    const reply = await site.get('/', { 'if-none-match': '"v1"' });

    expect([reply.status, reply.isHit, asked]).toEqual([304, true, 1]);
  });
});

describe('bad input when the app starts: conditional', () => {
  it.each([[undefined], [{}], [{ etag: '"v1"' }], [{ etag: () => 'v', weak: true }], [null]])('%j', (options) => {
    expect(() => conditional(options as never)).toThrow(ConfigError);
  });
});
