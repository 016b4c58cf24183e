import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCache } from '@viewcache/core';
import { cachePage, loader } from '@viewcache/express';
import type cookieParser from 'cookie-parser';
import type express from 'express';
import type { Request, RequestHandler } from 'express';
import type session from 'express-session';
import type { PassportStatic } from './passport-static.js';

/** The middleware that is looked at, however it was loaded: as a package, with a tracer around it, or out of a bundle. */
export interface Loaded {
  readonly express: typeof express;
  readonly cookieParser: typeof cookieParser;
  readonly session: typeof session;
  readonly passport: PassportStatic;
}

/** What became of a page for all, and of one for each visitor, behind some middleware inside the cached part. */
export type Row = readonly [name: string, open: string, personal: string, withoutCookie: number];

const who = (req: Request): string | undefined => /who=(\w+)/.exec(req.headers.cookie ?? '')?.[1];

export async function rowsOf({ express, cookieParser, session, passport }: Loaded): Promise<Row[]> {
  const sessions = () => session({ secret: 's', resave: false, saveUninitialized: false });
  const parse = cookieParser();
  const around: RequestHandler = (req, res, next) =>
    parse(req, res, () => void (req.cookies['who'] === undefined ? res.sendStatus(403) : next()));
  const gate: RequestHandler = (req, res, next) => void (who(req) === undefined ? res.sendStatus(403) : next());
  const load = loader((req, _res, next) => next(void Reflect.set(req, 'visitor', who(req))));
  const setups: readonly (readonly [name: string, middleware: RequestHandler[], read: string])[] = [
    ['nothing', [], 'headers'],
    ['cookie-parser', [cookieParser()], 'cookies'],
    ['express-session', [sessions()], 'session'],
    ['passport.session()', [sessions(), passport.initialize(), passport.session()], 'user'],
    ['a gate', [gate], 'headers'],
    ['a gate around cookie-parser', [around], 'cookies'],
    ['a declared loader', [load], 'visitor'],
  ];
  const rows: Row[] = [];
  for (const [name, middleware, read] of setups) {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: createCache(), cacheStatus: 'full' }));
    for (const each of middleware) app.use(each);
    app.get('/open', (_req, res) => void res.send('page'));
    app.get('/personal', (req, res) => {
      const value: unknown = read === 'headers' ? req.headers.cookie : Reflect.get(req, read);
      res.send(`for ${String(value)}`);
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const ask = async (path: string, cookie?: string) => {
      const headers = cookie === undefined ? {} : { cookie };
      const sent = get({
        port: (server.address() as AddressInfo).port,
        host: '127.0.0.1',
        path,
        headers,
        agent: false,
      });
      const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
      response.resume();
      await once(response, 'end');
      return { status: response.statusCode ?? 0, said: String(response.headers['cache-status']) };
    };
    const outcome = async (path: string) => {
      const first = await ask(path, 'who=alice');
      const second = await ask(path, 'who=bob');
      if (/;\s*hit\b/.test(second.said)) return 'cached';
      return /detail="?input ([^";]+)/.exec(first.said)?.[1] ?? `${first.status} ${first.said}`;
    };
    rows.push([name, await outcome('/open'), await outcome('/personal'), (await ask('/open')).status]);
    server.close();
  }
  return rows;
}
