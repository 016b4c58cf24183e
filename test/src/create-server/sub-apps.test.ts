import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from '@viewcache/express';
import type { Express, NextFunction, Request, Response } from 'express';
import { closeAll, get, listen } from './serve.js';
import { versions } from './versions.js';

afterEach(closeAll);

type Extended = Request & { who(): string; outer(): string; inner(): string };

describe.each(versions)('sub-apps under createServer, %s', (_name, express) => {
  const orders = [
    ['mounted before', (app: Express, mount: () => void) => [mount(), createServer(app)] as const],
    [
      'mounted after',
      (app: Express, mount: () => void) => {
        const server = createServer(app);
        mount();
        return [undefined, server] as const;
      },
    ],
  ] as const;

  describe.each(orders)('%s', (_order, build) => {
    it('have their own app, and the outer one is back after them', async () => {
      const [app, sub] = [express(), express()];
      const names = new Map<unknown, string>([
        [app, 'app'],
        [sub, 'sub'],
      ]);
      const log: unknown[] = [];
      const note = (where: string) => (req: Request, res: Response, next: NextFunction) => {
        const owner = names.get(req.app) === 'app' ? app : sub;
        const prototypes = [req, res].map((it) => Object.getPrototypeOf(it));
        log.push([
          where,
          names.get(req.app),
          names.get(res.app),
          prototypes[0] === owner.request,
          prototypes[1] === owner.response,
        ]);
        next();
      };
      app.use(note('before'));
      sub.use(note('inside'));
      sub.get('/inner', (_req, res) => res.send('inner'));
      const [, server] = build(app, () => app.use('/sub', sub));
      app.use(note('after'));
      app.get('/sub/outer', (req, res) => res.send(`outer ${req.baseUrl}${req.url}`));

      const port = await listen(server);
      expect((await get(port, '/sub/inner')).body).toBe('inner');
      expect(log.splice(0)).toEqual([
        ['before', 'app', 'app', true, true],
        ['inside', 'sub', 'sub', true, true],
      ]);
      expect((await get(port, '/sub/outer')).body).toBe('outer /sub/outer');
      expect(log).toEqual([
        ['before', 'app', 'app', true, true],
        ['inside', 'sub', 'sub', true, true],
        ['after', 'app', 'app', true, true],
      ]);
    });

    it('see the extensions of both applications, their own first', async () => {
      const [app, sub] = [express(), express()];
      Object.assign(app.request, { who: () => 'app', outer: () => 'outer' });
      Object.assign(sub.request, { who: () => 'sub', inner: () => 'inner' });
      sub.get('/', (req, res) => {
        const { who, outer, inner } = req as Extended;
        res.json([who(), outer(), inner()]);
      });
      app.get('/', (req, res) => res.json([(req as Extended).who(), 'inner' in req]));
      const [, server] = build(app, () => app.use('/sub', sub));
      const port = await listen(server);
      expect((await get(port, '/sub')).body).toBe('["sub","outer","inner"]');
      expect((await get(port, '/')).body).toBe('["app",false]');
    });

    it('nest, and hand errors to the outer error handler with the outer app', async () => {
      const [app, sub, deep] = [express(), express(), express()];
      deep.get('/fail', () => {
        throw new Error('deep trouble');
      });
      deep.get('/', (req, res) => res.json([req.app === deep, req.baseUrl, req.originalUrl, req.url]));
      sub.use('/deep', deep);
      const [, server] = build(app, () => app.use('/sub', sub));
      app.use((error: Error, req: Request, res: Response, _next: NextFunction) => {
        res.status(500).json([error.message, req.app === app, Object.getPrototypeOf(res) === app.response]);
      });
      const port = await listen(server);
      expect((await get(port, '/sub/deep')).body).toBe('[true,"/sub/deep","/sub/deep","/"]');
      expect(await get(port, '/sub/deep/fail')).toMatchObject({ status: 500, body: '["deep trouble",true,true]' });
    });
  });

  it('may have a server of their own and then be mounted', async () => {
    const [app, sub] = [express(), express()];
    Object.assign(sub.request, { inner: () => 'inner' });
    Object.assign(app.request, { outer: () => 'outer' });
    sub.get('/', (req, res) => {
      const { inner, outer } = req as Extended;
      res.json([req.app === sub, res.app === sub, inner(), outer()]);
    });
    const own = createServer(sub);
    app.use('/sub', sub);
    const outer = createServer(app);
    expect((await get(await listen(own), '/')).body).toBe('[true,true,"inner","outer"]');
    expect((await get(await listen(outer), '/sub')).body).toBe('[true,true,"inner","outer"]');
  });

  it('find every property that Node and Express set, so that none is added after the prototypes changed', async () => {
    const [app, sub] = [express(), express()];
    const own = (object: object): PropertyKey[] => Reflect.ownKeys(object);
    const added = new Promise<PropertyKey[][]>((resolve) => {
      // Runs in the outer application, as the last thing before the sub-app is entered.
      app.use((req, res, next) => {
        const before = [own(req), own(res)];
        res.on('close', () => {
          resolve([req, res].map((object, i) => own(object).filter((key) => !before[i]?.includes(key))));
        });
        next();
      });
    });
    sub.get('/', (_req, res) => res.json({ a: 1 }));
    app.use('/sub', sub);
    await get(await listen(createServer(app)), '/sub');
    expect(await added).toEqual([[], []]);
  });

  it('inherit the settings of the outer application', async () => {
    const [app, sub] = [express(), express()];
    app.set('trust proxy', true).set('title', 'outer');
    sub.get('/', (req, res) => res.json([req.ip, req.app.get('title')]));
    const server = createServer(app);
    app.use('/sub', sub);
    const { body } = await get(await listen(server), '/sub', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(body).toBe('["203.0.113.7","outer"]');
  });
});
