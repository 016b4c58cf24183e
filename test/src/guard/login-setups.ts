import type { Request } from 'express';
import basicAuth from 'express-basic-auth';
import { expressjwt } from 'express-jwt';

import type { Setup } from './setup.js';
import {
  bearer,
  bearerToken,
  cached,
  everywhere,
  logIn,
  passport,
  passportSession,
  refused,
  token,
} from './setup-parts.js';

/** Who logs visitors in, and who turns them away. */
export const loginSetups: readonly Setup[] = [
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
];
