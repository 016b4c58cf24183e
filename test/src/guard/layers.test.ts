import { describe, expect, it } from '@jest/globals';
import { cachePage, loader } from '@viewcache/express';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import type { Express, Request, RequestHandler } from 'express';
import session from 'express-session';
import helmet from 'helmet';
import i18next from 'i18next';
import * as i18nextMiddleware from 'i18next-http-middleware';
import methodOverride from 'method-override';
import onHeaders from 'on-headers';
import passportModule from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const ALICE = { cookie: 'who=alice' };
const BOB = { cookie: 'who=bob' };
const who = (req: Pick<Request, 'headers'>): string | undefined => /who=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
const put = (req: Request, name: string, value: unknown) => void Reflect.set(req, name, value);

describe.each(expresses)('middleware inside a cached part, on %s', (_version, express) => {
  /** An app with the cache in front of what `inside` mounts, and a page for all behind it. */
  async function siteWith(inside: (app: Express) => void, show: RequestHandler = (_req, res) => void res.send('page')) {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full' }));
    inside(app);
    app.get('/', show);
    app.get('/:id', show);
    return await serve(app);
  }

  describe('that turns visitors away is never skipped by a hit', () => {
    const parse = cookieParser();
    const load = session({ secret: 's', resave: false, saveUninitialized: false });
    const refuse: RequestHandler = (req, res, next) => void (who(req) === undefined ? res.sendStatus(403) : next());
    const passport = new passportModule.Passport();
    passport.use(
      'session-gate',
      new CustomStrategy((req, done) => done(null, Reflect.get(req, 'session') && who(req as Request) ? {} : false)),
    );
    const gates: readonly (readonly [gate: string, mount: (app: Express) => void])[] = [
      ['cookie-parser first, then the gate', (app) => app.use(parse, refuse)],
      ['the gate first, then cookie-parser', (app) => app.use(refuse, parse)],
      [
        'a function around cookie-parser',
        (app) =>
          app.use((req, res, next) =>
            parse(req, res, () => void (req.cookies['who'] === undefined ? res.sendStatus(403) : next())),
          ),
      ],
      [
        'a function around express-session and cookie-parser that reads neither itself',
        (app) =>
          app.use((req, res, next) =>
            load(req, res, () => parse(req, res, () => void (req.cookies['who'] ? next() : res.sendStatus(403)))),
          ),
      ],
      [
        'a function that leaves what cookie-parser leaves',
        (app) =>
          app.use((req, res, next) => {
            const read = () => who(req);
            const name = read();
            put(req, 'secret', undefined);
            put(req, 'cookies', { who: name });
            put(req, 'signedCookies', {});
            if (name === undefined) res.sendStatus(403);
            else next();
          }),
      ],
      [
        'a gate in the callback of a parameter, behind cookie-parser',
        (app) => {
          app.use(parse);
          app.param('id', (req, res, next) => refuse(req, res, next));
        },
      ],
      [
        'a gate that reads what cookie-parser has left',
        (app) =>
          app.use(parse, (req, res, next) => void (req.cookies['who'] === undefined ? res.sendStatus(403) : next())),
      ],
      [
        'a gate that reads after a moment, while express-session loads',
        (app) => {
          app.use((req, _res, next) => {
            put(
              req,
              'checked',
              Promise.resolve().then(() => who(req)),
            );
            next();
          });
          app.use(load, (req, res, next) => {
            void Reflect.get(req, 'checked').then((name: unknown) =>
              name === undefined ? res.sendStatus(403) : next(),
            );
          });
        },
      ],
      [
        'a passport strategy of the app’s own that asks for the session first',
        (app) => app.use(load, passport.initialize(), passport.authenticate('session-gate', { session: false })),
      ],
      [
        'a callback of the app’s own in a package that loads',
        (app) =>
          app.use(
            session({
              secret: 's',
              resave: false,
              saveUninitialized: false,
              genid: (req) => {
                if (who(req) === undefined) throw new Error('no');
                return 'id';
              },
            }),
          ),
      ],
      [
        'a middleware of the app’s own in a router of its own, behind cookie-parser',
        (app) => {
          const router = express.Router();
          router.use(parse, refuse);
          app.use(router);
        },
      ],
      [
        'another Express inside, with cookie-parser and a gate',
        (app) => {
          for (const [, other] of expresses) {
            const inner = other();
            inner.use(parse, refuse);
            app.use(inner);
          }
        },
      ],
    ];

    it.each(gates)('%s', async (_gate, mount) => {
      const site = await siteWith(mount);
      for (const path of ['/1', '/1', '/1?again']) {
        const allowed = await site.get(path, ALICE);
        const refused = await site.get(path);
        expect([allowed.status, refused.isHit, refused.status >= 400]).toEqual([200, false, true]);
      }
    });
  });

  describe('that only loads keeps nothing from being stored', () => {
    const loaders: readonly (readonly [what: string, mount: (app: Express) => void])[] = [
      ['cookie-parser', (app) => app.use(cookieParser())],
      [
        'cookie-parser on the route itself',
        (app) => app.get('/', cookieParser(), (_req, res) => void res.send('page')),
      ],
      ['cookie-parser in a router', (app) => app.use(express.Router().use(cookieParser()))],
      ['a loader that is declared', (app) => app.use(loader((req, _res, next) => next(void who(req))))],
      [
        'a loader that is declared and reads after a moment',
        (app) =>
          app.use(
            loader(async (req, _res, next) => {
              await Promise.resolve();
              put(req, 'who', who(req));
              next();
            }),
          ),
      ],
      [
        'another Express inside, with cookie-parser',
        (app) => {
          for (const [, other] of expresses) app.use(other().use(cookieParser()));
        },
      ],
    ];

    it.each(loaders)('%s', async (_what, mount) => {
      const site = await siteWith(mount);
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).isHit).toBe(true);
    });
  });

  describe('that only loads leaves what a handler must not read', () => {
    const places: readonly (readonly [where: string, load: RequestHandler, read: RequestHandler])[] = [
      [
        'on req',
        (req, _res, next) => next(void put(req, 'visitor', who(req))),
        (req, res) => void res.send(`for ${Reflect.get(req, 'visitor')}`),
      ],
      [
        'on req, under a symbol',
        (req, _res, next) => next(void Reflect.set(req, Symbol.for('visitor'), who(req))),
        (req, res) => void res.send(`for ${Reflect.get(req, Symbol.for('visitor'))}`),
      ],
      [
        'on req, hidden',
        (req, _res, next) => next(void Object.defineProperty(req, 'visitor', { value: who(req), configurable: true })),
        (req, res) => void res.send(`for ${Reflect.get(req, 'visitor')}`),
      ],
      [
        'in an object that was there before',
        (req, _res, next) => next(void Object.assign(Reflect.get(req, 'context'), { visitor: who(req) })),
        (req, res) => void res.send(`for ${Reflect.get(req, 'context').visitor}`),
      ],
      [
        'on res',
        (req, res, next) => next(void Reflect.set(res, 'visitor', who(req))),
        (_req, res) => void res.send(`for ${Reflect.get(res, 'visitor')}`),
      ],
      [
        'in res.locals',
        (req, res, next) => next(void Object.assign(res.locals, { visitor: who(req) })),
        (_req, res) => void res.send(`for ${res.locals['visitor']}`),
      ],
      [
        'in a field of the request',
        (req, _res, next) => next(void Object.assign(req.headers, { 'x-plan': who(req) })),
        (req, res) => void res.send(`for ${req.get('x-plan')}`),
      ],
      [
        'in a field of the request that says nothing elsewhere',
        (req, _res, next) => next(void Object.assign(req.headers, { 'x-request-id': who(req) })),
        (req, res) => void res.send(`for ${req.get('x-request-id')}`),
      ],
      [
        'in a property that nobody can watch',
        (req, _res, next) => next(void Object.defineProperty(req, 'fixed', { value: who(req) })),
        (req, res) => void res.send(`for ${Reflect.get(req, 'fixed')}`),
      ],
      [
        'in a field of the response',
        (req, res, next) => next(void res.set('X-Visitor', who(req) ?? '')),
        (_req, res) => void res.send('for all'),
      ],
    ];

    it.each(places)('%s', async (_where, load, read) => {
      const site = await siteWith((app) => {
        app.use((req, _res, next) => next(void put(req, 'context', {})));
        app.use(loader(load));
      }, read);
      const alice = await site.get('/', ALICE);
      const bob = await site.get('/', BOB);
      expect([alice.isStored, bob.isHit]).toEqual([false, false]);
    });
  });

  describe('that leaves something which the key has asked for too early', () => {
    const set: readonly (readonly [input: string, load: RequestHandler, read: (req: Request) => unknown])[] = [
      ['req.account', (req, _res, next) => next(put(req, 'account', who(req))), (req) => Reflect.get(req, 'account')],
      ['req.user', (req, _res, next) => next(put(req, 'user', who(req))), (req) => Reflect.get(req, 'user')],
      [
        'res.locals.account',
        (req, res, next) => next(void Object.assign(res.locals, { account: who(req) })),
        (req) => req.res?.locals['account'],
      ],
      [
        'res.account',
        (req, res, next) => next(void Reflect.set(res, 'account', who(req))),
        (req) => req.res && Reflect.get(req.res, 'account'),
      ],
    ];

    function siteKeyedBy(read: (req: Request) => unknown, load: RequestHandler, isInFront: boolean) {
      const app = express();
      const cache = cachePage({
        ttl: 60,
        cache: makeCache(),
        cacheStatus: 'full',
        key: (req) => read(req as Request) as string | undefined,
      });
      app.use(...(isInFront ? [load, cache] : [cache, loader(load)]));
      app.get('/', (req, res) => void res.send(`for ${read(req)}`));
      return serve(app);
    }

    it.each(set)('is not covered by it: %s', async (input, load, read) => {
      const site = await siteKeyedBy(read, load, false);
      for (const visitor of [ALICE, BOB, ALICE, BOB]) {
        const answer = await site.get('/', visitor);
        expect([answer.text, answer.isStored]).toEqual([`for ${who({ headers: visitor })}`, false]);
        expect(answer.headers['cache-status']).toContain(`detail="input ${input}"`);
      }
    });

    it.each(set)('is covered where it is set in front: %s', async (_input, load, read) => {
      const site = await siteKeyedBy(read, load, true);
      await site.get('/', ALICE);
      const [bob, alice] = [await site.get('/', BOB), await site.get('/', ALICE)];
      expect([bob.text, bob.isHit, alice.text, alice.isHit]).toEqual(['for bob', false, 'for alice', true]);
    });

    it('goes on to be covered where a loader only puts something else in its place', async () => {
      const app = express();
      app.use((req, _res, next) => next(put(req, 'user', who(req))));
      app.use(cachePage({ ttl: 60, cache: makeCache(), key: (req) => String(Reflect.get(req, 'user')) }));
      app.use(loader((req, _res, next) => next(put(req, 'user', `${Reflect.get(req, 'user')} the great`))));
      app.get('/', (req, res) => void res.send(`for ${Reflect.get(req, 'user')}`));
      const site = await serve(app);
      await site.get('/', ALICE);
      const [alice, bob] = [await site.get('/', ALICE), await site.get('/', BOB)];
      expect([alice.isHit, alice.text, bob.text]).toEqual([true, 'for alice the great', 'for bob the great']);
    });
  });

  it('the language that a loader names is its visitor’s, and stands on no hit', async () => {
    const languages = i18next.createInstance();
    await languages
      .use(i18nextMiddleware.LanguageDetector)
      .init({ fallbackLng: 'en', preload: ['en', 'fr'], resources: {} });
    const site = await siteWith((app) => app.use(i18nextMiddleware.handle(languages) as unknown as RequestHandler));

    const first = await site.get('/', { 'accept-language': 'fr' });
    const second = await site.get('/', { 'accept-language': 'en' });

    expect([first.headers['content-language'], second.isHit, second.headers['content-language']]).toEqual([
      'fr',
      true,
      undefined,
    ]);
  });

  it('a method that a request overrides is no GET that is stored', async () => {
    const site = await siteWith((app) => {
      app.use(methodOverride('X-HTTP-Method-Override', { methods: ['GET'] }));
      app.delete('/', (_req, res) => void res.send('deleted'));
    });

    await site.get('/', { 'x-http-method-override': 'DELETE' });
    expect((await site.get('/')).text).toBe('page');
  });

  describe('that replaces res.end or res.writeHead', () => {
    const own: readonly (readonly [what: string, middleware: RequestHandler])[] = [
      [
        'res.end, to add what is the visitor’s',
        (req, res, next) => {
          const { end } = res;
          res.end = ((text: string) => Reflect.apply(end, res, [`${text} for ${who(req)}`])) as typeof res.end;
          next();
        },
      ],
      [
        'res.end, after a moment',
        (req, res, next) => {
          const { end } = res;
          res.end = ((text: string) => {
            setImmediate(() => Reflect.apply(end, res, [`${text} for ${who(req)}`]));
            return res;
          }) as typeof res.end;
          next();
        },
      ],
      [
        'the head, to add a field',
        (req, res, next) => {
          onHeaders(res, () => void res.setHeader('X-Visitor', who(req) ?? ''));
          next();
        },
      ],
    ];
    const show: RequestHandler = (_req, res) => {
      res.removeHeader('Content-Length');
      res.end('page');
    };

    it.each(own)('%s, is a use', async (_what, middleware) => {
      for (const mount of [
        (app: Express) => app.use(middleware),
        (app: Express) => app.use(sessions(), compression(), middleware),
        (app: Express) => app.use(middleware, sessions(), compression()),
      ]) {
        const site = await siteWith(mount, show);
        await site.get('/', ALICE);
        expect((await site.get('/', BOB)).isHit).toBe(false);
      }
    });

    it('as express-session and compression do, for their own bookkeeping, is none', async () => {
      const site = await siteWith(
        (app) => app.use(sessions(), compression({ threshold: 0 })),
        (_req, res) => {
          res.write('a ');
          setImmediate(() => res.end('page'));
        },
      );
      await site.get('/', { ...ALICE, 'accept-encoding': 'gzip' });
      expect((await site.get('/', { ...BOB, 'accept-encoding': 'gzip' })).isHit).toBe(true);
    });
  });

  it('fields that helmet sets in front keep no stream from being stored', async () => {
    const app = express();
    app.use(helmet(), cachePage({ ttl: 60, cache: makeCache() }), cookieParser());
    app.get('/', (_req, res) => {
      res.write('a ');
      setImmediate(() => res.end('page'));
    });
    const site = await serve(app);

    await site.get('/', ALICE);
    expect((await site.get('/', BOB)).isHit).toBe(true);
  });

  it.each([undefined, 'loadUser', (_error: unknown, _req: unknown, _res: unknown, _next: unknown) => {}])(
    'loader(%p) is refused at once',
    (middleware) => {
      expect(() => loader(middleware as never)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CONFIG' }));
    },
  );

  function sessions(): RequestHandler {
    return session({ secret: 's', resave: false, saveUninitialized: false, store: new session.MemoryStore() });
  }
});
