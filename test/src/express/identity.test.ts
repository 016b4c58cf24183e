import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import cookieParser from 'cookie-parser';
import type { Express, Request, RequestHandler, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

// Authorization alone keeps a response from being stored; what is shown here is not to rest on that.
const ALICE = { cookie: 'who=alice' };
const BOB = { cookie: 'who=bob' };
const ALICE_BEARER = { cookie: 'who=alice', authorization: 'Bearer alice' };
const BOB_BEARER = { cookie: 'who=bob', authorization: 'Bearer bob' };

/** Where middleware in front puts the visitor, and how a handler reads it there. */
type Place = readonly [place: string, put: (req: Carrier, res: Response, who: string) => void, read: Read];
type Carrier = Request & Record<string, unknown>;
type Read = (req: Carrier, res: Response) => unknown;

const places: readonly Place[] = [
  ['req.user', (req, _res, who) => (req['user'] = { who }), (req) => (req['user'] as { who: string }).who],
  ['req.account', (req, _res, who) => (req['account'] = { who }), (req) => (req['account'] as { who: string }).who],
  [
    'req.session',
    (req, _res, who) => Object.assign(req, { session: { who } }),
    (req) => Reflect.get(Object(Reflect.get(req, 'session')), 'who'),
  ],
  ['req.auth', (req, _res, who) => (req['auth'] = who), (req) => req['auth']],
  ['res.locals.user', (_req, res, who) => (res.locals['user'] = who), (_req, res) => res.locals['user']],
  [
    'a property of res',
    (_req, res, who) => Object.assign(res, { visitor: who }),
    (_req, res) => Reflect.get(res, 'visitor'),
  ],
  [
    'a getter on req',
    (req, _res, who) =>
      Object.defineProperty(req, 'currentUser', { get: () => who, enumerable: true, configurable: true }),
    (req) => req['currentUser'],
  ],
  [
    'a property of req that is hidden from enumeration',
    (req, _res, who) => Object.defineProperty(req, 'user', { value: who, configurable: true, writable: true }),
    (req) => req['user'],
  ],
];

const reads: readonly (readonly [what: string, read: Read])[] = [
  ['req.headers.cookie', (req) => req.headers.cookie],
  ["req.headers['cookie'] by destructuring", ({ headers: { cookie } }) => cookie],
  ['req.headers.authorization', (req) => req.headers.authorization],
  ["req.get('Authorization')", (req) => req.get('Authorization')],
  ["req.header('Cookie')", (req) => req.header('Cookie')],
  ['req.rawHeaders', (req) => req.rawHeaders.find((text) => text.startsWith('who='))],
  ['req.headersDistinct', (req) => String(req.headersDistinct['cookie'])],
];

describe.each(expresses)('who is asking, on %s', (_version, express) => {
  describe('put on the request by middleware in front', () => {
    it.each(places)('%s, read by the handler: no visitor gets the page of another', async (_place, put, read) => {
      const { app, site, calls } = await siteWith((at) => at.use(identify(put)));
      app.get('/', (req, res) => void res.send(`for ${read(req as Carrier, res)}`));

      const texts = [];
      for (const visitor of [ALICE, BOB, {}, ALICE]) texts.push((await site.get('/', visitor)).text);

      expect(texts).toEqual(['for alice', 'for bob', 'for nobody', 'for alice']);
      expect(calls()).toBe(4);
    });

    it.each(places)(
      '%s, read by the handler after it began to answer: not stored either',
      async (_place, put, read) => {
        const { app, site } = await siteWith((at) => at.use(identify(put)));
        app.get('/', (req, res) => {
          res.write('for ');
          setImmediate(() => res.end(String(read(req as Carrier, res))));
        });

        expect((await site.get('/', ALICE)).text).toBe('for alice');
        expect((await site.get('/', BOB)).text).toBe('for bob');
      },
    );

    it.each(places)('%s, not read: the page is everybody’s', async (_place, put) => {
      const { app, site, calls } = await siteWith((at) => at.use(identify(put)));
      app.get('/', (_req, res) => void res.send('for all'));

      await site.get('/', ALICE);
      const bob = await site.get('/', BOB);

      expect([bob.text, bob.isHit, calls()]).toEqual(['for all', true, 1]);
    });

    it.each(places)('%s is still there, and unchanged, when the response has been sent', async (_place, put, read) => {
      const seen: unknown[] = [];
      const { app, site } = await siteWith((at) => {
        at.use(identify(put));
        at.use((req, res, next) => {
          res.once('finish', () => seen.push(read(req as Carrier, res)));
          next();
        });
      });
      app.get('/', (_req, res) => void res.send('for all'));

      await site.get('/', ALICE);
      await site.get('/', BOB);

      expect(seen).toEqual(['alice', 'bob']);
    });
  });

  describe('told by the request itself', () => {
    it.each(reads)('%s, read by the handler: no visitor gets the page of another', async (_what, read) => {
      const { app, site } = await siteWith(() => {});
      app.get('/', (req, res) => void res.send(String(read(req as Carrier, res))));

      const [nobody, alice, bob] = [
        await site.get('/'),
        await site.get('/', ALICE_BEARER),
        await site.get('/', BOB_BEARER),
      ];

      expect(alice.text).toContain('alice');
      expect(bob.text).toContain('bob');
      expect(nobody.text).not.toMatch(/alice|bob/);
    });

    it.each(reads)('%s, read by the handler after it began to answer: not stored either', async (_what, read) => {
      const { app, site } = await siteWith(() => {});
      app.get('/', (req, res) => {
        res.write('for ');
        setImmediate(() => res.end(String(read(req as Carrier, res))));
      });

      await site.get('/');
      const alice = await site.get('/', ALICE_BEARER);

      expect(alice.text).toContain('alice');
    });

    it('a cookie that nobody reads does not keep a page from being stored', async () => {
      const { app, site, calls } = await siteWith(() => {});
      app.get('/', (_req, res) => void res.send('for all'));

      await site.get('/', { cookie: '_ga=1' });
      await site.get('/', { cookie: '_ga=2' });

      expect(calls()).toBe(1);
    });

    it('cookie-parser in front: its cookies, read by the handler, are not shared', async () => {
      const { app, site } = await siteWith((at) => at.use(cookieParser()));
      app.get('/', (req, res) => void res.send(`for ${req.cookies.who}`));

      expect((await site.get('/', ALICE)).text).toBe('for alice');
      expect((await site.get('/', BOB)).text).toBe('for bob');
      expect((await site.get('/')).text).toBe('for undefined');
    });

    it('cookie-parser in front, cookies not read: stored', async () => {
      const { app, site, calls } = await siteWith((at) => at.use(cookieParser('secret')));
      app.get('/', (_req, res) => void res.send('for all'));

      await site.get('/', ALICE);
      expect((await site.get('/')).isHit).toBe(true);
      expect(calls()).toBe(1);
    });

    it('cookie-parser inside: its cookies are not shared', async () => {
      const { app, site } = await siteWith(() => {});
      app.use(cookieParser());
      app.get('/', (req, res) => void res.send(`for ${req.cookies.who}`));

      expect((await site.get('/', ALICE)).text).toBe('for alice');
      expect((await site.get('/', BOB)).text).toBe('for bob');
    });
  });

  describe('covered by the key', () => {
    it.each(places)('%s: each visitor has a stored response of its own', async (_place, put, read) => {
      const { app, site, calls } = await siteWith((at) => at.use(identify(put)), {
        key: (req) => `for:${read(req as Carrier, req.res as Response)}`,
      });
      app.get('/', (req, res) => void res.send(`for ${read(req as Carrier, res)}`));

      const texts = [];
      for (const cookie of ['who=alice', 'who=bob', 'who=alice', 'who=bob']) {
        texts.push((await site.get('/', { cookie })).text);
      }

      expect(texts).toEqual(['for alice', 'for bob', 'for alice', 'for bob']);
      expect(calls()).toBe(2);
    });

    it('a key of Authorization lets requests with it be stored, each apart', async () => {
      const { app, site, calls } = await siteWith(() => {}, { key: (req) => req.get('authorization') });
      app.get('/', (req, res) => void res.send(`for ${req.get('authorization')}`));

      const texts = [];
      for (const visitor of [ALICE_BEARER, BOB_BEARER, ALICE_BEARER, BOB_BEARER, {}])
        texts.push((await site.get('/', visitor)).text);

      expect(texts).toEqual([
        'for Bearer alice',
        'for Bearer bob',
        'for Bearer alice',
        'for Bearer bob',
        'for undefined',
      ]);
      expect(calls()).toBe(3);
    });

    it.each<[string, Partial<CachePageOptions>]>([
      ['a key of the cookie', { key: (req) => req.headers.cookie }],
      ['vary of the cookie', { vary: ['cookie'] }],
      ['a key of the path', { key: (req) => req.path }],
      ['a key of the account', { key: (req) => String((req as Carrier)['account']) }],
    ])('%s says nothing of who sent Authorization (RFC 9111 §3.5)', async (_what, options) => {
      const who = new WeakMap<object, string>();
      const { app, site } = await siteWith((at) => {
        at.use((req, _res, next) => {
          who.set(req, req.get('authorization') ?? 'nobody');
          Object.assign(req, { account: 'free' });
          next();
        });
      }, options);
      app.get('/', (req, res) => void res.send(`for ${who.get(req)}`));

      const texts = [];
      for (const authorization of ['alice', 'bob']) texts.push((await site.get('/', { authorization })).text);

      expect(texts).toEqual(['for alice', 'for bob']);
    });

    it('a key of something else does not cover who is asking', async () => {
      const { app, site } = await siteWith((at) => at.use(identify((req, _res, who) => (req['user'] = who))), {
        key: (req) => req.path,
      });
      app.get('/', (req, res) => void res.send(`for ${(req as Carrier)['user']}`));

      expect((await site.get('/', ALICE)).text).toBe('for alice');
      expect((await site.get('/', BOB)).text).toBe('for bob');
    });
  });

  describe('middleware inside the cached part that lets some through', () => {
    const gates: readonly (readonly [gate: string, gate: RequestHandler])[] = [
      ['reads the cookie', (req, res, next) => void (req.headers.cookie ? next() : res.sendStatus(403))],
      ['reads Authorization', (req, res, next) => void (req.get('authorization') ? next() : res.sendStatus(403))],
      [
        'assigns req.user from the cookie',
        (req, res, next) => {
          (req as Carrier)['user'] = req.headers.cookie?.split('=')[1];
          if ((req as Carrier)['user'] === undefined) res.sendStatus(403);
          else next();
        },
      ],
      [
        'assigns req.user, after a moment',
        async (req, res, next) => {
          const who = await Promise.resolve(req.headers.cookie);
          (req as Carrier)['user'] = who;
          if (who === undefined) res.sendStatus(403);
          else next();
        },
      ],
      [
        'assigns res.locals.user',
        (req, res, next) => {
          res.locals['user'] = req.headers.cookie;
          if (res.locals['user'] === undefined) res.sendStatus(403);
          else next();
        },
      ],
    ];

    it.each(gates)('is never skipped by a hit: it %s', async (_what, gate) => {
      const { app, site } = await siteWith(() => {});
      app.use(gate);
      app.get('/', (_req, res) => void res.send('secret'));

      const statuses = [];
      for (const visitor of [{}, ALICE_BEARER, {}, BOB_BEARER, {}])
        statuses.push((await site.get('/', visitor)).status);

      expect(statuses).toEqual([403, 200, 403, 200, 403]);
    });

    it.each(gates)('runs on hits where it stands in front: it %s', async (_what, gate) => {
      const { app, site, calls } = await siteWith((at) => at.use(gate));
      app.get('/', (_req, res) => void res.set('Cache-Control', 'public').send('secret'));

      const statuses = [];
      for (const visitor of [ALICE_BEARER, BOB_BEARER, {}]) statuses.push((await site.get('/', visitor)).status);

      expect(statuses).toEqual([200, 200, 403]);
      expect(calls()).toBe(1);
    });

    it('refuses in a crowd too: nobody who waits gets past it', async () => {
      const { app, site } = await siteWith(() => {});
      app.use(...gates.slice(0, 1).map(([, gate]) => gate));
      app.get('/', (_req, res) => void setImmediate(() => res.send('secret')));

      const visitors = Array.from({ length: 10 }, (_, at): { cookie?: string } => (at % 2 === 0 ? ALICE : {}));
      const replies = await Promise.all(visitors.map((visitor) => site.get('/', visitor)));

      expect(replies.map(({ status }) => status)).toEqual(visitors.map(({ cookie }) => (cookie ? 200 : 403)));
    });
  });

  it('leaves request and response as they were for a handler that looks closely', async () => {
    const seen: Record<string, unknown>[] = [];
    const { app, site } = await siteWith((at) => at.use(identify((req, _res, who) => (req['user'] = { who }))));
    app.get('/', (req, res) => {
      const carrier = req as Carrier;
      seen.push({
        clone: structuredClone({ ...req.headers }).cookie,
        names: Object.keys(req.headers).includes('cookie'),
        has: 'cookie' in req.headers,
        absent: 'authorization' in req.headers || Object.hasOwn(req.headers, 'authorization'),
        user: carrier['user'],
        own: Object.keys(req).includes('user'),
        json: JSON.parse(JSON.stringify(req.headers)).cookie,
      });
      carrier['user'] = 'changed';
      req.headers['x-added'] = 'added';
      seen.push({ user: carrier['user'], added: req.get('x-added') });
      res.send('x');
    });

    await site.get('/', ALICE);

    expect(seen).toEqual([
      {
        clone: 'who=alice',
        names: true,
        has: true,
        absent: false,
        user: { who: 'alice' },
        own: true,
        json: 'who=alice',
      },
      { user: 'changed', added: 'added' },
    ]);
  });

  /** An app with middleware in front and the cache after it; what is added to `app` later is inside the cached part. */
  async function siteWith(front: (app: Express) => void, options: Partial<CachePageOptions> = {}) {
    let calls = 0;
    const app = express();
    front(app);
    app.use(cachePage({ ttl: 60, cache: makeCache(), ...options }));
    app.use((_req, _res, next) => {
      calls++;
      next();
    });
    return { app, site: await serve(app), calls: () => calls };
  }

  /** Middleware that knows its visitor by the cookie, as a session would. */
  function identify(put: Place[1]): RequestHandler {
    return (req, res, next) => {
      put(req as Carrier, res, req.headers.cookie?.split('=')[1] ?? 'nobody');
      next();
    };
  }
});
