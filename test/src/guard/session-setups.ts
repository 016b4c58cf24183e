import cookieParser from 'cookie-parser';
import cookieSession from 'cookie-session';

import type { Setup } from './setup.js';
import { byCookie, cached, everywhere, keepUser, refused, sessions } from './setup-parts.js';

/** Cookies and sessions. */
export const sessionSetups: readonly Setup[] = [
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
];
