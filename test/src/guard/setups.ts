import { AsyncLocalStorage } from 'node:async_hooks';
import { Writable } from 'node:stream';
import compression from 'compression';
import flash from 'connect-flash';
import timeout from 'connect-timeout';
import cookieParser from 'cookie-parser';
import cookieSession from 'cookie-session';
import cors from 'cors';
import { doubleCsrf } from 'csrf-csrf';
import csurf from 'csurf';
import type express from 'express';
import type { Request, RequestHandler, Response } from 'express';
import basicAuth from 'express-basic-auth';
import { expressjwt } from 'express-jwt';
import { rateLimit } from 'express-rate-limit';
import session, { type SessionOptions } from 'express-session';
import useragent from 'express-useragent';
import expressWinston from 'express-winston';
import helmet from 'helmet';
import hpp from 'hpp';
import I18n from 'i18n';
import i18next from 'i18next';
import * as i18nextMiddleware from 'i18next-http-middleware';
import jwt from 'jsonwebtoken';
import methodOverride from 'method-override';
import morgan from 'morgan';
import multer from 'multer';
import passportModule from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import { pinoHttp } from 'pino-http';
import requestIp from 'request-ip';
import responseTime from 'response-time';
import winston from 'winston';

/** A request with what the middleware here puts on it. */
export interface Carrier extends Pick<Request, 'headers' | 'ip' | 'protocol' | 'hostname' | 'body' | 'res'> {
  readonly query: Record<string, string>;
  readonly cookies: Record<'who', string>;
  readonly signedCookies: Record<'who', string>;
  readonly session: { user?: string };
  readonly log: { info(text: string): void };
  readonly useragent: { readonly browser: string };
  readonly files: unknown;
  readonly clientIp: string;
  readonly locale: string;
  user: { readonly name: string } | undefined;
  auth: { readonly name: string; readonly user: string } | undefined;
  account: { readonly name: string };
  t(text: string): string;
  __(text: string): string;
  csrfToken(): string;
  isAuthenticated(): boolean;
  flash(key: string, text?: string): unknown;
  logIn(user: object, done: (error: unknown) => void): void;
  who(): string;
}
type Carried = Response & Record<string, unknown>;

/** What one place of a middleware comes to: for a public handler, and for one that answers each visitor with its own. */
export interface Outcome {
  /** `cached`, `vary x` for each its variant, or `refused` and why. */
  readonly open: string;
  /** The input that keeps a personalised page from being stored, or `vary x`. */
  readonly personal: string;
}

/** One middleware, or stack of them, mounted before the cache, inside the cached part, and half and half. */
export interface Setup {
  readonly name: string;
  make(express: Express): RequestHandler[];
  /** What a personalised handler answers. */
  personal(req: Carrier, res: Carried): unknown;
  open?(req: Carrier): unknown;
  readonly visitors?: (who: string, at: number) => Record<string, string>;
  logIn?(req: Carrier, res: Response, next: (error?: unknown) => void): void;
  readonly isGate?: boolean;
  readonly trusts?: boolean;
  readonly before: Outcome;
  readonly inside: Outcome;
  readonly split?: Outcome;
}

type Express = typeof express;

const who = (req: Pick<Request, 'headers'>): string => /who=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? 'anon';

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
const sessions = (options: Partial<SessionOptions> = {}) =>
  session({ secret: 's', resave: false, saveUninitialized: false, store: new session.MemoryStore(), ...options });
const keepUser = (req: Carrier, res: Response) => {
  req.session.user = req.query['user'] ?? '';
  res.send('ok');
};
const passport = new passportModule.Passport();
passport.serializeUser((user: { name: string }, done: (error: null, name: string) => void) => done(null, user.name));
passport.deserializeUser((name: string, done: (error: null, user: object) => void) =>
  setImmediate(done, null, { name }),
);
passport.use(
  new BearerStrategy((token: string, done: (error: null, user: object) => void) =>
    done(null, { name: token.replace('tok-', '') }),
  ),
);
passport.use(
  'cookie',
  new CustomStrategy((req, done) => {
    const name = who(req as Request);
    done(null, name === 'anon' ? false : { name });
  }),
);
const logIn: NonNullable<Setup['logIn']> = (req, res, next) =>
  req.logIn({ name: req.query['user'] ?? '' }, (error: unknown) => (error ? next(error) : res.send('ok')));
const passportSession = () => [sessions(), passport.initialize(), passport.session()];

const languages = i18next.createInstance();
await languages.use(i18nextMiddleware.LanguageDetector).init({
  fallbackLng: 'en',
  preload: ['en', 'fr'],
  resources: { en: { translation: { hi: 'hello' } }, fr: { translation: { hi: 'salut' } } },
});
I18n.configure({
  locales: ['en', 'fr'],
  staticCatalog: { en: { hi: 'hello' }, fr: { hi: 'salut' } },
  defaultLocale: 'en',
  updateFiles: false,
});
const storage = new AsyncLocalStorage<{ user: string }>();

const bearer = (name: string) => ({ authorization: `Bearer tok-${name}` });
const token = (name: string) => jwt.sign({ name }, 's') as string;
const bearerToken = (name: string) => ({ authorization: `Bearer ${token(name)}` });
const cached = (personal: string): Outcome => ({ open: 'cached', personal });
const refused = (why: string, personal: string): Outcome => ({ open: `refused ${why}`, personal });
const everywhere = (outcome: Outcome, halves = false) => ({
  before: outcome,
  inside: outcome,
  ...(halves ? { split: outcome } : {}),
});

/** A home-made middleware that reads the cookie: inside, nobody can tell it from a gate. */
const homeMade = (personal: string) => ({
  before: cached(personal),
  inside: refused('header cookie', 'header cookie'),
});

const byCookie = (req: Carrier) => who(req);
const stack = (express: Express): RequestHandler[] => [
  helmet(),
  cors(),
  compression({ threshold: 0 }),
  morgan('combined', { stream: nowhere() }),
  cookieParser(),
  ...passportSession(),
  express.json(),
];

export const setups: readonly Setup[] = [
  { name: 'nothing', make: () => [], personal: byCookie, ...everywhere(cached('header cookie')) },
  {
    name: 'cookie-parser',
    make: () => [cookieParser('x')],
    personal: (req) => req.cookies.who,
    ...everywhere(cached('req.cookies')),
  },
  {
    name: 'cookie-parser, signed',
    make: () => [cookieParser('x')],
    personal: (req) => String(req.signedCookies.who) + req.cookies.who,
    ...everywhere(cached('req.signedCookies')),
  },
  {
    name: 'express-session, lazy',
    make: () => [sessions()],
    logIn: keepUser,
    personal: (req) => req.session.user ?? 'anon',
    ...everywhere(cached('req.session')),
  },
  {
    name: 'express-session, saveUninitialized',
    make: () => [sessions({ saveUninitialized: true })],
    logIn: keepUser,
    personal: (req) => req.session.user ?? 'anon',
    ...everywhere(cached('req.session')),
  },
  {
    name: 'express-session, rolling',
    make: () => [sessions({ rolling: true })],
    logIn: keepUser,
    personal: (req) => req.session.user ?? 'anon',
    ...everywhere(refused('set-cookie', 'req.session')),
  },
  {
    name: 'express-session, resave',
    make: () => [sessions({ resave: true })],
    logIn: keepUser,
    personal: (req) => req.session.user ?? 'anon',
    ...everywhere(cached('req.session')),
  },
  {
    name: 'cookie-session',
    make: () => [cookieSession({ keys: ['k'] })],
    logIn: keepUser,
    personal: (req) => req.session.user ?? 'anon',
    before: cached('req.session'),
    inside: cached('header cookie'),
  },
  {
    name: 'passport.session()',
    make: passportSession,
    logIn,
    personal: (req) => req.user?.name ?? 'anon',
    ...everywhere(cached('req.user'), true),
  },
  {
    name: 'passport.session(), asked by isAuthenticated()',
    make: passportSession,
    logIn,
    personal: (req) => (req.isAuthenticated() ? `in-${req.user?.name}` : 'out'),
    ...everywhere(cached('req.user'), true),
  },
  {
    name: 'passport strategy by cookie, a gate',
    make: () => [passport.authenticate('cookie', { session: false })],
    isGate: true,
    personal: (req) => req.user?.name,
    before: cached('req.user'),
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'passport bearer, a gate',
    make: () => [passport.authenticate('bearer', { session: false })],
    visitors: bearer,
    isGate: true,
    personal: (req) => req.user?.name,
    before: cached('req.user'),
    inside: refused('header authorization', 'header authorization'),
  },
  {
    name: 'express-jwt, optional',
    make: () => [expressjwt({ secret: 's', algorithms: ['HS256'], credentialsRequired: false })],
    visitors: bearerToken,
    personal: (req) => req.auth?.name ?? 'anon',
    before: cached('req.auth'),
    inside: refused('header authorization', 'header authorization'),
  },
  {
    name: 'express-jwt, a gate',
    make: () => [expressjwt({ secret: 's', algorithms: ['HS256'] })],
    visitors: bearerToken,
    isGate: true,
    personal: (req) => req.auth?.name,
    before: cached('req.auth'),
    inside: refused('header authorization', 'header authorization'),
  },
  {
    name: 'express-jwt by cookie, a gate',
    make: () => [
      expressjwt({
        secret: 's',
        algorithms: ['HS256'],
        getToken: (req: Request) => /jw=([^;]+)/.exec(req.headers.cookie ?? '')?.[1],
      }),
    ],
    visitors: (name) => ({ cookie: `who=${name}; jw=${token(name)}` }),
    isGate: true,
    personal: (req) => req.auth?.name,
    before: cached('req.auth'),
    inside: refused('header cookie', 'header cookie'),
  },
  {
    name: 'express-basic-auth, a gate',
    make: () => [basicAuth({ users: { alice: 'p', bob: 'p' } })],
    visitors: (name) => ({ authorization: `Basic ${Buffer.from(`${name}:p`).toString('base64')}` }),
    isGate: true,
    personal: (req) => req.auth?.user,
    before: cached('req.auth'),
    inside: refused('header authorization', 'header authorization'),
  },
  { name: 'helmet', make: () => [helmet()], personal: byCookie, ...everywhere(cached('header cookie')) },
  {
    name: 'cors, fixed',
    make: () => [cors({ origin: 'https://a.example' })],
    visitors: (name) => ({ origin: `https://${name}.example` }),
    personal: (req) => req.headers.origin,
    before: cached('vary origin'),
    inside: { open: 'vary origin', personal: 'vary origin' },
  },
  {
    name: 'cors, reflected',
    make: () => [cors({ origin: true, credentials: true })],
    visitors: (name) => ({ origin: `https://${name}.example` }),
    personal: (req) => req.headers.origin,
    before: cached('vary origin'),
    inside: { open: 'vary origin', personal: 'vary origin' },
  },
  {
    name: 'compression',
    make: () => [compression({ threshold: 0 })],
    personal: byCookie,
    ...everywhere(cached('header cookie')),
  },
  {
    name: 'morgan',
    make: () => [morgan('combined', { stream: nowhere() })],
    personal: (req) => `${req.ip}${who(req)}`,
    ...everywhere(cached('header x-forwarded-for')),
  },
  {
    name: 'morgan, immediate',
    make: () => [morgan('combined', { stream: nowhere(), immediate: true })],
    personal: (req) => `${req.ip}${who(req)}`,
    ...everywhere(cached('header x-forwarded-for')),
  },
  {
    name: 'pino-http',
    make: () => [pinoHttp({}, nowhere())],
    personal: (req) => {
      req.log.info('x');
      return who(req);
    },
    ...everywhere(cached('header cookie')),
  },
  {
    name: 'express-winston',
    make: () => [expressWinston.logger({ transports: [new winston.transports.Stream({ stream: nowhere() })] })],
    personal: byCookie,
    ...everywhere(cached('header cookie')),
  },
  {
    name: 'express-rate-limit',
    make: () => [rateLimit({ limit: 1000, standardHeaders: 'draft-8', validate: false })],
    personal: (req) => `${req.ip}${who(req)}`,
    before: cached('header x-forwarded-for'),
    inside: refused('header x-forwarded-for', 'header x-forwarded-for'),
  },
  {
    name: 'i18next-http-middleware',
    make: () => [i18nextMiddleware.handle(languages) as unknown as RequestHandler],
    visitors: (_name, at) => ({ 'accept-language': at === 0 ? 'en' : 'fr' }),
    personal: (req) => req.t('hi'),
    before: cached('vary req.language'),
    inside: cached('req.t'),
  },
  {
    name: 'i18n',
    make: () => [I18n.init],
    visitors: (_name, at) => ({ 'accept-language': at === 0 ? 'en' : 'fr' }),
    personal: (req) => req.__('hi') + req.locale,
    before: cached('vary req.language'),
    inside: cached('req.__'),
  },
  {
    name: 'express-useragent',
    make: () => [useragent.express()],
    personal: (req) => req.useragent.browser,
    ...everywhere(cached('req.useragent')),
  },
  {
    name: 'express.json, express.urlencoded',
    make: (express) => [express.json(), express.urlencoded({ extended: true })],
    personal: (req) => JSON.stringify(req.body ?? null) + who(req),
    ...everywhere(cached('header cookie'), true),
  },
  {
    name: 'multer',
    make: () => [multer().any()],
    personal: (req) => JSON.stringify(req.files ?? null) + who(req),
    ...everywhere(cached('header cookie')),
  },
  {
    name: 'csurf, by cookie',
    make: () => [cookieParser(), csurf({ cookie: true })],
    personal: (req) => req.csrfToken(),
    before: cached('req.csrfToken'),
    inside: refused('set-cookie', 'req.csrfToken'),
    split: refused('set-cookie', 'req.csrfToken'),
  },
  {
    name: 'csurf, by session',
    make: () => [sessions(), csurf()],
    personal: (req) => req.csrfToken(),
    ...everywhere(refused('set-cookie', 'req.csrfToken'), true),
  },
  {
    name: 'csrf-csrf',
    make: () => [
      cookieParser(),
      doubleCsrf({
        getSecret: () => 's',
        getSessionIdentifier: (req) => String(req.cookies['who']),
        cookieOptions: { secure: false },
      }).doubleCsrfProtection,
    ],
    personal: (req) => req.csrfToken(),
    before: cached('req.csrfToken'),
    // It reads nothing until it is asked for a token, and then the cookies.
    inside: cached('req.cookies'),
    split: cached('req.cookies'),
  },
  {
    name: 'connect-flash',
    make: () => [sessions(), flash()],
    logIn(req, res) {
      req.session.user = req.query['user'] ?? '';
      req.flash('m', `hi ${req.query['user']}`);
      res.send('ok');
    },
    personal: (req) => `${JSON.stringify(req.flash('m'))}/${req.session.user}`,
    ...everywhere(cached('req.session'), true),
  },
  {
    name: 'method-override',
    make: () => [methodOverride('X-HTTP-Method-Override')],
    personal: byCookie,
    ...everywhere(cached('header cookie')),
  },
  { name: 'response-time', make: () => [responseTime()], personal: byCookie, ...everywhere(cached('header cookie')) },
  {
    name: 'request-ip',
    make: () => [requestIp.mw()],
    visitors: (_name, at) => ({ 'x-forwarded-for': `9.9.9.${at}` }),
    personal: (req) => req.clientIp,
    ...everywhere(cached('req.clientIp')),
  },
  {
    name: 'trust proxy, and req.ip',
    make: () => [],
    trusts: true,
    visitors: (_name, at) => ({ 'x-forwarded-for': `9.9.9.${at}` }),
    open: (req) => `P${req.protocol}${req.hostname}`,
    personal: (req) => req.ip,
    ...everywhere(cached('header x-forwarded-for')),
  },
  {
    name: 'express.static',
    make: (express) => [express.static(new URL('.', import.meta.url).pathname)],
    personal: byCookie,
    ...everywhere(cached('header cookie')),
  },
  { name: 'hpp', make: () => [hpp()], personal: byCookie, ...everywhere(cached('header cookie')) },
  { name: 'connect-timeout', make: () => [timeout('5s')], personal: byCookie, ...everywhere(cached('header cookie')) },
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
