import compression from 'compression';
import flash from 'connect-flash';
import timeout from 'connect-timeout';
import cookieParser from 'cookie-parser';
import cors from 'cors';
import { doubleCsrf } from 'csrf-csrf';
import csurf from 'csurf';
import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import useragent from 'express-useragent';
import expressWinston from 'express-winston';
import helmet from 'helmet';
import hpp from 'hpp';
import I18n from 'i18n';
import i18next from 'i18next';
import * as i18nextMiddleware from 'i18next-http-middleware';
import methodOverride from 'method-override';
import morgan from 'morgan';
import multer from 'multer';
import { pinoHttp } from 'pino-http';
import requestIp from 'request-ip';
import responseTime from 'response-time';
import winston from 'winston';

import type { Setup } from './setup.js';
import { byCookie, cached, everywhere, nowhere, refused, sessions, who } from './setup-parts.js';

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

/** Who sets fields, reads what the request says, or tells of it. */
export const requestSetups: readonly Setup[] = [
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
];
