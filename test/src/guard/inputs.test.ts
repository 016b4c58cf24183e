import { AsyncLocalStorage } from 'node:async_hooks';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import cookieParser from 'cookie-parser';
import type { Express, Request, RequestHandler } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const ALICE = { cookie: 'who=alice', 'x-tenant': 'a', 'accept-language': 'fr' };
const BOB = { cookie: 'who=bob', 'x-tenant': 'b', 'accept-language': 'en' };
const put = (req: Request, name: string, value: unknown) => void Reflect.set(req, name, value);
const who = (req: Request): string => req.headers.cookie?.split('=')[1] ?? 'nobody';

describe.each(expresses)('inputs, on %s', (_version, express) => {
  async function siteWith(
    options: Partial<CachePageOptions>,
    show: RequestHandler,
    front: (app: Express) => void = () => {},
  ) {
    const app = express();
    front(app);
    app.use(cachePage({ ttl: 60, cache: makeCache(), cacheStatus: 'full', ...options }));
    app.get('/', show);
    return await serve(app);
  }

  const identified = (app: Express) => {
    app.use((req, res, next) => {
      put(req, 'user', { name: who(req) });
      put(req, 'plan', who(req) === 'alice' ? 'pro' : 'free');
      put(req, 'currentPlan', who(req) === 'alice' ? 1 : '1');
      res.locals['user'] = who(req);
      Object.assign(res, { user: who(req) });
      next();
    });
  };
  const read = (name: string): RequestHandler => {
    const [object, ...path] = name.split('.');
    return (req, res) => {
      const start: unknown = object === 'req' ? req : object === 'res' ? res : req.headers[name];
      const value = path.reduce((it: unknown, key) => Reflect.get(Object(it), key), start);
      res.send(`for ${JSON.stringify(value) ?? 'nobody'}`);
    };
  };

  describe('an action for one of them', () => {
    it.each(['req.user', 'res.locals.user', 'res.user', 'cookie'])(
      'ignore %s: whoever reads it gets the first one’s',
      async (name) => {
        const site = await siteWith({ inputs: { [name]: 'ignore' } }, read(name), identified);
        const alice = await site.get('/', ALICE);
        const bob = await site.get('/', BOB);
        expect([bob.text, bob.isHit]).toEqual([alice.text, true]);
      },
    );

    it.each(['req.user', 'res.locals.user', 'res.user', 'cookie'])(
      'hide %s: nobody sees it, and the page is everybody’s',
      async (name) => {
        const site = await siteWith({ inputs: { [name]: 'hide' } }, read(name), identified);
        const alice = await site.get('/', ALICE);
        const bob = await site.get('/', BOB);
        expect([alice.text, bob.isHit]).toEqual(['for nobody', true]);
      },
    );

    it.each(['accept-language', 'x-tenant'])('refuse %s: not stored', async (name) => {
      const site = await siteWith({ inputs: { [name.toUpperCase()]: 'refuse' } }, read(name));
      await site.get('/', ALICE);
      expect((await site.get('/', ALICE)).isHit).toBe(false);
    });

    it.each(['cookie', 'req.plan', 'req.currentPlan'])('vary %s: a stored response for each value', async (name) => {
      const site = await siteWith({ inputs: { [name]: 'vary' } }, read(name), identified);
      const texts = [];
      for (const visitor of [ALICE, BOB]) texts.push((await site.get('/', visitor)).text);
      for (const [at, visitor] of [ALICE, BOB].entries()) {
        const again = await site.get('/', visitor);
        expect([again.text, again.isHit]).toEqual([texts[at], true]);
      }
      expect(texts[0]).not.toBe(texts[1]);
    });

    it('vary by a property: what a client sends in a field of that name does not count, and Vary does not name it', async () => {
      const site = await siteWith({ inputs: { 'req.plan': 'vary' } }, read('req.plan'), identified);
      const alice = await site.get('/', ALICE);
      const bob = await site.get('/', { ...BOB, 'req.plan': 'pro', 'req.Plan': '"pro"' });
      expect([alice.headers.vary, bob.text]).toEqual([undefined, 'for "free"']);
    });

    it('vary by a property that is no plain value: not stored', async () => {
      const site = await siteWith({ inputs: { 'req.user': 'vary' } }, read('req.user'), identified);
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).text).toBe('for {"name":"bob"}');
      expect((await site.get('/', ALICE)).isHit).toBe(false);
    });

    it('leaves the others as they are', async () => {
      const site = await siteWith({ inputs: { 'x-tenant': 'ignore' } }, read('cookie'));
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).text).toBe('for "who=bob"');
    });
  });

  describe('hidden fields', () => {
    const hidden: Partial<CachePageOptions> = { inputs: { cookie: 'hide', authorization: 'hide' } };
    const visitor = { ...ALICE, authorization: 'Bearer alice', 'user-agent': 'alice', 'x-forwarded-for': 'alice' };
    const copies: readonly (readonly [how: string, copy: (req: Request) => unknown])[] = [
      ['a spread', (req) => ({ ...req.headers })],
      ['Object.entries', (req) => Object.entries(req.headers)],
      [
        'for … in',
        (req) => {
          const found: unknown[] = [];
          for (const name in req.headers) found.push(name, req.headers[name]);
          return found;
        },
      ],
      ['JSON.stringify', (req) => JSON.parse(JSON.stringify(req.headers))],
      ['new Headers', (req) => [...new Headers(req.headers as Record<string, string>)]],
      ['rawHeaders', (req) => [...req.rawHeaders]],
      ['headersDistinct', (req) => ({ ...req.headersDistinct })],
    ];

    it.each(copies)('%s of all fields shows nothing of a visitor, and is stored', async (_how, copy) => {
      for (const front of [() => {}, (app: Express) => app.use((req, _res, next) => next(void req.headersDistinct))]) {
        const site = await siteWith(hidden, (req, res) => void res.json(copy(req)), front);
        const alice = await site.get('/', visitor);
        const bob = await site.get('/', BOB);
        expect(alice.text).not.toMatch(/alice/);
        expect(alice.text.toLowerCase()).toContain('host');
        expect([bob.isHit, bob.text]).toEqual([true, alice.text]);
      }
    });

    it('do not reach middleware inside either, and are back when the response has been sent', async () => {
      const seen: unknown[] = [];
      const site = await siteWith(
        hidden,
        (_req, res) => void res.send('x'),
        (app) =>
          app.use((req, res, next) => {
            res.once('finish', () =>
              seen.push(req.headers.cookie, req.rawHeaders.includes('who=alice'), { ...req.headers }.cookie),
            );
            next();
          }),
      );
      await site.get('/', ALICE);
      expect(seen).toEqual(['who=alice', true, 'who=alice']);

      const app = express();
      app.use(cachePage({ ttl: 60, cache: makeCache(), ...hidden }), cookieParser());
      app.get('/', (req, res) => void res.json(req.cookies));
      const parsed = await serve(app);
      expect((await parsed.get('/', ALICE)).text).toBe('{}');
      expect((await parsed.get('/', BOB)).isHit).toBe(true);
    });

    it('with only the cookie hidden, a copy is a use all the same', async () => {
      const site = await siteWith({ inputs: { cookie: 'hide' } }, (req, res) => void res.json({ ...req.headers }));
      const alice = await site.get('/', { ...ALICE, authorization: 'alice' });
      expect(alice.text).not.toContain('who=');
      expect((await site.get('/', { authorization: 'bob' })).isHit).toBe(false);
    });

    it('in a copy, a field that varies by the option selects', async () => {
      const site = await siteWith(
        { inputs: { cookie: 'hide', authorization: 'hide', 'accept-language': 'vary' } },
        (req, res) => void res.json({ ...req.headers, raw: req.rawHeaders.join() }),
      );
      const french = await site.get('/', ALICE);
      const english = await site.get('/', BOB);
      expect([french.text.includes('fr'), english.isHit, english.text.includes('fr')]).toEqual([true, false, false]);
    });
  });

  describe('all at once', () => {
    it('refuse: what would vary is not stored either', async () => {
      const site = await siteWith({ inputs: 'refuse' }, read('accept-language'));
      await site.get('/', ALICE);
      expect((await site.get('/', ALICE)).isHit).toBe(false);
    });

    it('warn: stored all the same, and what varies varies', async () => {
      const site = await siteWith(
        { inputs: 'warn' },
        (req, res) => void res.send(`${who(req)} ${req.get('accept-language')}`),
      );
      await site.get('/', ALICE);
      const bob = await site.get('/', { ...BOB, 'accept-language': 'fr' });
      expect([bob.isHit, bob.text, (await site.get('/', BOB)).isHit]).toEqual([true, 'alice fr', false]);
    });

    it('off: nothing is watched', async () => {
      const site = await siteWith({ inputs: 'off' }, (req, res) => void res.json({ ...req.headers }));
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).text).toContain('who=alice');
    });

    it('off: a key of Authorization lets requests with it be stored, each apart', async () => {
      const site = await siteWith({ inputs: 'off', key: (req) => req.get('authorization') }, read('authorization'));
      for (const authorization of ['a', 'b']) await site.get('/', { authorization });
      const again = await site.get('/', { authorization: 'b' });
      expect([again.isHit, again.text]).toEqual([true, 'for "b"']);
    });
  });

  describe('a key that returns nothing', () => {
    const key = (req: object) => (Reflect.get(req, 'user') as { id?: string } | undefined)?.id;

    it('for somebody who is known does not cover who that is: users without an id share no page', async () => {
      const site = await siteWith({ key }, read('req.user.name'), identified);
      const alice = await site.get('/', ALICE);
      expect(alice.headers['cache-status']).toContain('detail="input req.user"');
      expect((await site.get('/', BOB)).text).toBe('for "bob"');
    });

    it('for those whom nobody knows lets them share one', async () => {
      const site = await siteWith({ key }, read('req.user.name'));
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(true);
    });

    it('and reads nobody covers nobody', async () => {
      const site = await siteWith({ key: () => undefined }, read('req.user.name'));
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(false);
    });

    it('for a request with Authorization does not cover that either', async () => {
      const roleOf = (field: string | undefined) => (field === 'Bearer admin' ? 'admin' : undefined);
      const site = await siteWith({ key: (req) => roleOf(req.get('authorization')) }, read('authorization'));
      for (const authorization of ['Bearer a', 'Bearer b'])
        expect((await site.get('/', { authorization })).text).toBe(`for "${authorization}"`);
      await site.get('/', { authorization: 'Bearer admin' });
      expect((await site.get('/', { authorization: 'Bearer admin' })).isHit).toBe(true);
    });

    it('leaves what vary names covered', async () => {
      const site = await siteWith(
        { key: (req) => void req.get('authorization') as undefined, vary: ['authorization'] },
        read('authorization'),
      );
      await site.get('/', { authorization: 'Bearer a' });
      expect((await site.get('/', { authorization: 'Bearer a' })).isHit).toBe(true);
    });
  });

  describe('watch', () => {
    const storages = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()] as const;
    const inContext = (app: Express) => {
      app.use((req, _res, next) => storages[0].run(who(req), () => storages[1].run(who(req), next)));
    };
    const show: RequestHandler = async (_req, res) => {
      await Promise.resolve();
      res.send(`for ${storages[0].getStore()}`);
    };

    it('a storage that is watched and read, also after an await: not stored', async () => {
      const site = await siteWith({ watch: [storages[0]] }, show, inContext);
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).text).toBe('for bob');
    });

    it('one that is watched and not read, or read and not watched, keeps nothing from being stored', async () => {
      const site = await siteWith({ watch: [storages[1]] }, show, inContext);
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).isHit).toBe(true);
    });

    it('one that the key reads, too: each visitor has a stored response of its own', async () => {
      const site = await siteWith({ watch: [storages[0]], key: () => storages[0].getStore() }, show, inContext);
      for (const visitor of [ALICE, BOB]) await site.get('/', visitor);
      const bob = await site.get('/', BOB);
      expect([bob.isHit, bob.text]).toEqual([true, 'for bob']);
    });
  });

  describe('of the connection', () => {
    it.each([
      ['req.socket.remoteAddress', (req: Request) => req.socket.remoteAddress],
      ['req.connection.remotePort', (req: Request) => req.connection.remotePort],
      ['res.socket.remoteAddress', (req: Request) => req.res?.socket?.remoteAddress],
      ['req.socket.localPort', (req: Request) => req.socket.localPort],
    ])('%s: not stored', async (_what, ask) => {
      const site = await siteWith({}, (req, res) => void res.send(`for ${ask(req)}`));
      await site.get('/');
      expect((await site.get('/')).isHit).toBe(false);
    });

    it('is not read by asking for the protocol or the host', async () => {
      const site = await siteWith({}, (req, res) => void res.send(`${req.protocol}${req.hostname}${req.secure}`));
      await site.get('/', { 'x-forwarded-proto': 'https' });
      expect((await site.get('/')).isHit).toBe(true);
    });

    it('counts for the request that read it, where another was sent before the answer', async () => {
      const site = await siteWith({}, (req, res) => {
        if (req.query['first'] === undefined) res.send('second');
        else setImmediate(() => setImmediate(() => res.send(`for ${req.socket.remoteAddress}`)));
      });
      const socket = connect(site.port, '127.0.0.1');
      socket.write('GET /?first=1 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toContain('second');
      expect((await site.get('/?first=1', { host: 'a' })).isHit).toBe(false);
    });
  });

  describe('a property that cannot be watched, as it cannot be configured', () => {
    const fixed = (name: string) => (app: Express) => {
      app.use((req, _res, next) => next(void Object.defineProperty(req, name, { value: [who(req)] })));
    };

    it('counts as read', async () => {
      const site = await siteWith({}, (_req, res) => void res.send('page'), fixed('account'));
      expect((await site.get('/', ALICE)).text).toBe('page');
      expect((await site.get('/', ALICE)).isHit).toBe(false);
    });

    it('does not where it is known to be a tracer’s own', async () => {
      const site = await siteWith({}, (_req, res) => void res.send('page'), fixed('__ot_middlewares'));
      await site.get('/', ALICE);
      expect((await site.get('/', BOB)).isHit).toBe(true);
    });
  });

  it('to ask whether something is in res.locals is to read it', async () => {
    const site = await siteWith(
      {},
      (_req, res) => void res.send('user' in res.locals ? 'member' : 'guest'),
      (app) => app.use((req, res, next) => next(void (req.headers.cookie && Object.assign(res.locals, { user: 'x' })))),
    );
    await site.get('/', ALICE);
    expect((await site.get('/')).text).toBe('guest');
    // Seen once, it is watched for where it is absent, too.
    const other = await siteWith({}, (_req, res) => void res.send('user' in res.locals ? 'member' : 'guest'));
    await other.get('/');
    expect((await other.get('/')).isHit).toBe(false);
  });

  it.each<[inputs: unknown, setting: string, suggestion?: string]>([
    ['always', 'cachePage.inputs'],
    [['cookie'], 'cachePage.inputs'],
    [null, 'cachePage.inputs'],
    [{ cookie: 'drop' }, 'cachePage.inputs.cookie'],
    [{ 'a cookie': 'hide' }, 'cachePage.inputs'],
    [{ 'req.user.name': 'hide' }, 'cachePage.inputs', "'req.user'"],
    [{ 'res.locals.user.name': 'hide' }, 'cachePage.inputs', "'res.locals.user'"],
    [{ 'req.headers.cookie': 'ignore' }, 'cachePage.inputs', "'cookie'"],
    [{ 'header cookie': 'ignore' }, 'cachePage.inputs', "'cookie'"],
    [{ 'req.ip': 'ignore' }, 'cachePage.inputs', "'x-forwarded-for' and 'socket.remoteAddress'"],
    [{ 'req.headers': 'ignore' }, 'cachePage.inputs', "'all headers'"],
    [{ 'res.locals': 'hide' }, 'cachePage.inputs'],
    [{ 'res.locals.user': 'vary' }, 'cachePage.inputs.res.locals.user'],
    [{ 'all headers': 'hide' }, 'cachePage.inputs.all headers'],
    [{ 'socket.remoteAddress': 'vary' }, 'cachePage.inputs.socket.remoteAddress'],
  ])('%p is refused at once', (inputs, setting, ...suggested) => {
    expect(() => cachePage({ ttl: 60, inputs: inputs as never })).toThrow(
      expect.objectContaining({ setting, suggestion: suggested[0] }),
    );
  });

  it.each<[Partial<CachePageOptions>]>([
    [{ watch: new AsyncLocalStorage() as never }],
    [{ watch: [{}] as never }],
    [{ watch: [new AsyncLocalStorage()], inputs: 'off' }],
  ])('%p is refused at once', (options) => {
    expect(() => cachePage({ ttl: 60, ...options })).toThrow(expect.objectContaining({ setting: 'cachePage.watch' }));
  });
});
