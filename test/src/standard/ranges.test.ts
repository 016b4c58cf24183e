import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import compression from 'compression';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { minute, standardSite } from './site.js';
import { EARLIER, LATER, OLD, page, tagged } from './tagged.js';

closeAfterEach();

describe('range requests (RFC 9110 §14)', () => {
  it.each<[Record<string, string>, string, string]>([
    [{ range: 'bytes=0-1' }, '01', 'bytes 0-1/10'],
    [{ range: 'bytes=8-' }, '89', 'bytes 8-9/10'],
    [{ range: 'bytes=-3' }, '789', 'bytes 7-9/10'],
    [{ range: 'Bytes=5-99' }, '56789', 'bytes 5-9/10'],
    [{ range: 'bytes=-99' }, page, 'bytes 0-9/10'],
    [{ range: 'bytes=0-1', 'if-range': '"v1"' }, '01', 'bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-range': OLD }, '01', 'bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-match': '"v1"' }, '01', 'bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-none-match': '"v2"' }, '01', 'bytes 0-1/10'],
  ])('%j: that part of the stored response', async (fields, text, range) => {
    const { site, calls } = await standardSite(tagged);
    await site.get('/');

    const reply = await site.get('/', fields);

    expect([reply.status, reply.text, reply.isHit, calls()]).toEqual([206, text, true, 1]);
    expect(reply.headers).toMatchObject({
      'content-range': range,
      'content-length': String(text.length),
      'content-type': 'text/plain; charset=utf-8',
      etag: '"v1"',
      'x-page': 'list',
    });
  });

  it.each([
    { range: 'bytes=0-1,3-4' },
    { range: 'bytes=4-1' },
    { range: 'bytes=a-b' },
    { range: 'lines=0-1' },
    { range: 'bytes' },
    { range: 'bytes=0-1', 'if-range': '"v0"' },
    { range: 'bytes=0-1', 'if-range': 'W/"v1"' },
    { range: 'bytes=0-1', 'if-range': '"v0", "v1"' },
    { range: 'bytes=0-1', 'if-range': LATER },
    { range: 'bytes=0-1', 'if-range': EARLIER },
  ])('%j: all of it', async (fields) => {
    const { site } = await standardSite(tagged);
    await site.get('/');

    const reply = await site.get('/', fields);

    expect([reply.status, reply.text, reply.isHit]).toEqual([200, page, true]);
    expect(reply.headers['content-range']).toBeUndefined();
  });

  it.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('%s cannot be satisfied: 416, kept by nobody', async (range) => {
    const { site } = await standardSite(tagged);
    await site.get('/');

    const { status, text, headers } = await site.get('/', { range });

    expect([status, text, headers['content-range']]).toEqual([416, '', 'bytes */10']);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['etag'] ?? headers['x-page']).toBeUndefined();
  });

  it('an unsatisfiable one beside a failing If-Range is answered in full', async () => {
    const { site } = await standardSite(tagged);
    await site.get('/');

    expect((await site.get('/', { range: 'bytes=99-', 'if-range': '"v0"' })).status).toBe(200);
  });

  it('preconditions come first', async () => {
    const { site } = await standardSite(tagged);
    await site.get('/');

    expect((await site.get('/', { range: 'bytes=0-1', 'if-none-match': '"v1"' })).status).toBe(304);
    expect((await site.get('/', { range: 'bytes=0-1', 'if-match': '"v0"' })).status).toBe(412);
  });

  it('means nothing on HEAD, nor on what is no 200', async () => {
    const { site } = await standardSite((req, res) => {
      res
        .status(req.path === '/404' ? 404 : 200)
        .set(minute)
        .send(page);
    });
    for (const path of ['/', '/404']) await site.get(path);

    const head = await site.ask('/', { method: 'HEAD', headers: { range: 'bytes=0-1' } });

    expect([head.status, head.headers['content-length']]).toEqual([200, '10']);
    expect((await site.get('/404', { range: 'bytes=0-1' })).status).toBe(404);
  });

  it('on a cold key goes to the handler, and a part is not stored', async () => {
    const { site, calls } = await standardSite((req, res) => {
      if (req.headers.range === undefined) res.set(minute).send(page);
      else
        res
          .status(206)
          .set({ ...minute, 'Content-Range': 'bytes 0-1/10' })
          .send('01');
    });

    const part = await site.get('/', { range: 'bytes=0-1' });
    const whole = await site.get('/');

    expect([part.status, part.text, whole.text, whole.isHit, calls()]).toEqual([206, '01', page, false, 2]);
  });

  it('a stored Content-Range of a 200, which means nothing, is not on the part', async () => {
    const { site } = await standardSite((_req, res) => void res.set({ ...minute, 'Content-Range': 'x' }).send(page));
    await site.get('/');

    expect((await site.get('/', { range: 'bytes=0-1' })).headers['content-range']).toBe('bytes 0-1/10');
  });

  describe('behind compression()', () => {
    async function compressing() {
      const app = express();
      app.use(compression({ threshold: 0 }), cachePage({ ttl: 60, cache: makeCache() }));
      app.get('/', (_req, res) => void res.type('text').send('text '.repeat(1000)));
      const site = await serve(app);
      await site.get('/', { 'accept-encoding': 'gzip' });
      return site;
    }

    it.each(['gzip', 'br;q=0.5, *;q=0', '*'])('all of it, where %s lets the body be encoded', async (coding) => {
      const site = await compressing();

      const reply = await site.get('/', { range: 'bytes=0-3', 'accept-encoding': coding });

      expect(reply.status).toBe(200);
      expect(reply.headers['content-range']).toBeUndefined();
    });

    it.each(['identity', 'identity;q=1, *;q=0', 'gzip;q=0'])('the part, where %s forbids it', async (coding) => {
      const site = await compressing();

      const reply = await site.get('/', { range: 'bytes=0-3', 'accept-encoding': coding });

      expect([reply.status, reply.text, reply.headers['content-encoding']]).toEqual([206, 'text', undefined]);
    });
  });
});
