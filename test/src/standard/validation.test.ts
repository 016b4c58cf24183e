import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import type { CachePageOptions } from '@viewcache/express';
import type { RequestHandler } from 'express';
import { Keyv } from 'keyv';
import { closeAfterEach } from '../support/site.js';
import { standardSite } from './site.js';
import { status, versioned } from './versioned.js';

closeAfterEach();

const OLD = 'Thu, 01 Jan 2026 10:00:00 GMT';

describe.each([
  ['memory', () => undefined],
  ['a Keyv', () => new Keyv()],
])('validation of what is stale (RFC 9111 §4.3), over %s', (_store, store) => {
  const siteWith = async (handler: RequestHandler, options: Partial<CachePageOptions> = {}) =>
    await standardSite(handler, options, store());

  it('puts the stored entity tag on the request, and a 304 makes the response fresh for another lifetime', async () => {
    const { state, handler } = versioned();
    const { site, clock } = await siteWith(handler);

    await site.get('/');
    clock.advance(60_000);
    const validated = await site.get('/');
    clock.advance(59_999);
    const hit = await site.get('/');
    clock.advance(1);
    const again = await site.get('/');

    expect(state).toEqual({ version: '"v1"', pages: 1, asked: [undefined, '"v1"', '"v1"'] });
    expect([validated.status, validated.text, status(validated)]).toEqual([
      200,
      'page 1',
      'viewcache; fwd=stale; fwd-status=304; stored',
    ]);
    expect([hit.isHit, hit.text, hit.headers['age']]).toEqual([true, 'page 1', '59']);
    expect([again.isHit, again.text]).toEqual([false, 'page 1']);
  });

  it.each<[string, RequestHandler]>([
    ['names a field twice', (_req, res) => void res.writeHead(304, ['ETag', '"v1"', 'etag', '"v1"']).end()],
    ['has a reason phrase of its own', (_req, res) => void res.writeHead(304, 'As Before', { ETag: '"v1"' }).end()],
  ])('a 304 that %s: who asked for a page gets it, and it is not made fresh', async (_what, confirm) => {
    const { state, handler } = versioned();
    const { site, clock } = await siteWith((req, res, next) => {
      if (req.headers['if-none-match'] === undefined) handler(req, res, next);
      else confirm(req, res, next);
    });
    await site.get('/');
    clock.advance(60_000);

    const reply = await site.get('/');

    expect([reply.status, reply.text, state.pages]).toEqual([200, 'page 1', 1]);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('stores what the handler answers where it has another version', async () => {
    const { state, handler } = versioned();
    const { site, clock } = await siteWith(handler);

    await site.get('/');
    state.version = '"v2"';
    clock.advance(60_000);
    const second = await site.get('/');
    const hit = await site.get('/');

    expect([second.status, second.text, second.headers.etag]).toEqual([200, 'page 2', '"v2"']);
    expect([hit.isHit, hit.text]).toEqual([true, 'page 2']);
  });

  it('asks by Last-Modified as well', async () => {
    const asked: (string | undefined)[] = [];
    const { site, clock } = await siteWith((req, res) => {
      asked.push(req.headers['if-modified-since']);
      res.set({ 'Cache-Control': 'max-age=60', 'Last-Modified': OLD });
      if (req.headers['if-modified-since'] === OLD) res.status(304).end();
      else res.end('page');
    });

    await site.get('/');
    clock.advance(60_000);
    const validated = await site.get('/');

    expect([validated.status, validated.text, asked]).toEqual([200, 'page', [undefined, OLD]]);
  });

  it('asks by no tag that was made here: its handler knows nothing of it', async () => {
    const asked: unknown[] = [];
    const { site, clock } = await siteWith((req, res) => {
      asked.push(req.headers['if-none-match']);
      res.set({ 'Cache-Control': 'max-age=60', 'Last-Modified': OLD }).end('page');
    });

    expect((await site.get('/')).headers.etag).toBeDefined();
    clock.advance(60_000);
    await site.get('/');

    expect(asked).toEqual([undefined, undefined]);
  });

  it.each<[Record<string, string>, number, string]>([
    [{ 'if-none-match': '"v1"' }, 304, ''],
    [{ 'if-none-match': '"v0"' }, 200, 'page 1'],
    [{ 'if-match': '"v0"' }, 412, ''],
  ])('answers the visitor’s own %j itself: %i', async (fields, code, text) => {
    const { state, handler } = versioned();
    const { site, clock } = await siteWith(handler);
    await site.get('/');
    clock.advance(60_000);

    const reply = await site.get('/', fields);

    expect([reply.status, reply.text]).toEqual([code, text]);
    expect(state.asked).toEqual([undefined, '"v1"']);
    expect((await site.get('/')).isHit).toBe(true);
  });

  it('a 304 brings the fields up to date, on this answer and on later ones; the others stay (§3.2)', async () => {
    let runs = 0;
    const { site, clock } = await siteWith((req, res) => {
      runs++;
      res.set({ 'Cache-Control': `max-age=${60 * runs}`, ETag: '"v1"', 'X-Run': String(runs) });
      if (req.headers['if-none-match'] === '"v1"') {
        res.writeHead(304, { 'X-Late': 'late', 'Content-Encoding': 'gzip', 'Content-Length': '999' }).end();
      } else res.set('X-First', 'first').type('text').send('page');
    });
    await site.get('/');
    clock.advance(60_000);

    const validated = await site.get('/');
    clock.advance(119_999);
    const hit = await site.get('/');

    for (const { headers, text } of [validated, hit]) {
      expect(text).toBe('page');
      expect(headers).toMatchObject({
        'cache-control': 'max-age=120',
        'x-run': '2',
        'x-late': 'late',
        'x-first': 'first',
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '4',
      });
      expect(headers['content-encoding']).toBeUndefined();
    }
    expect([hit.isHit, runs]).toEqual([true, 2]);
  });

  it.each([
    ['another strong tag', '"v9"', false],
    ['the same tag, weak', 'W/"v1"', true],
    ['another weak tag', 'W/"v9"', false],
    ['no tag', undefined, true],
  ])('a 304 with %s speaks of it: %p (§4.3.4)', async (_what, etag, isFreshened) => {
    const { site, clock } = await siteWith((req, res) => {
      res.set('Cache-Control', 'max-age=60');
      if (req.headers['if-none-match'] === undefined) return void res.set('ETag', '"v1"').end('page');
      if (etag !== undefined) res.set('ETag', etag);
      res.status(304).end();
    });
    await site.get('/');
    clock.advance(60_000);

    const reply = await site.get('/');

    expect([reply.status, reply.text]).toEqual([200, 'page']);
    expect(reply.isStored).toBe(isFreshened);
    expect((await site.get('/')).isHit).toBe(isFreshened);
  });

  it.each(['private', 'no-store'])(
    'a 304 that says %s answers its visitor, and nobody after him',
    async (directive) => {
      let field = 'max-age=60';
      const { site, clock } = await siteWith((req, res) => {
        res.set({ 'Cache-Control': field, ETag: '"v1"' });
        if (req.headers['if-none-match'] === '"v1"') res.status(304).end();
        else res.end('page');
      });
      await site.get('/');
      field = directive;
      clock.advance(60_000);

      const reply = await site.get('/');

      expect([reply.status, reply.text, reply.isStored]).toEqual([200, 'page', false]);
      expect((await site.get('/')).isHit).toBe(false);
    },
  );

  it('what was invalidated gets an unconditional request (PROTOCOL 4.10)', async () => {
    const { state, handler } = versioned();
    const { site, clock, cache } = await siteWith((req, res, next) => {
      view().dependsOn('cities');
      handler(req, res, next);
    });
    await site.get('/');
    clock.advance(60_000);
    await cache.invalidate({ tags: 'cities' });

    const reply = await site.get('/');

    expect([reply.text, state.asked]).toEqual(['page 2', [undefined, undefined]]);
  });

  it('a response that a 304 has freshened depends on what it did, and on what was read to find that', async () => {
    const { handler } = versioned();
    const { site, clock, cache } = await siteWith((req, res, next) => {
      view().dependsOn(req.headers['if-none-match'] === undefined ? 'cities' : 'versions');
      handler(req, res, next);
    });

    for (const tag of ['cities', 'versions']) {
      await site.get('/');
      clock.advance(60_000);
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(true);
      await cache.invalidate({ tags: tag });
      expect((await site.get('/')).isHit).toBe(false);
    }
  });

  it('an invalidation while the handler is asked keeps the answer from being stored', async () => {
    const { handler } = versioned();
    const { site, clock, cache } = await siteWith(async (req, res, next) => {
      view().dependsOn('cities');
      if (req.headers['if-none-match'] !== undefined) await cache.invalidate({ tags: 'cities' });
      handler(req, res, next);
    });
    await site.get('/');
    clock.advance(60_000);

    const reply = await site.get('/');

    expect([reply.status, reply.text]).toEqual([200, 'page 1']);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('each variant is asked about by its own tag', async () => {
    const asked: unknown[] = [];
    const { site, clock } = await siteWith((req, res) => {
      const tag = `"${req.headers['accept-language']}"`;
      asked.push(req.headers['if-none-match']);
      res.set({ 'Cache-Control': 'max-age=60', Vary: 'Accept-Language', ETag: tag });
      if (req.headers['if-none-match'] === tag) res.status(304).end();
      else res.send(`page in ${tag}`);
    });
    for (const language of ['de', 'fr']) await site.get('/', { 'accept-language': language });
    clock.advance(60_000);

    const texts = [];
    for (const language of ['fr', 'de']) texts.push((await site.get('/', { 'accept-language': language })).text);

    expect(texts).toEqual(['page in "fr"', 'page in "de"']);
    expect(asked).toEqual([undefined, undefined, '"fr"', '"de"']);
  });

  it('a crowd is answered by one question', async () => {
    const { state, handler } = versioned();
    const { site, clock } = await siteWith(async (req, res, next) => {
      await new Promise((resolve) => setImmediate(resolve));
      handler(req, res, next);
    });
    await site.get('/');
    clock.advance(60_000);

    const replies = await Promise.all(Array.from({ length: 8 }, () => site.get('/')));

    expect(new Set(replies.map(({ text }) => text))).toEqual(new Set(['page 1']));
    expect(state).toMatchObject({ pages: 1, asked: [undefined, '"v1"'] });
  });
});
