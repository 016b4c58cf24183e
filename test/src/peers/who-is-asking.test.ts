import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import cors from 'cors';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe('what apicache, route-cache and express-expeditious hand from one visitor to the next', () => {
  it('is no Set-Cookie: each visitor gets a cookie of its own (apicache, express-expeditious)', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.cookie('sid', `secret${++calls}`).send('welcome');
    });
    const site = await serve(app);

    const alice = await site.get('/');
    const bob = await site.get('/');

    expect(alice.headers['set-cookie']).toEqual(['sid=secret1; Path=/']);
    expect(bob.headers['set-cookie']).toEqual(['sid=secret2; Path=/']);
    expect(bob.isHit).toBe(false);
  });

  it('is no cookie that the handler gave to writeHead', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.writeHead(200, { 'Set-Cookie': `sid=secret${++calls}` }).end('welcome');
    });
    const site = await serve(app);

    await site.get('/');
    const bob = await site.get('/');

    expect(bob.headers['set-cookie']).toEqual(['sid=secret2']);
  });

  it('is no answer to Authorization, nor one to its absence (apicache, route-cache, express-expeditious)', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      res.json({ user: req.get('authorization') ?? 'nobody' });
    });
    const site = await serve(app);

    const [nobody, alice, bob, again] = [
      await site.get('/'),
      await site.get('/', { authorization: 'Bearer alice' }),
      await site.get('/', { authorization: 'Bearer bob' }),
      await site.get('/'),
    ];

    expect([nobody, alice, bob, again].map(({ text }) => text)).toEqual([
      '{"user":"nobody"}',
      '{"user":"Bearer alice"}',
      '{"user":"Bearer bob"}',
      '{"user":"nobody"}',
    ]);
  });

  it('is no response to a request with Authorization whose handler got the user by other means (RFC 9111 §3.5)', async () => {
    const users = new WeakMap<object, string>();
    const app = express();
    app.use((req, _res, next) => {
      users.set(req, req.get('authorization') ?? 'nobody');
      next();
    });
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      res.send(users.get(req));
    });
    const site = await serve(app);

    const alice = await site.get('/', { authorization: 'Bearer alice' });
    const bob = await site.get('/', { authorization: 'Bearer bob' });

    expect([alice.text, bob.text]).toEqual(['Bearer alice', 'Bearer bob']);
    expect(alice.isStored).toBe(false);
  });

  it('is an answer to Authorization that says it may be shared (RFC 9111 §3.5)', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.set('Cache-Control', 'public').send(`price list ${++calls}`);
    });
    const site = await serve(app);

    await site.get('/', { authorization: 'Bearer alice' });
    const bob = await site.get('/', { authorization: 'Bearer bob' });

    expect(bob.text).toBe('price list 1');
  });

  it('is no answer of another host (apicache, route-cache, express-expeditious)', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      res.send(`welcome to ${req.get('host')}`);
    });
    const site = await serve(app);

    const replies = [
      await site.get('/', { host: 'a.example' }),
      await site.get('/', { host: 'b.example' }),
      await site.get('/', { host: 'A.EXAMPLE' }),
    ];

    expect(replies.map(({ text }) => text)).toEqual([
      'welcome to a.example',
      'welcome to b.example',
      'welcome to a.example',
    ]);
    expect(replies.map(({ isHit }) => isHit)).toEqual([false, false, true]);
  });

  it('is no answer in another language where the response varies (apicache, route-cache, express-expeditious)', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => {
      calls++;
      res.vary('Accept-Language').send(req.acceptsLanguages('fr', 'en') === 'fr' ? 'bonjour' : 'hello');
    });
    const site = await serve(app);

    const texts: string[] = [];
    for (const language of ['en', 'fr', 'en', 'fr']) {
      texts.push((await site.get('/', { 'accept-language': language })).text);
    }

    expect(texts).toEqual(['hello', 'bonjour', 'hello', 'bonjour']);
    expect(calls).toBe(2);
  });

  it.each([['*'], ['Accept, *']])('is nothing that varies on everything: Vary: %s (RFC 9111 §4.1)', async (vary) => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.set('Vary', vary).send(`${++calls}`);
    });
    const site = await serve(app);

    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['1', '2']);
  });

  it('is no CORS permission of another origin, and no request id of another request (apicache)', async () => {
    let ids = 0;
    const app = express();
    app.use((_req, res, next) => {
      res.set('X-Request-Id', String(++ids));
      next();
    });
    app.use(cors({ origin: ['https://a.example', 'https://b.example'], credentials: true }));
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.json({ list: [] });
    });
    const site = await serve(app);

    const a = await site.get('/', { origin: 'https://a.example' });
    const b = await site.get('/', { origin: 'https://b.example' });
    const stranger = await site.get('/', { origin: 'https://evil.example' });

    expect(a.headers).toMatchObject({ 'access-control-allow-origin': 'https://a.example', 'x-request-id': '1' });
    expect(b.headers).toMatchObject({ 'access-control-allow-origin': 'https://b.example', 'x-request-id': '2' });
    expect(stranger.headers['access-control-allow-origin']).toBeUndefined();
    expect([b.isHit, stranger.isHit]).toEqual([true, true]);
  });
});

describe('Cache-Control of the handler, which apicache overwrites and express-expeditious does not read', () => {
  const forbidding = ['private', 'no-store', 'no-cache'];

  /** What two visitors get of a handler that says `field` and counts its runs. */
  async function askedTwice(field: string) {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.set('Cache-Control', field).send(`${++calls}`);
    });
    const site = await serve(app);
    return [await site.get('/'), await site.get('/')];
  }

  it.each([
    ...forbidding,
    ...forbidding.map((directive) => directive.toUpperCase()),
    ...['Private', 'No-Store', 'No-Cache'],
    ...[
      'private, no-store',
      'public, PRIVATE',
      'max-age=60,no-store',
      'max-age="60" , No-Store',
      'foo="a, b", private',
    ],
    ...['max-age=0', 's-maxage=0, max-age=60'],
  ])('"%s" reaches the client as it is, and nothing is stored', async (field) => {
    const replies = await askedTwice(field);

    expect(replies.map(({ text }) => text)).toEqual(['1', '2']);
    expect(replies.map(({ headers }) => headers['cache-control'])).toEqual([field, field]);
  });

  it.each(['public, max-age=60', 'max-age="60"', 'community="private, no-store"', 'x-private', 'no-store-please'])(
    '"%s" forbids nothing: a quoted string or a longer word is no directive',
    async (field) => {
      const replies = await askedTwice(field);

      expect(replies.map(({ text }) => text)).toEqual(['1', '1']);
      expect(replies[1]?.headers['cache-control']).toBe(field);
    },
  );

  it.each(['private', 'no-cache'])(
    '%s="x-visitor" keeps that field out of what is stored, and nothing else',
    async (directive) => {
      let calls = 0;
      const app = express();
      app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
        calls++;
        res.set({ 'Cache-Control': `${directive}="X-Visitor"`, 'X-Visitor': 'alice', 'X-Page': 'list' }).send('list');
      });
      const site = await serve(app);

      const alice = await site.get('/');
      const bob = await site.get('/');

      expect(calls).toBe(1);
      expect(alice.headers['x-visitor']).toBe('alice');
      expect(bob.headers['x-visitor']).toBeUndefined();
      expect(bob.headers['x-page']).toBe('list');
    },
  );

  it('in two lines counts as one list', async () => {
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (_req, res) => {
      res.setHeader('Cache-Control', ['max-age=60', 'private']);
      res.send(`${++calls}`);
    });
    const site = await serve(app);

    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['1', '2']);
  });
});
