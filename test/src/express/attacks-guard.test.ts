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
});
