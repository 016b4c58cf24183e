import { AsyncLocalStorage } from 'node:async_hooks';
import compression from 'compression';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import type { Request, RequestHandler } from 'express';
import helmet from 'helmet';
import morgan from 'morgan';
import type { Carrier, Express, Setup } from './setup.js';
import {
  cached,
  everywhere,
  keepUser,
  logIn,
  nowhere,
  passport,
  passportSession,
  refused,
  sessions,
  who,
} from './setup-parts.js';

const storage = new AsyncLocalStorage<{ user: string }>();

/** A home-made middleware that reads the cookie: inside, nobody can tell it from a gate. */
const homeMade = (personal: string) => ({
  before: cached(personal),
  inside: refused('header cookie', 'header cookie'),
});

const stack = (express: Express): RequestHandler[] => [
  helmet(),
  cors(),
  compression({ threshold: 0 }),
  morgan('combined', { stream: nowhere() }),
  cookieParser(),
  ...passportSession(),
  express.json(),
];

/** What apps write themselves, and several at once. */
export const homeMadeSetups: readonly Setup[] = [
  {
    name: 'home-made: req.account',
    make: () => [
      (req: Request, _res, next) => {
        Object.assign(req, { account: { name: who(req) } });
        next();
      },
    ],
    personal: (req) => req.account.name,
    ...homeMade('req.account'),
  },
  {
    name: 'home-made: res.locals.user',
    make: () => [
      (req, res, next) => {
        res.locals['user'] = who(req);
        next();
      },
    ],
    personal: (_req, res) => res.locals['user'],
    ...homeMade('res.locals.user'),
  },
  {
    name: 'home-made: res.locals.user, asynchronously',
    make: () => [
      async (req, res, next) => {
        await null;
        const user = who(req);
        await new Promise(setImmediate);
        res.locals['user'] = user;
        next();
      },
    ],
    personal: (_req, res) => res.locals['user'],
    ...homeMade('res.locals.user'),
  },
  {
    name: 'home-made: AsyncLocalStorage',
    make: () => [(req, _res, next) => storage.run({ user: who(req) }, next)],
    personal: () => storage.getStore()?.user,
    // What no guard sees that is not told to watch the storage: the guide says so first of all.
    before: cached('LEAK'),
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'home-made: WeakMap, asked through a function on res',
    make: () => {
      const users = new WeakMap<object, string>();
      return [
        (req, res, next) => {
          users.set(res, who(req));
          next();
        },
        (_req, res, next) => {
          Object.assign(res, { who: () => users.get(res) });
          next();
        },
      ];
    },
    personal: (_req, res) => (res['who'] as () => string)(),
    ...homeMade('res.who'),
    split: cached('LEAK'),
  },
  {
    name: 'home-made: a property of res',
    make: () => [
      (req, res, next) => {
        Object.assign(res, { currentUser: who(req) });
        next();
      },
    ],
    personal: (_req, res) => res['currentUser'],
    ...homeMade('res.currentUser'),
  },
  {
    name: 'home-made: a symbol of req, asked through a function',
    make: () => {
      const symbol = Symbol('user');
      return [
        (req: Request, _res, next) => {
          Object.assign(req, { [symbol]: who(req), who: () => Reflect.get(req, symbol) });
          next();
        },
      ];
    },
    personal: (req) => req.who(),
    ...homeMade('req.who'),
  },
  {
    name: 'home-made: a rewritten field',
    make: () => [
      (req, _res, next) => {
        req.headers['x-user'] = who(req);
        next();
      },
    ],
    personal: (req) => req.headers['x-user'],
    ...homeMade('header x-user'),
  },
  {
    name: 'home-made: a rewritten query',
    make: () => [
      (req, _res, next) => {
        req.url += `${req.url.includes('?') ? '&' : '?'}u=${who(req)}`;
        // Express 4 has parsed the query by now.
        if (Object.hasOwn(req, 'query')) req.query['u'] = who(req);
        next();
      },
    ],
    personal: (req) => req.query['u'],
    // The key has the URL as middleware in front has made it: each visitor gets a stored response of its own.
    before: { open: 'vary url', personal: 'vary url' },
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'home-made, then cookie-parser',
    make: () => [
      (req, res, next) => {
        res.locals['user'] = who(req);
        next();
      },
      cookieParser(),
    ],
    personal: (_req, res) => res.locals['user'],
    ...homeMade('res.locals.user'),
    split: cached('res.locals.user'),
  },
  {
    name: 'home-made, by a package that parses',
    make: () => [
      (req, res, next) => {
        res.locals['user'] = cookieParser.JSONCookies({ who: who(req) })['who'];
        next();
      },
    ],
    personal: (_req, res) => res.locals['user'],
    ...homeMade('res.locals.user'),
  },
  {
    name: 'home-made: from the session into res.locals',
    make: () => [
      sessions(),
      (req: Request, res, next) => {
        res.locals['user'] = (req as unknown as Carrier).session.user;
        next();
      },
    ],
    logIn: keepUser,
    personal: (_req, res) => res.locals['user'] ?? 'anon',
    before: cached('res.locals.user'),
    inside: refused('req.session', 'req.session'),
    split: refused('req.session', 'req.session'),
  },
  {
    name: 'home-made: a gate, and a page for all who pass',
    make: () => [(req, res, next) => void (who(req) === 'anon' ? res.status(401).send('no') : next())],
    isGate: true,
    personal: () => 'members',
    before: cached('nothing'),
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'home-made: a gate that also assigns',
    make: () => [
      (req: Request, res, next) => {
        const name = who(req);
        if (name === 'anon') return void res.status(401).send('no');
        Object.assign(req, { user: { name } });
        next();
      },
    ],
    isGate: true,
    personal: () => 'members',
    before: cached('nothing'),
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'a stack of nine',
    make: stack,
    logIn,
    personal: (req) => req.user?.name ?? 'anon',
    ...everywhere(cached('req.user'), true),
  },
  {
    name: 'a stack of nine in another order',
    make: (express) => [
      express.json(),
      sessions(),
      cookieParser(),
      passport.initialize(),
      passport.session(),
      morgan('combined', { stream: nowhere() }),
      compression({ threshold: 0 }),
      cors(),
      helmet(),
    ],
    logIn,
    personal: (req) => req.user?.name ?? 'anon',
    ...everywhere(cached('req.user'), true),
  },
];
