import { Writable } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import session, { type SessionOptions } from 'express-session';
import jwt from 'jsonwebtoken';
import passportModule from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';
import { Strategy as BearerStrategy } from 'passport-http-bearer';
import type { Carrier, Outcome, Setup } from './setup.js';

/** Who asks, by the cookie that tests send. */
export const who = (req: Pick<Request, 'headers'>): string => /who=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? 'anon';

/** Where logs go. */
export const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** Sessions in memory. */
export const sessions = (options: Partial<SessionOptions> = {}): RequestHandler =>
  session({ secret: 's', resave: false, saveUninitialized: false, store: new session.MemoryStore(), ...options });

/** Logs in by the session alone. */
export const keepUser = (req: Carrier, res: Response) => {
  req.session.user = req.query['user'] ?? '';
  res.send('ok');
};

/** One that knows visitors by cookie, by token and by session. */
export const passport = new passportModule.Passport();
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

/** Logs in by Passport. */
export const logIn: NonNullable<Setup['logIn']> = (req, res, next) =>
  req.logIn({ name: req.query['user'] ?? '' }, (error: unknown) => (error ? next(error) : res.send('ok')));
export const passportSession = () => [sessions(), passport.initialize(), passport.session()];

/** Fields of a visitor with a token. */
export const bearer = (name: string) => ({ authorization: `Bearer tok-${name}` });
export const token = (name: string) => jwt.sign({ name }, 's') as string;
export const bearerToken = (name: string) => ({ authorization: `Bearer ${token(name)}` });

/** What becomes of a page. */
export const cached = (personal: string): Outcome => ({ open: 'cached', personal });
export const refused = (why: string, personal: string): Outcome => ({ open: `refused ${why}`, personal });
export const everywhere = (outcome: Outcome, halves = false) => ({
  before: outcome,
  inside: outcome,
  ...(halves ? { split: outcome } : {}),
});

/** A page that shows who asks. */
export const byCookie = (req: Carrier) => who(req);
