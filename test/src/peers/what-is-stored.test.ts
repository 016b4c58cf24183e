import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import compression from 'compression';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe('what apicache, route-cache and express-expeditious store and should not', () => {
  it.each([400, 403, 404, 410, 500, 503])('an answer of %i runs the handler anew (apicache)', async (status) => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.status(status).send(`${++calls}`);
    });
    const site = await serve(app);

    const replies = [await site.get('/'), await site.get('/')];

    expect(replies.map(({ status: said, text }) => [said, text])).toEqual([
      [status, '1'],
      [status, '2'],
    ]);
  });

  it('a thrown error is answered with 500 by the app, and the next visitor gets the page (apicache)', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      if (++calls === 1) throw Object.assign(new Error('database is away'), { status: 500 });
      res.send('list');
    });
    app.set('env', 'test');
    const site = await serve(app);

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expect(replies.map(({ status }) => status)).toEqual([500, 200, 200]);
    expect(replies.map(({ isHit }) => isHit)).toEqual([false, false, true]);
  });

  it('POST is answered by its handler, never with the answer of GET, nor the other way round (apicache, route-cache)', async () => {
    let posts = 0;
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (_req, res) => void res.send('list'));
    app.post('/', (_req, res) => void res.status(422).send(`refused ${++posts}`));
    const site = await serve(app);

    const replies = [
      await site.ask('/', { method: 'POST' }),
      await site.get('/'),
      await site.ask('/', { method: 'POST' }),
      await site.get('/'),
    ];

    expect(replies.map(({ text }) => text)).toEqual(['refused 1', 'list', 'refused 2', 'list']);
    expect(replies.map(({ isHit }) => isHit)).toEqual([false, false, false, true]);
  });

  it('a 206 goes to whoever asked for that range; a plain GET gets the whole (apicache, route-cache)', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      if (req.headers.range === undefined) res.send('0123456789');
      else res.status(206).set('Content-Range', 'bytes 0-3/10').send('0123');
    });
    const site = await serve(app);

    const part = await site.get('/', { range: 'bytes=0-3' });
    const whole = await site.get('/');

    expect([part.status, part.text]).toEqual([206, '0123']);
    expect([whole.status, whole.text, whole.headers['content-range']]).toEqual([200, '0123456789', undefined]);
  });

  it('nor a 206 that a handler sends without having been asked for a range', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.status(206).set('Content-Range', 'bytes 0-0/10').send(`${++calls}`);
    });
    const site = await serve(app);

    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['1', '2']);
  });
});

describe('a part that calls itself a 200', () => {
  it('is not stored either: it has a Content-Range', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.set('Content-Range', 'bytes 0-0/10').send(`${++calls}`);
    });
    const site = await serve(app);

    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['1', '2']);
  });
});

describe('Content-Encoding, which apicache and express-expeditious hand to whoever asks', () => {
  const page = 'word '.repeat(1_000);

  function compressedInside() {
    const handled: string[] = [];
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), compression(), (req, res) => {
      handled.push(req.get('accept-encoding') ?? 'identity');
      res.type('text').send(page);
    });
    return { app, handled };
  }

  it.each([[['gzip', 'identity', 'br']], [['identity', 'gzip', 'br']], [['br', 'identity', 'gzip']]])(
    'compression inside: each client gets what it can read, in the order %j',
    async (order) => {
      const { app, handled } = compressedInside();
      const site = await serve(app);

      for (const round of ['miss', 'hit']) {
        for (const encoding of order) {
          const reply = await site.get('/', encoding === 'identity' ? {} : { 'accept-encoding': encoding });
          expect(reply.headers['content-encoding'] ?? 'identity').toBe(encoding);
          expect(decoded(encoding, reply.body)).toBe(page);
          expect(reply.isHit).toBe(round === 'hit');
          expect(reply.headers.vary).toMatch(/accept-encoding/i);
        }
      }
      expect(handled).toHaveLength(3);
    },
  );

  it('compression outside: what is stored is plain, and each answer is encoded for its client', async () => {
    let calls = 0;
    const app = express();
    app.use(compression());
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      calls++;
      res.type('text').send(page);
    });
    const site = await serve(app);

    for (const encoding of ['gzip', 'identity', 'br', 'gzip']) {
      const reply = await site.get('/', encoding === 'identity' ? {} : { 'accept-encoding': encoding });
      expect(reply.headers['content-encoding'] ?? 'identity').toBe(encoding);
      expect(decoded(encoding, reply.body)).toBe(page);
    }
    expect(calls).toBe(1);
  });
});

describe('what route-cache loses', () => {
  it('keeps the status, the type and every field of the handler', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, statuses: [203], cache: makeCache() }), (_req, res) => {
      res.status(203);
      res.set({ 'Content-Type': 'application/vnd.list+json', 'X-Total-Count': '12', Link: '</2>; rel="next"' });
      res.append('X-Two', 'one').append('X-Two', 'two');
      res.end('[]');
    });
    const site = await serve(app);

    const miss = await site.get('/');
    const hit = await site.get('/');

    expect(hit.isHit).toBe(true);
    for (const reply of [miss, hit]) {
      expect(reply.status).toBe(203);
      expect(reply.headers).toMatchObject({
        'content-type': 'application/vnd.list+json',
        'x-total-count': '12',
        link: '</2>; rel="next"',
        'x-two': 'one, two',
      });
    }
    expect(linesOf(hit.rawHeaders, 'X-Two')).toEqual(['one', 'two']);
  });

  it('keeps the letter case of field names', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.setHeader('X-RateLimit-POLICY', 'x');
      res.end();
    });
    const site = await serve(app);

    await site.get('/');
    const hit = await site.get('/');

    expect(hit.isHit).toBe(true);
    expect(linesOf(hit.rawHeaders, 'X-RateLimit-POLICY')).toEqual(['x']);
  });

  it.each([
    ['hex', '00ff10'],
    ['base64', 'AP8Q'],
    ['base64url', 'AP8Q'],
    ['latin1', '\u00e9\u00ff'],
    ['binary', '\u00e9\u00ff'],
    ['utf16le', 'h\u00e9'],
    ['ucs2', 'h\u00e9'],
    ['ascii', 'plain'],
    ['utf8', 'h\u00e9'],
  ] as const)("keeps res.end(text, '%s') byte for byte (route-cache, express-expeditious)", async (encoding, text) => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => void res.end(text, encoding));
    const site = await serve(app);

    const miss = await site.get('/');
    const hit = await site.get('/');

    expect(miss.body).toEqual(Buffer.from(text, encoding));
    expect(hit.body).toEqual(Buffer.from(text, encoding));
    expect(hit.isHit).toBe(true);
  });

  it('keeps binary bodies, of res.send and of res.write', async () => {
    const image = randomBytes(50_000);
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/sent', (_req, res) => void res.type('png').send(image));
    app.get('/written', (_req, res) => {
      res.write(image.subarray(0, 20_000));
      res.end(image.subarray(20_000));
    });
    const site = await serve(app);

    for (const path of ['/sent', '/written']) {
      const miss = await site.get(path);
      const hit = await site.get(path);
      expect(miss.body.equals(image)).toBe(true);
      expect(hit.body.equals(image)).toBe(true);
      expect(hit.isHit).toBe(true);
    }
  });
});

function decoded(encoding: string, body: Buffer): string {
  if (encoding === 'gzip') return gunzipSync(body).toString();
  return encoding === 'br' ? brotliDecompressSync(body).toString() : body.toString();
}

function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1] === name);
}
