import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { minute, standardSite } from './site.js';
import { EARLIER, LATER, OLD, page, tagged } from './tagged.js';

closeAfterEach();

/** What is asked, and the status and body that answer it. */
const cases: readonly (readonly [fields: Record<string, string>, status: number])[] = [
  [{ 'if-match': '"v1"' }, 200],
  [{ 'if-match': '"v0", "v1"' }, 200],
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': '"v0"' }, 412],
  [{ 'if-match': 'W/"v1"' }, 412],
  [{ 'if-unmodified-since': OLD }, 200],
  [{ 'if-unmodified-since': LATER }, 200],
  [{ 'if-unmodified-since': EARLIER }, 412],
  [{ 'if-unmodified-since': 'yesterday' }, 200],
  [{ 'if-none-match': '"v1"' }, 304],
  [{ 'if-none-match': 'W/"v1"' }, 304],
  [{ 'if-none-match': '"a", "b",W/"v1"' }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-none-match': '"v2"' }, 200],
  [{ 'if-modified-since': OLD }, 304],
  [{ 'if-modified-since': LATER }, 304],
  [{ 'if-modified-since': EARLIER }, 200],
  // The order of RFC 9110 §13.2.2.
  [{ 'if-match': '"v1"', 'if-unmodified-since': EARLIER }, 200],
  [{ 'if-match': '"v0"', 'if-none-match': '"v1"' }, 412],
  [{ 'if-match': '"v1"', 'if-none-match': '"v1"' }, 304],
  [{ 'if-none-match': '"v2"', 'if-modified-since': LATER }, 200],
];

describe('conditional requests (RFC 9110 §13.2)', () => {
  it.each(cases)('%j: %i, from the stored response', async (fields, status) => {
    const { site, calls } = await standardSite(tagged);
    await site.get('/');

    const reply = await site.get('/', fields);

    expect([reply.status, reply.text, calls()]).toEqual([status, status === 200 ? page : '', 1]);
  });

  it.each(cases)('%j: %i, on a cold key, which it fills with the whole', async (fields, status) => {
    const { site, calls } = await standardSite(tagged);

    const reply = await site.get('/', fields);
    const next = await site.get('/');

    expect([reply.status, reply.text]).toEqual([status, status === 200 ? page : '']);
    expect([next.status, next.text, next.isHit, calls()]).toEqual([200, page, true, 1]);
  });

  it.each(cases)('%j: HEAD is answered with the same status', async (fields, status) => {
    const { site } = await standardSite(tagged);
    await site.get('/');

    const reply = await site.ask('/', { method: 'HEAD', headers: fields });

    expect([reply.status, reply.isHit]).toEqual([status, true]);
  });

  it('a 304 has the fields that guide caches, and neither length nor type of what it does not send', async () => {
    const { site } = await standardSite((_req, res) => {
      res.set({
        ...minute,
        'CDN-Cache-Control': 'max-age=5',
        'Content-Location': '/list',
        ETag: '"v1"',
        'X-Page': 'a',
      });
      res.vary('Accept').send(page);
    });
    await site.get('/');

    const { headers } = await site.get('/', { 'if-none-match': '"v1"' });

    expect(headers).toMatchObject({
      'cache-control': 'max-age=60',
      'cdn-cache-control': 'max-age=5',
      'content-location': '/list',
      etag: '"v1"',
      vary: 'Accept',
      age: '0',
    });
    expect(headers.date).toBeDefined();
    for (const name of ['content-length', 'content-type', 'x-page', 'transfer-encoding'])
      expect(headers[name]).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['an object', { ...minute, ETag: '"v1"', 'Content-Type': 'text/plain' }],
    ['a list', ['Cache-Control', 'max-age=60', 'ETag', '"v1"', 'Content-Type', 'text/plain']],
  ])('a 304 on a cold key has those of them that writeHead was given, in %s', async (_what, fields) => {
    const { site } = await standardSite((_req, res) => void res.writeHead(200, fields as { ETag: string }).end(page));

    const { status, headers } = await site.get('/', { 'if-none-match': '"v1"' });

    expect([status, headers.etag, headers['cache-control'], headers['content-type']]).toEqual([
      304,
      '"v1"',
      'max-age=60',
      undefined,
    ]);
  });

  it.each([
    ['stored', true],
    ['cold', false],
  ])('a 412 on a %s key is kept by nobody else', async (_key, isStored) => {
    const { site } = await standardSite((_req, res) => {
      res.set({ ...minute, 'CDN-Cache-Control': 'max-age=5', ETag: '"v1"', Expires: LATER }).send(page);
    });
    if (isStored) await site.get('/');

    const { status, headers } = await site.get('/', { 'if-match': '"v0"' });

    expect([status, headers['cache-control']]).toEqual([412, 'no-store']);
    for (const name of ['cdn-cache-control', 'expires', 'etag', 'content-type']) expect(headers[name]).toBeUndefined();
  });

  it.each([
    ['"v0"', 412, ''],
    ['"v1"', 200, 'one two'],
  ])('If-Match: %s, where the body comes in pieces: %i', async (tag, status, text) => {
    const { site } = await standardSite(async (_req, res) => {
      res.set({ ...minute, ETag: '"v1"' }).write('one');
      await new Promise((resolve) => setImmediate(resolve));
      res.end(' two');
    });

    const cold = await site.get('/', { 'if-match': tag });
    const hit = await site.get('/');

    expect([cold.status, cold.text]).toEqual([status, text]);
    expect([hit.isHit, hit.text]).toEqual([true, 'one two']);
  });

  it.each([404, 301, 500])('%i: preconditions do not count (§13.2.1)', async (status) => {
    const { site } = await standardSite(
      (_req, res) =>
        void res
          .status(status)
          .set({ ...minute, ETag: '"v1"' })
          .end(),
    );
    const fields = { 'if-none-match': '"v1"', 'if-match': '"v0"' };

    expect((await site.get('/', fields)).status).toBe(status);
    expect((await site.get('/', fields)).status).toBe(status);
  });
});

describe('an entity tag where the handler sets none', () => {
  const bare: RequestHandler = (req, res) => void res.set(minute).end(`page ${req.path}`);

  it('is made once, weak, and is on the answer that is stored as well', async () => {
    const { site } = await standardSite(bare);

    const miss = await site.get('/a');
    const hit = await site.get('/a');
    const other = await site.get('/b');

    expect(miss.headers.etag).toMatch(/^W\/".+"$/);
    expect(hit.headers.etag).toBe(miss.headers.etag);
    expect(other.headers.etag).not.toBe(miss.headers.etag);
    expect((await site.get('/a', { 'if-none-match': miss.headers.etag })).status).toBe(304);
  });

  it('is that of the stored bytes where the body came in pieces', async () => {
    const { site } = await standardSite((_req, res) => {
      res.set(minute).write('page');
      res.end(' one');
    });

    const miss = await site.get('/');
    const hit = await site.get('/');

    expect(miss.headers.etag).toBeUndefined();
    expect((await site.get('/', { 'if-none-match': hit.headers.etag })).status).toBe(304);
  });

  it('spares the body of a client that has it, though what was stored is gone', async () => {
    const { site, clock, calls } = await standardSite(bare);
    const { headers } = await site.get('/');
    clock.advance(61_000);

    const reply = await site.get('/', { 'if-none-match': headers.etag });

    expect([reply.status, calls()]).toEqual([304, 2]);
  });

  it.each([
    ['weak', /^W\/"/],
    ['strong', /^"/],
    [false, undefined],
    [() => '"mine"', /^"mine"$/],
    [() => 'not quoted', undefined],
    [
      () => {
        throw new Error('no tag');
      },
      undefined,
    ],
  ])('follows the setting of the app: %p', async (setting, tag) => {
    const app = express();
    app.set('etag', setting);
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (_req, res) => void res.end('page'));
    const site = await serve(app);

    await site.get('/');
    const { isHit, headers } = await site.get('/');

    expect(isHit).toBe(true);
    if (tag === undefined) expect(headers.etag).toBeUndefined();
    else expect(headers.etag).toMatch(tag);
  });

  it('is the one that res.send would have made', async () => {
    const { site } = await standardSite((req, res) => {
      res.set(minute);
      if (req.path === '/send') res.send(Buffer.from(page));
      else res.end(page);
    });

    expect((await site.get('/end')).headers.etag).toBe((await site.get('/send')).headers.etag);
  });

  it.each([
    ['private="etag"', { 'Cache-Control': 'max-age=60, private="etag"', ETag: '"mine"' }],
    ['Connection', { 'Cache-Control': 'max-age=60', Connection: 'etag', ETag: '"mine"' }],
  ])('is not made, nor the handler’s kept, where %s keeps it to one visitor', async (_how, fields) => {
    const { site } = await standardSite((_req, res) => void res.set(fields).end(page));

    await site.get('/');
    const hit = await site.get('/');

    expect([hit.isHit, hit.headers.etag]).toEqual([true, undefined]);
    expect((await site.get('/', { 'if-none-match': '"mine"' })).status).toBe(200);
  });

  it.each([404, 301])('is not made for %i, which nobody could ask for on a condition', async (status) => {
    const { site } = await standardSite((_req, res) => void res.status(status).set(minute).end(page));

    await site.get('/');

    expect((await site.get('/')).headers.etag).toBeUndefined();
  });
});
