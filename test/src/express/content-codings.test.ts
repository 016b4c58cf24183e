import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CacheOptions } from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import compression from 'compression';
import type { Request, RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, type Reply, type Site, serve } from '../support/site.js';

closeAfterEach();

const PAGE = '<li>city</li>\n'.repeat(500);
const BR = { 'accept-encoding': 'br' };
const BOTH = { 'accept-encoding': 'gzip, deflate, br' };

const namesIn = (field: string | undefined): string[] => (field ?? '').toLowerCase().split(/, */).filter(Boolean);
const decoded = ({ headers, body }: Reply): string => {
  if (headers['content-encoding'] === 'br') return brotliDecompressSync(body).toString();
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString();
};

describe.each(expresses)('contentCodings, on %s', (_version, express) => {
  let calls = 0;
  afterEach(() => {
    calls = 0;
  });

  async function siteWith(
    handler: (req: Request, res: Response) => void = (_req, res) => void res.set('ETag', '"x"').send(PAGE),
    {
      front = [],
      options = {},
      cacheOptions = {},
    }: { front?: RequestHandler[]; options?: Partial<CachePageOptions>; cacheOptions?: CacheOptions } = {},
  ) {
    const cache = makeCache(cacheOptions);
    const app = express();
    for (const middleware of front) app.use(middleware);
    app.use(cachePage({ ttl: 60, cache, contentCodings: ['br', 'gzip'], ...options }));
    app.get('/', (req, res) => {
      calls++;
      handler(req, res);
    });
    return { site: await serve(app), cache };
  }

  /** The first answer in a coding: they are made in the background, after the response is stored. */
  async function untilCoded(site: Site, headers = BR): Promise<Reply> {
    for (let i = 0; i < 500; i++) {
      const reply = await site.get('/', headers);
      if (reply.headers['content-encoding'] !== undefined) return reply;
    }
    throw new Error('no coding was made');
  }

  /** Several hits, none of them in a coding: enough for one to be made, if any were. */
  async function neverCoded(site: Site): Promise<Reply> {
    let reply = await site.get('/', BOTH);
    for (let i = 0; i < 30; i++) {
      reply = await site.get('/', BOTH);
      expect(reply.headers['content-encoding']).toBeUndefined();
    }
    return reply;
  }

  it('answers a hit in the coding that the client accepts, and says that it depends on that, as does the miss', async () => {
    const { site } = await siteWith();
    const miss = await site.get('/', BR);
    expect(miss.headers).toMatchObject({ vary: 'accept-encoding', etag: '"x"' });
    expect(miss.text).toBe(PAGE);

    const hit = await untilCoded(site);
    expect(hit.isHit).toBe(true);
    expect(hit.headers).toMatchObject({
      'content-encoding': 'br',
      'content-length': String(hit.body.length),
      vary: 'accept-encoding',
      etag: '"x-br"',
    });
    expect(hit.headers['content-type']).toBe(miss.headers['content-type']);
    expect(hit.body.length).toBeLessThan(PAGE.length / 10);
    expect(decoded(hit)).toBe(PAGE);
    expect(calls).toBe(1);
  });

  it.each<[string | undefined, string | undefined]>([
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['deflate', undefined],
    ['', undefined],
    [undefined, undefined],
    ['identity', undefined],
    ['identity, br;q=0.5', undefined],
    ['identity;q=0.5, br;q=0.5', 'br'],
    ['br;q=0, gzip;q=0', undefined],
    ['identity;q=0', undefined],
    ['*;q=0', undefined],
    ['br;q=2', undefined],
    ['brotli', undefined],
  ])('with Accept-Encoding: %s sends %s', async (accept, coding) => {
    const { site } = await siteWith();
    await site.get('/');
    await untilCoded(site, { 'accept-encoding': 'gzip' });
    const reply = await site.get('/', accept === undefined ? {} : { 'accept-encoding': accept });
    expect(reply.headers['content-encoding']).toBe(coding);
    expect(reply.headers.vary).toBe('accept-encoding');
    expect(reply.headers.etag).toBe(coding === undefined ? '"x"' : `"x-${coding}"`);
    expect(decoded(reply)).toBe(PAGE);
    expect(calls).toBe(1);
  });

  it('compares If-None-Match with the tag of the coding that it would send', async () => {
    const { site } = await siteWith();
    await site.get('/');
    await untilCoded(site);
    const ask = (tag: string, accept: string) => site.get('/', { 'if-none-match': tag, 'accept-encoding': accept });
    const same = await ask('"x-br"', 'br');
    expect(same.status).toBe(304);
    expect(same.headers).toMatchObject({ etag: '"x-br"', vary: 'accept-encoding' });
    expect(same.headers['content-encoding']).toBeUndefined();
    expect(same.headers['content-length']).toBeUndefined();
    expect((await ask('"x"', 'identity')).status).toBe(304);
    expect((await ask('"x-br"', 'identity')).status).toBe(200);
    expect((await ask('"x"', 'br')).status).toBe(200);
  });

  it('leaves a weak tag as it is: it says that they mean the same', async () => {
    const { site } = await siteWith((_req, res) => void res.send(PAGE));
    const { etag } = (await site.get('/')).headers;
    expect(etag).toMatch(/^W\//);
    expect((await untilCoded(site)).headers.etag).toBe(etag);
    expect((await site.get('/', { ...BR, 'if-none-match': etag })).status).toBe(304);
  });

  it('answers HEAD as it would GET, and a range from the body as it is', async () => {
    const { site } = await siteWith();
    await site.get('/');
    const coded = await untilCoded(site);
    const head = await site.ask('/', { method: 'HEAD', headers: BR });
    expect(head.headers).toMatchObject({ 'content-encoding': 'br', 'content-length': coded.headers['content-length'] });
    expect(head.body.length).toBe(0);
    const part = await site.get('/', { ...BR, range: 'bytes=0-3' });
    expect([part.status, part.text]).toEqual([206, PAGE.slice(0, 4)]);
    expect(part.headers['content-encoding']).toBeUndefined();
    expect(part.headers).toMatchObject({ etag: '"x"', vary: 'accept-encoding' });
  });

  it('makes a coding of what is streamed, and keeps one stored response for all clients', async () => {
    const { site, cache } = await siteWith((_req, res) => {
      res.type('html').write(PAGE.slice(0, 700));
      res.end(PAGE.slice(700));
    });
    expect((await site.get('/', BOTH)).headers.vary).toBe('accept-encoding');
    expect(decoded(await untilCoded(site))).toBe(PAGE);
    await site.get('/', { 'accept-encoding': 'gzip' });
    await site.get('/');
    expect([calls, cache.stats().entries]).toEqual([1, 1]);
  });

  it('adds to the Vary that is there', async () => {
    const { site } = await siteWith((_req, res) => void res.vary('Accept-Language').send(PAGE));
    const miss = await site.get('/', BR);
    expect(namesIn(miss.headers.vary)).toEqual(['accept-language', 'accept-encoding']);
    expect(namesIn((await untilCoded(site)).headers.vary)).toEqual(['accept-language', 'accept-encoding']);
    expect(calls).toBe(1);
  });

  it.each<[string, (req: Request, res: Response) => void]>([
    ['was coded by its handler', (_req, res) => void res.set('Content-Encoding', 'x-own').send(PAGE)],
    ['forbids to be changed', (_req, res) => void res.set('Cache-Control', 'no-transform').send(PAGE)],
    ['is an image', (_req, res) => void res.type('png').send(Buffer.alloc(5_000))],
    ['has no type', (_req, res) => void res.end(PAGE)],
    ['has a tag that is none', (_req, res) => void res.type('html').setHeader('ETag', 'x').end(PAGE)],
    ['is no 200', (_req, res) => void res.status(404).send(PAGE)],
  ])('leaves a response alone that %s', async (_how, handler) => {
    const { site } = await siteWith(handler, { options: { statuses: [200, 404] } });
    for (let i = 0; i < 20; i++) {
      const reply = await site.get('/', BOTH);
      if (i > 0) expect(reply.isHit).toBe(true);
      expect(['br', 'gzip']).not.toContain(reply.headers['content-encoding']);
      expect(namesIn(reply.headers.vary)).not.toContain('accept-encoding');
    }
  });

  it('leaves a small response as it is, and a body with holes', async () => {
    const small = await siteWith((_req, res) => void res.send('<p>small</p>'));
    await neverCoded(small.site);
    const nonce = 'a-nonce-that-is-long-enough';
    const holes = await siteWith((_req, res) => void res.send(`${PAGE}<script nonce="${nonce}">`), {
      options: { placeholders: { nonce: () => nonce } },
    });
    expect((await neverCoded(holes.site)).text).toContain(nonce);
  });

  it('stands back where compression() is in front: what it codes, it codes by its own rules', async () => {
    const { site } = await siteWith(undefined, { front: [compression({ threshold: 0 })] });
    const miss = await site.get('/', { 'accept-encoding': 'gzip' });
    expect([miss.headers['content-encoding'], decoded(miss)]).toEqual(['gzip', PAGE]);
    for (let i = 0; i < 30; i++) {
      const hit = await site.get('/', { 'accept-encoding': 'gzip' });
      expect(hit.rawHeaders.filter((name, at) => at % 2 === 0 && /^content-encoding$/i.test(name))).toHaveLength(1);
      expect(namesIn(hit.headers.vary)).toEqual(['accept-encoding']);
      expect([hit.headers['content-encoding'], decoded(hit), hit.isHit]).toEqual(['gzip', PAGE, true]);
      expect(hit.headers.etag).toBe('"x"');
    }
    expect(calls).toBe(1);
  });

  it('is left alone by compression() inside, which codes what is stored', async () => {
    const { site } = await siteWith((req, res) => {
      compression({ threshold: 0 })(req, res, () => void res.send(PAGE));
    });
    for (let i = 0; i < 10; i++) {
      const reply = await site.get('/', { 'accept-encoding': 'gzip' });
      expect([reply.headers['content-encoding'], decoded(reply)]).toEqual(['gzip', PAGE]);
      expect((await site.get('/')).text).toBe(PAGE);
    }
    expect(calls).toBe(2);
  });

  it('counts the codings among the bytes that are held', async () => {
    const plain = await siteWith(undefined, { options: { contentCodings: [] } });
    await plain.site.get('/');
    const { site, cache } = await siteWith();
    await site.get('/');
    const br = (await untilCoded(site)).body.length;
    const gzip = (await untilCoded(site, { 'accept-encoding': 'gzip' })).body.length;
    expect(cache.stats().bytes - plain.cache.stats().bytes).toBeGreaterThanOrEqual(br + gzip);
    await cache.purge({ url: '/' });
    await site.get('/');
    expect(cache.stats().entries).toBe(1);
  });

  it('makes the codings of what another process has stored', async () => {
    const store = new Map();
    const cacheOptions: CacheOptions = { store, deadline: '10s', compress: { threshold: '1kb' } };
    const options = { keyPrefix: 'shared' };
    const host = { host: 'shop.example' };
    const one = await siteWith(undefined, { options, cacheOptions });
    // In memory is what the shared store has taken; it is sent there after it was answered.
    let isStored = false;
    for (let i = 0; i < 500 && !isStored; i++) isStored = (await one.site.get('/', host)).isHit;
    expect(isStored).toBe(true);
    const before = calls;
    const two = await siteWith(undefined, { options, cacheOptions });
    const first = await two.site.get('/', { ...BR, ...host });
    expect([first.isHit, first.headers.vary]).toEqual([true, 'accept-encoding']);
    expect(decoded(await untilCoded(two.site, { ...BR, ...host }))).toBe(PAGE);
    expect(calls).toBe(before);
  });

  it('keeps to it when a 304 of the handler makes the response fresh again', async () => {
    const { site } = await siteWith(
      (req, res) => {
        res.set({ ETag: '"x"', 'Cache-Control': 'max-age=0' });
        if (req.get('if-none-match') === '"x"') res.status(304).end();
        else res.send(PAGE);
      },
      { options: { ttl: 'origin' } },
    );
    for (let i = 0; i < 5; i++) {
      const reply = await site.get('/', BR);
      expect([reply.status, decoded(reply), reply.headers.vary]).toEqual([200, PAGE, 'accept-encoding']);
    }
  });

  it('is off unless it is asked for', async () => {
    const { site } = await siteWith(undefined, { options: { contentCodings: [] } });
    expect((await neverCoded(site)).headers.vary).toBeUndefined();
  });
});

describe('contentCodings', () => {
  it.each([
    ['gzip', "a list of 'br', 'gzip', 'zstd'; did you mean ['gzip']?"],
    [['deflate'], "use 'br', 'gzip', 'zstd'"],
    [['br', 'br'], 'each coding once'],
    [null, 'a list of'],
  ])('refuses %j at once', (contentCodings, says) => {
    expect(() => cachePage({ ttl: 1, contentCodings: contentCodings as never })).toThrow(says);
    expect(() => cachePage({ ttl: 1, contentCodings: contentCodings as never })).toThrow('cachePage.contentCodings: ');
  });
});
