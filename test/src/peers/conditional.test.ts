import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

async function tagged(etag = '"v1"') {
  let calls = 0;
  const app = express();
  app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
    calls++;
    res.set({ ETag: etag, 'Last-Modified': 'Thu, 01 Jan 2026 10:00:00 GMT', 'X-Page': 'list' }).send('list');
  });
  return { site: await serve(app), calls: () => calls };
}

describe('If-None-Match, of which apicache knows one exact string (RFC 9110 §13.1.2)', () => {
  const matching = ['"v1"', 'W/"v1"', '"v0", "v1"', '"v0",W/"v1" , "v2"', '*', '"a,b", "v1"'];
  const other = ['"v2"', '"v10", "v11"', 'v1', '"*"', '"v1', ''];

  it.each(matching)('%s is answered with 304 from the cache', async (field) => {
    const { site, calls } = await tagged();
    await site.get('/');

    const reply = await site.get('/', { 'if-none-match': field });

    expect([reply.status, reply.text, reply.isHit]).toEqual([304, '', true]);
    expect(reply.headers.etag).toBe('"v1"');
    expect(calls()).toBe(1);
  });

  it.each(matching)('%s is answered with 304 on a cold key too, and fills it with the whole', async (field) => {
    const { site, calls } = await tagged();

    const cold = await site.get('/', { 'if-none-match': field });
    const next = await site.get('/');

    expect([cold.status, cold.text]).toEqual([304, '']);
    expect([next.status, next.text, next.isHit]).toEqual([200, 'list', true]);
    expect(calls()).toBe(1);
  });

  it.each(other)('%j does not match: the whole is sent', async (field) => {
    const { site } = await tagged();
    await site.get('/');

    const reply = await site.get('/', { 'if-none-match': field });

    expect([reply.status, reply.text, reply.isHit]).toEqual([200, 'list', true]);
  });

  it('lists given in two lines are one list', async () => {
    const { site } = await tagged();
    await site.get('/');

    const answer = await site.exchange(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nIf-None-Match: "v0"\r\nIf-None-Match: "v1"\r\nConnection: close\r\n\r\n`,
    );

    expect(answer.split('\r\n', 1)[0]).toBe('HTTP/1.1 304 Not Modified');
  });

  it.each(['cold', 'warm'])('a 304 states no Content-Length and no type, and has no body: %s', async (state) => {
    const { site } = await tagged();
    if (state === 'warm') await site.get('/');

    const answer = await site.exchange(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\nIf-None-Match: "v1"\r\nConnection: close\r\n\r\n`,
    );
    const [head = '', body] = answer.split('\r\n\r\n', 2);

    expect(head).toMatch(/^HTTP\/1\.1 304 /);
    expect(head).not.toMatch(/^(content-length|content-type|transfer-encoding):/im);
    expect(head).toMatch(/^etag: "v1"$/im);
    expect(body).toBe('');
  });

  it('wins over If-Modified-Since (RFC 9110 §13.1.3)', async () => {
    const { site } = await tagged();
    await site.get('/');
    const since = 'Thu, 01 Jan 2026 10:00:00 GMT';

    const changed = await site.get('/', { 'if-none-match': '"v2"', 'if-modified-since': since });
    const unchanged = await site.get('/', { 'if-modified-since': since });
    const older = await site.get('/', { 'if-modified-since': 'Thu, 01 Jan 2026 09:59:59 GMT' });

    expect([changed.status, unchanged.status, older.status]).toEqual([200, 304, 200]);
  });

  it("answers with the entity tag that Express makes of the handler's body", async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      calls++;
      res.json({ list: [1, 2, 3] });
    });
    const site = await serve(app);
    const { headers } = await site.get('/');

    const reply = await site.get('/', { 'if-none-match': headers.etag });

    expect(headers.etag).toMatch(/^W\//);
    expect([reply.status, calls]).toEqual([304, 1]);
  });
});
