import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import type { RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

/** Whatever middleware and handlers put on a request or a response. */
type Loose = Record<string | symbol, unknown>;
type Put = (req: Loose, res: Loose, who: string) => unknown;
type Read = (req: Loose, res: Loose) => unknown;

const kUser = Symbol('kUser');
const call = (method: unknown, ...args: unknown[]) => (method as (...args: unknown[]) => unknown)(...args);

class Visitor {
  readonly #user: string;

  constructor(user: string) {
    this.#user = user;
  }

  get user(): string {
    return this.#user;
  }
}

const places: readonly (readonly [where: string, put: Put, read: Read])[] = [
  [
    "a symbol of req that is named as Node's are",
    (req, _res, who) => Reflect.set(req, kUser, who),
    (req) => req[kUser],
  ],
  ['such a symbol of res', (_req, res, who) => Reflect.set(res, kUser, who), (_req, res) => res[kUser]],
  [
    'res.locals.settings',
    (_req, res, who) => Reflect.set(res['locals'] as Loose, 'settings', who),
    (_req, res) => (res['locals'] as Loose)['settings'],
  ],
  ['req.length', (req, _res, who) => Reflect.set(req, 'length', who), (req) => req['length']],
  ['res.err', (_req, res, who) => Reflect.set(res, 'err', who), (_req, res) => res['err']],
  [
    'res.locals of a class',
    (_req, res, who) => Reflect.set(res, 'locals', new Visitor(who)),
    (_req, res) => (res['locals'] as Visitor).user,
  ],
  [
    'res.locals that inherits',
    (_req, res, who) => Reflect.set(res, 'locals', Object.create({ user: who })),
    (_req, res) => (res['locals'] as Visitor).user,
  ],
  [
    'res.locals that is a Map',
    (_req, res, who) => Reflect.set(res, 'locals', new Map([['user', who]])),
    (_req, res) => (res['locals'] as Map<string, string>).get('user'),
  ],
  [
    'a method of req put in the place of another',
    (req, _res, who) => Reflect.set(req, 'acceptsLanguages', () => who),
    (req) => call(req['acceptsLanguages'], 'en'),
  ],
];

describe.each(expresses)('what middleware in front leaves for one visitor, on %s', (_version, express) => {
  it.each(places)('%s reaches nobody else', async (_where, put, read) => {
    const app = express();
    const inFront: RequestHandler = (req, res, next) => {
      put(req as never, res as never, req.headers.cookie ?? 'nobody');
      next();
    };
    app.use(inFront, cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (req, res) => void res.end(`for ${read(req as never, res as never)}`));
    const site = await serve(app);

    expect((await site.get('/', { cookie: 'alice' })).text).toBe('for alice');
    expect((await site.get('/', { cookie: 'bob' })).text).toBe('for bob');
  });

  it('methods that tracing binds keep nothing from being stored', async () => {
    const app = express();
    const bind: RequestHandler = (req, res, next) => {
      for (const target of [req, res]) {
        for (const name of ['on', 'once', 'emit', 'removeListener', 'addListener', 'off'] as const) {
          Object.assign(target, { [name]: target[name].bind(target) });
        }
      }
      next();
    };
    app.use(bind, cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (_req, res) => void res.on('finish', () => undefined).send('page'));
    const site = await serve(app);
    await site.get('/');

    expect((await site.get('/')).isHit).toBe(true);
  });

  it.each(['name', 'type', 'length', 'then'])('a field %s is one, though libraries ask for it', async (name) => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (req, res) => void res.end(`for ${req.headers[name]}`));
    const site = await serve(app);

    expect((await site.get('/', { [name]: '1' })).text).toBe('for 1');
    expect((await site.get('/', { [name]: '2' })).text).toBe('for 2');
  });

  it.each(['hasHeader', 'getHeaderNames', 'getRawHeaderNames'])('res.%s tells of a field set in front', async (how) => {
    const app = express();
    const inFront: RequestHandler = (req, res, next) => {
      if (req.headers.cookie !== undefined) res.setHeader('x-member', '1');
      next();
    };
    app.use(inFront, cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (_req, res) => {
      const said = call(Reflect.get(res, how).bind(res), 'x-member');
      const isMember = Array.isArray(said) ? said.includes('x-member') : said;
      res.status(isMember ? 200 : 401).end();
    });
    const site = await serve(app);

    expect((await site.get('/', { cookie: 'alice' })).status).toBe(200);
    expect((await site.get('/')).status).toBe(401);
  });

  it.each(['add', 'replace'])('a query that is not the URL’s reaches nobody else: %s', async (how) => {
    const app = express();
    const inFront: RequestHandler = (req, _res, next) => {
      const tenant = req.headers.cookie;
      if (how === 'add') Object.assign(req.query, { tenant });
      else Object.defineProperty(req, 'query', { value: { tenant }, configurable: true, enumerable: true });
      next();
    };
    app.use(inFront, cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/', (req, res) => void res.end(`for ${req.query['tenant']}`));
    const site = await serve(app);

    for (const path of ['/', '/?a=1']) {
      await site.get(path, { cookie: 'alice' });
      expect((await site.get(path, { cookie: 'bob' })).text).not.toBe('for alice');
    }
  });

  it.each<[string, Put, Read]>([
    ['res', (_req, res) => Reflect.set(res, 'suspect', 1), (_req, res) => res['suspect']],
    ['req, beside many others', (req) => Reflect.set(req, 'suspect', 1), (req) => req['suspect']],
  ])('what one visitor had on %s is missed on others', async (_where, put, read) => {
    const app = express();
    const inFront: RequestHandler = (req, res, next) => {
      for (let i = 0; i < 40; i++) Object.assign(req, { [`own${i}`]: i });
      if (req.headers.cookie === 'banned') put(req as never, res as never, '');
      next();
    };
    app.use(inFront, cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/:page', (req, res) => void res.status(read(req as never, res as never) ? 403 : 200).end());
    const site = await serve(app);
    await site.get('/1', { cookie: 'banned' });
    await site.get('/2');

    expect((await site.get('/2', { cookie: 'banned' })).status).toBe(403);
  });
});
