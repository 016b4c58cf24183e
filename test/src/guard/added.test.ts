import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const ALICE = { cookie: 'who=alice' };
const BOB = { cookie: 'who=bob' };
const who = (req: Request): string | undefined => req.headers.cookie?.split('=')[1];
const symbol = Symbol('who');

/** Where middleware may put who is asking, in objects that are Node's own. */
const places: readonly (readonly [name: string, placeOf: (req: Request) => object, key: string | symbol])[] = [
  ['req.headers.userId', (req) => req.headers, 'userId'],
  ["req.headers['X-User-Id']", (req) => req.headers, 'X-User-Id'],
  ['req.headers[symbol]', (req) => req.headers, symbol],
  ['req.trailers.user', (req) => req.trailers, 'user'],
  ['req.trailersDistinct.user', (req) => req.trailersDistinct, 'user'],
  ['req.statusMessage', (req) => req, 'statusMessage'],
  ['req.rateLimit', (req) => req, 'rateLimit'],
  ['req.sendDate', (req) => req, 'sendDate'],
  ['req.socket.user', (req) => req.socket, 'user'],
  ['req.socket[symbol]', (req) => req.socket, symbol],
  ['req.client.user', (req) => Reflect.get(req, 'client'), 'user'],
];

describe.each(expresses)('what was put among what Node parsed, on %s', (_version, express) => {
  async function siteWith(show: RequestHandler, put: RequestHandler, options: Partial<CachePageOptions> = {}) {
    const app = express();
    app.use(put);
    app.use(cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full', ...options }));
    app.get('/', show);
    app.get('/other', show);
    return await serve(app);
  }

  describe.each(places)('%s', (_name, placeOf, key) => {
    const put: RequestHandler = (req, _res, next) => {
      if (who(req) !== undefined) Reflect.set(placeOf(req), key, who(req));
      next();
    };
    const show: RequestHandler = (req, res) => void res.send(`for ${Reflect.get(placeOf(req), key) ?? 'nobody'}`);

    it('keeps what is made of it from being stored', async () => {
      const site = await siteWith(show, put);
      await site.get('/', ALICE);
      expect(await site.get('/', BOB)).toMatchObject({ text: 'for bob', isHit: false });
    });

    it('is covered where the key is made of it', async () => {
      const site = await siteWith(show, put, { key: (req) => Reflect.get(placeOf(req), key) as string });
      for (const visitor of [ALICE, BOB]) await site.get('/', visitor);
      expect(await site.get('/', ALICE)).toMatchObject({ text: 'for alice', isHit: true });
      expect(await site.get('/', BOB)).toMatchObject({ text: 'for bob', isHit: true });
    });

    it('changes nothing where nobody reads it', async () => {
      const site = await siteWith((_req, res) => void res.send('for all'), put);
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).isHit).toBe(true);
    });
  });

  it.each(['userId', symbol])(
    'a name that once was among the fields counts as read where it is absent: %p',
    async (key) => {
      const put: RequestHandler = (req, _res, next) => {
        if (who(req) !== undefined) Reflect.set(req.headers, key, who(req));
        next();
      };
      const show: RequestHandler = (req, res) => void res.send(`for ${Reflect.get(req.headers, key) ?? 'nobody'}`);
      const site = await siteWith(show, put);
      await site.get('/other', ALICE);
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(false);
    },
  );

  it.each([
    ['in req.headers', (req: Request) => 'userId' in req.headers],
    ['Object.hasOwn', (req: Request) => Object.hasOwn(req.headers, 'userId')],
  ])('to ask whether it is there is to read it: %s', async (_name, isThere) => {
    const put: RequestHandler = (req, _res, next) => {
      if (who(req) === 'alice') Reflect.set(req.headers, 'userId', 'alice');
      next();
    };
    const site = await siteWith((req, res) => void res.send(`member: ${isThere(req)}`), put);
    await site.get('/', ALICE);
    expect((await site.get('/', BOB)).text).toBe('member: false');
  });

  it('is let be where inputs say so, by its name', async () => {
    const put: RequestHandler = (req, _res, next) => {
      Object.assign(req.headers, { userId: who(req), 'X-Trace': who(req) });
      next();
    };
    const show: RequestHandler = ({ headers }, res) => void res.send(`for ${headers['userId']} ${headers['X-Trace']}`);
    const inputs = { 'req.headers.userId': 'ignore', "req.headers['X-Trace']": 'ignore' } as const;
    const site = await siteWith(show, put, { inputs });
    await site.get('/', ALICE);
    expect((await site.get('/', BOB)).isHit).toBe(true);
    for (const action of ['vary', 'hide'] as const)
      expect(() => cachePage({ ttl: 60, inputs: { 'req.headers.userId': action } })).toThrow('req.headers.userId');
  });

  it('stays on a connection for the requests that follow', async () => {
    const put: RequestHandler = (req, _res, next) => {
      if (req.url === '/login') Reflect.set(req.socket, 'user', who(req));
      next();
    };
    const show: RequestHandler = (req, res) => void res.send(`for ${Reflect.get(req.socket, 'user')}`);
    const site = await siteWith(show, put);
    await site.get('/login', ALICE);
    expect((await site.get('/')).text).toBe('for alice');
    expect((await site.get('/')).isHit).toBe(false);
  });

  it('an object in the place of a field is no value to select by', async () => {
    const put: RequestHandler = (req, _res, next) => {
      Reflect.set(req.headers, 'x-who', { name: who(req) });
      next();
    };
    const show: RequestHandler = (req, res) => {
      const field: unknown = req.headers['x-who'];
      res.send(`for ${Reflect.get(Object(field), 'name')}`);
    };
    const site = await siteWith(show, put);
    await site.get('/', ALICE);
    expect(await site.get('/', BOB)).toMatchObject({ status: 200, text: 'for bob' });
    const varied = await siteWith(show, put, { vary: ['x-who'] });
    await varied.get('/', ALICE);
    expect(await varied.get('/', BOB)).toMatchObject({ status: 200, text: 'for bob', isHit: false });
  });
});
