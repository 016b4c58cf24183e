import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('a response that comes in pieces, on %s', (_version, express) => {
  it('reaches its client piece by piece: recording delays nothing', async () => {
    const readFirst = gate();
    const { site } = await siteWith(async (_req, res) => {
      res.write('first ');
      await readFirst.passed;
      res.end('second');
    });

    const response = await site.open('/');
    const first = await nextOf(response);
    // Had the handler been held back until it ended, this would never be reached.
    readFirst.open();
    const second = await nextOf(response);

    expect([first, second]).toEqual(['first ', 'second']);
    expect((await site.get('/')).text).toBe('first second');
  });

  it('has its head on the way before the first piece', async () => {
    const seen = gate();
    const { site } = await siteWith(async (_req, res) => {
      res.set('X-Page', 'list');
      res.flushHeaders();
      await seen.passed;
      res.end('body');
    });

    const response = await site.open('/');
    seen.open();

    expect(response.headers['x-page']).toBe('list');
    expect(await nextOf(response)).toBe('body');
  });

  it('does not claim to be stored before it is whole', async () => {
    const { site } = await siteWith((_req, res) => {
      res.write('first ');
      res.end('second');
    });

    const miss = await site.get('/');

    expect(miss.headers['cache-status']).toBe('viewcache; fwd=uri-miss');
    expect((await site.get('/')).isHit).toBe(true);
  });

  it.each(['before', 'after'])('is invalidated by a tag declared %s its first piece', async (when) => {
    let calls = 0;
    const { site, cache } = await siteWith((_req, res) => {
      if (when === 'before') view().dependsOn('cities#1');
      res.write('first ');
      if (when === 'after') view().dependsOn('cities#1');
      res.end(`${++calls}`);
    });

    await site.get('/');
    expect((await site.get('/')).isHit).toBe(true);
    await cache.invalidate({ tags: 'cities#1' });

    expect((await site.get('/')).text).toBe('first 2');
  });

  it('is not stored when a tag that it declared late was invalidated while it was made', async () => {
    let calls = 0;
    const begun = gate();
    const written = gate();
    const { site, cache } = await siteWith(async (_req, res) => {
      if (++calls > 1) {
        res.end('new');
        return;
      }
      res.write('old');
      begun.open();
      await written.passed;
      view().dependsOn('cities#1');
      res.end();
    });

    const old = site.get('/');
    await begun.passed;
    await cache.invalidate({ tags: 'cities#1' });
    written.open();
    await old;

    expect((await site.get('/')).text).toBe('new');
  });

  it('is not stored when the handler says so after its first piece', async () => {
    const { site } = await siteWith((_req, res) => {
      res.write('first ');
      view().doNotStore();
      res.end('second');
    });

    await site.get('/');
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('is fresh for the ttl that the handler names after its first piece', async () => {
    const clock = new FakeClock();
    const { site } = await siteWith(
      (_req, res) => {
        res.write('first ');
        view().ttl('10s');
        res.end('second');
      },
      { cache: makeCache({ clock }) },
    );

    await site.get('/');
    clock.advance(9_999);
    expect((await site.get('/')).isHit).toBe(true);
    clock.advance(1);
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('is selected by a field that the handler reads after its first piece', async () => {
    const { site } = await siteWith((req, res) => {
      res.write('in ');
      res.end(String(req.acceptsLanguages('fr', 'en')));
    });

    const texts = [];
    for (const language of ['en', 'fr', 'en', 'fr']) {
      texts.push((await site.get('/', { 'accept-language': language })).text);
    }

    expect(texts).toEqual(['in en', 'in fr', 'in en', 'in fr']);
  });

  it('does not keep others waiting for a client that does not read', async () => {
    const piece = Buffer.alloc(256 * 1024, 'x');
    const pieces = 128;
    const heldUp = gate();
    const { site } = await siteWith(
      async (_req, res) => {
        for (let sent = 0; sent < pieces; sent++) {
          if (res.write(piece)) continue;
          heldUp.open();
          await once(res, 'drain');
        }
        res.end();
      },
      { maxBodyBytes: '64mb', cache: makeCache({ maxBytes: '128mb' }) },
    );
    const idle = await site.connect();
    idle.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n\r\n`);
    idle.pause();
    await heldUp.passed;

    const reply = await site.get('/');

    expect(reply.body).toHaveLength(piece.length * pieces);
    idle.destroy();
  });

  it('larger than maxBodyBytes is sent whole to each, and not stored', async () => {
    let calls = 0;
    const { site, cache } = await siteWith(
      (_req, res) => {
        calls++;
        res.write('x'.repeat(600));
        res.end('y'.repeat(600));
      },
      { maxBodyBytes: 1_000 },
    );

    const replies = await Promise.all([site.get('/'), site.get('/'), site.get('/')]);

    expect(replies.map(({ body }) => body.length)).toEqual([1_200, 1_200, 1_200]);
    expect(cache.stats()).toMatchObject({ stored: 0, refused: { 'too-large': 3 } });
    expect(calls).toBe(3);
  });

  describe('that Node refuses to write', () => {
    const refused: readonly (readonly [what: string, write: (res: Response) => void])[] = [
      ['writeHead with a field that cannot be', (res) => void res.writeHead(200, { 'X-Bad': 'a\nb' }).end('x')],
      ['a status that cannot be', (res) => void (Object.assign(res, { statusCode: 42 }) as Response).end('x')],
      ['res.end of what is no chunk', (res) => void res.end(42 as never)],
      ['res.write of what is no chunk', (res) => void res.write(42 as never)],
      ['res.write in an encoding that is none', (res) => void res.write('x', 'klingon' as never)],
    ];

    it.each(refused)('%s: the error page is not stored in its place', async (_what, write) => {
      let calls = 0;
      const { site } = await siteWith(
        (_req, res, next) => {
          if (++calls > 1) {
            res.send('well');
            return;
          }
          try {
            write(res);
            res.end('as if nothing had been');
          } catch (error) {
            next(error);
          }
        },
        { statuses: [200, 500] },
      );

      // Where some of the answer had gone out already, all that can be done is to break off.
      await site.get('/').catch(() => {});
      const second = await site.get('/');

      expect([second.status, second.text]).toEqual([200, 'well']);
      expect((await site.get('/')).isHit).toBe(true);
    });

    it.each(refused)('%s: whoever waits is answered', async (_what, write) => {
      let calls = 0;
      const isRunning = gate();
      const { site, both } = await siteWith(async (_req, res, next) => {
        if (++calls > 1) {
          res.send('well');
          return;
        }
        isRunning.open();
        await both.passed;
        try {
          write(res);
          res.end('as if nothing had been');
        } catch (error) {
          next(error);
        }
      });

      const leader = site.get('/').catch(() => {});
      await isRunning.passed;
      const waiter = site.get('/');

      expect((await waiter).text).toBe('well');
      await leader;
    });
  });

  async function siteWith(handler: RequestHandler, options: Partial<CachePageOptions> = {}) {
    const cache = options.cache ?? makeCache();
    const app = express();
    app.set('env', 'test');
    const both = countdown(2);
    app.use((_req, _res, next) => {
      next();
      both.count();
    });
    app.get('/', cachePage({ ttl: 60, ...options, cache }), handler);
    return { cache, both, site: await serve(app) };
  }
});

/** The next piece; the connection holds the others back meanwhile. */
async function nextOf(response: IncomingMessage): Promise<string> {
  for await (const chunk of response.iterator({ destroyOnReturn: false })) return String(chunk);
  throw new Error('the response has ended');
}
