import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express, NextFunction, Request, Response } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const ALICE = { cookie: 'alice' };
const BOB = { cookie: 'bob' };

/** Whatever middleware and handlers put on a request or a response. */
type Loose = Record<string | symbol, unknown>;
type Read = (req: Request & Loose, res: Response & Loose) => unknown;

const who = ({ headers }: Request): string => headers.cookie ?? 'nobody';
const OWN = Symbol('visitor');

/** Where middleware in front may keep the visitor out of the sight of a plain enumeration, and how it is read there. */
const hidden: readonly (readonly [place: string, read: Read])[] = [
  ['a symbol of req', (req) => req[OWN]],
  ['a symbol of res', (_req, res) => res[OWN]],
  ['a symbol of res.locals', (_req, res) => Reflect.get(res.locals, OWN)],
  ['a property of req that is not enumerable', (req) => req['hiddenOne']],
  ['a getter of req that is not enumerable', (req) => req['lazyOne']],
  ['a property of res.locals that is not enumerable', (_req, res) => res.locals['hiddenOne']],
  ['res.getHeader', (_req, res) => res.getHeader('X-Visitor')],
  ['res.get', (_req, res) => res.get('x-visitor')],
  ['res.getHeaders', (_req, res) => res.getHeaders()['x-visitor']],
];

function hide(req: Request & Loose, res: Response & Loose, next: NextFunction): void {
  const value = who(req);
  for (const target of [req, res, res.locals as Loose]) target[OWN] = value;
  for (const target of [req, res.locals]) Object.defineProperty(target, 'hiddenOne', { value, configurable: true });
  Object.defineProperty(req, 'lazyOne', { get: () => value, configurable: true });
  res.setHeader('X-Visitor', value);
  next();
}

/** Ways to ask whether a field is there without reading it. */
const presence: readonly (readonly [how: string, has: (fields: object, name: string) => boolean])[] = [
  ['in', (fields, name) => name in fields],
  ['Object.hasOwn', (fields, name) => Object.hasOwn(fields, name)],
  // biome-ignore lint/suspicious/noPrototypeBuiltins: what handlers write is the point.
  ['hasOwnProperty', (fields, name) => fields.hasOwnProperty(name)],
  ['a property descriptor', (fields, name) => Object.getOwnPropertyDescriptor(fields, name) !== undefined],
  ['Object.keys', (fields, name) => Object.keys(fields).includes(name)],
  ['a copy', (fields, name) => Reflect.get({ ...fields }, name) !== undefined],
];

describe.each(expresses)('inputs that hide, on %s', (_version, express) => {
  it.each(hidden)(
    '%s, set in front and read by the handler, keeps the response from being stored',
    async (_place, read) => {
      const site = await siteOf((app, cached) => {
        app.use(hide as never, cached());
        app.get('/', (req, res) => void res.send(`for ${read(req as never, res as never)}`));
      });

      expect((await site.get('/', ALICE)).text).toBe('for alice');
      expect((await site.get('/', BOB)).text).toBe('for bob');
    },
  );

  it.each(['user', 'session', 'clientIp'])(
    'req.%s counts as read also where the first visitor of the process has none',
    async (name) => {
      const site = await siteOf((app, cached) => {
        app.use((req, _res, next) => {
          if (req.headers.cookie !== undefined) Object.assign(req, { [name]: { name: who(req) } });
          next();
        }, cached());
        app.get('/', (req, res) => {
          const visitor = Reflect.get(req, name) as { name: string } | undefined;
          res.send(`for ${visitor?.name ?? 'nobody'}`);
        });
      });

      expect((await site.get('/')).text).toBe('for nobody');
      expect((await site.get('/', BOB)).text).toBe('for bob');
    },
  );

  it('req.headersDistinct counts as read also where middleware in front has read it before', async () => {
    const site = await siteOf((app, cached) => {
      app.use((req, _res, next) => {
        void req.headersDistinct;
        next();
      }, cached());
      app.get('/', (req, res) => void res.send(`for ${req.headersDistinct['cookie']}`));
    });

    expect((await site.get('/', ALICE)).text).toBe('for alice');
    expect((await site.get('/', BOB)).text).toBe('for bob');
  });

  it.each(['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-prefix'])(
    '%s, read by the handler of an app that trusts no proxy, selects a variant',
    async (name) => {
      const site = await siteOf((app, cached) => {
        app.get('/read', cached(), (req, res) => void res.send(`//${req.headers[name] ?? 'own'}/app.js`));
        app.get('/get', cached(), (req, res) => void res.send(`//${req.get(name) ?? 'own'}/app.js`));
      });

      for (const path of ['/read', '/get']) {
        const poison = await site.get(path, { [name]: 'evil.example' });
        expect(poison.text).toBe('//evil.example/app.js');
        expect(poison.headers.vary).toBe(name);
        expect((await site.get(path)).text).toBe('//own/app.js');
        expect(await site.get(path)).toMatchObject({ isHit: true, text: '//own/app.js' });
      }
    },
  );

  it.each(presence)('%s: who asks whether a field of identity is there has read it', async (_how, has) => {
    const site = await siteOf((app, cached) => {
      app.get('/:name', cached(), (req, res) => {
        const isMember = has(req.headers, req.params['name'] ?? '');
        res.status(isMember ? 200 : 401).send(isMember ? 'members only' : 'no');
      });
    });

    for (const name of ['cookie', 'x-api-key']) {
      expect((await site.get(`/${name}`, { [name]: 'alice' })).status).toBe(200);
      expect((await site.get(`/${name}`)).status).toBe(401);
    }
  });

  it('a list of all fields counts as read with the fields that are not in it', async () => {
    const site = await siteOf((app, cached) => {
      app.get('/', cached(), (req, res) => void res.send(Object.keys(req.headers).join()));
    });

    expect((await site.get('/')).text).not.toContain('cookie');
    expect((await site.get('/', BOB)).text).toContain('cookie');
  });

  it('asking whether any other field is there selects a variant', async () => {
    const site = await siteOf((app, cached) => {
      app.get('/', cached(), (req, res) => void res.send('x-tenant' in req.headers ? 'tenant' : 'all'));
    });

    expect(await site.get('/', { 'x-tenant': 'a' })).toMatchObject({ text: 'tenant', isStored: true });
    expect(await site.get('/')).toMatchObject({ text: 'all', isStored: true });
    expect(await site.get('/', { 'x-tenant': 'a' })).toMatchObject({ text: 'tenant', isHit: true });
  });

  it.each<[string, Partial<CachePageOptions>]>([
    ['a device key', { key: (req) => (/Mobi/.test(req.get('user-agent') ?? '') ? 'mobile' : 'desktop') }],
    ['a key from a property of middleware in front', { key: (req) => Reflect.get(req, 'locale') }],
    ['vary: user-agent', { vary: ['user-agent'] }],
  ])('%s does not switch off the rule for Authorization (RFC 9111 §3.5)', async (_which, options) => {
    const bearer = new AsyncLocalStorage<string | undefined>();
    const site = await siteOf((app, cached) => {
      app.use((req, _res, next) => {
        Object.assign(req, { locale: 'en' });
        bearer.run(req.headers.authorization, next);
      });
      app.get('/', cached(options), (_req, res) => void res.send(`for ${bearer.getStore()}`));
    });

    expect((await site.get('/', { authorization: 'alice' })).text).toBe('for alice');
    expect((await site.get('/', { authorization: 'bob' })).text).toBe('for bob');
  });

  it('a POST whose key is undefined goes past the cache: its body tells it from others', async () => {
    const site = await siteOf((app, cached) => {
      app.use(express.json());
      const options = { methods: ['GET', 'POST'], key: (req: Request) => req.body?.id } as Partial<CachePageOptions>;
      app.post('/', cached(options), (req, res) => void res.send(`for ${req.body.query}`));
    });
    const post = (query: string) =>
      site.ask('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"query":"${query}"}` });

    expect((await post('alice')).text).toBe('for alice');
    expect((await post('bob')).text).toBe('for bob');
  });

  it('a placeholder function that answers anew on each call keeps the response from being stored', async () => {
    const token = () => randomBytes(16).toString('hex');
    const site = await siteOf((app, cached) => {
      app.get('/', cached({ placeholders: { csrf: token } }), (_req, res) => void res.send(`<input value=${token()}>`));
    });

    const [alice, bob] = [await site.get('/'), await site.get('/')];

    expect(bob.isHit).toBe(false);
    expect(bob.text).not.toBe(alice.text);
  });

  it("a handler's field is stored also where middleware in front has set the same value", async () => {
    const site = await siteOf((app, cached) => {
      app.use((req, res, next) => {
        res.setHeader('Content-Type', req.headers['x-api'] === undefined ? 'text/html' : 'application/json');
        next();
      }, cached());
      app.get('/', (_req, res) => void res.setHeader('Content-Type', 'application/json').end('"<script>"'));
    });
    await site.get('/', { 'x-api': '1' });

    const hit = await site.get('/');

    expect([hit.isHit, hit.headers['content-type']]).toEqual([true, 'application/json']);
  });

  /** An app with one cache; `cached` makes a view of it. */
  async function siteOf(
    mount: (app: Express, cached: (options?: Partial<CachePageOptions>) => ReturnType<typeof cachePage>) => void,
  ) {
    const app = express();
    const cache = makeCache();
    mount(app, (options = {}) => cachePage({ ttl: 60, cache, ...options }));
    return await serve(app);
  }
});
