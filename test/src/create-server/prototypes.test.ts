import { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from '@viewcache/express';
import type { Application, Request, Response } from 'express';
import { closeAll, get, listen } from './serve.js';
import { versions } from './versions.js';

afterEach(closeAll);

describe.each(versions)('requests and responses under createServer, %s', (_name, express) => {
  it('have the prototypes of the application before it is entered, and keep them', async () => {
    const app = express();
    const seen: unknown[] = [];
    app.get('/', (req, res) => {
      seen.push(Object.getPrototypeOf(req), Object.getPrototypeOf(res));
      res.end();
    });
    const server = createServer(app);
    server.prependListener('request', (req, res) => {
      seen.push(Object.getPrototypeOf(req), Object.getPrototypeOf(res));
    });
    await get(await listen(server), '/');
    expect(seen).toHaveLength(4);
    expect(seen[0]).toBe(app.request);
    expect(seen[1]).toBe(app.response);
    expect(seen[2]).toBe(app.request);
    expect(seen[3]).toBe(app.response);
  });

  it('are so too for what is called an Application, and for nothing that is none', async () => {
    const app: Application = express();
    app.get('/', (_req, res) => void res.send('page'));
    expect((await get(await listen(createServer(app)), '/')).body).toBe('page');
    // @ts-expect-error a function of a request and a response is no application
    expect(() => createServer((_req: IncomingMessage, res: ServerResponse) => res.end())).toThrow(/express\(\)/);
  });

  it('are what Node calls them', async () => {
    const app = express();
    app.get('/', (req, res) => {
      res.json([
        req instanceof IncomingMessage,
        res instanceof ServerResponse,
        req.constructor === IncomingMessage,
        res.constructor === ServerResponse,
        inspect(req, { depth: -1 }),
        inspect(res, { depth: -1 }),
        Object.hasOwn(app.request, 'app'),
        req.app === app && res.app === app && res.req === req && req.res === res,
      ]);
    });
    const listened = await get(await listen(app.listen(0, '127.0.0.1')), '/');
    const created = await get(await listen(createServer(app)), '/');
    expect(created).toEqual(listened);
    expect(JSON.parse(created.body)).toEqual([
      true,
      true,
      true,
      true,
      '[IncomingMessage]',
      '[ServerResponse]',
      true,
      true,
    ]);
  });

  it('have the methods and getters put on app.request and app.response before', async () => {
    const app = express();
    Object.assign(app.request, { shout: () => 'HELLO' });
    Object.defineProperty(app.request, 'tenant', { get: (): string => 'acme', configurable: true });
    Object.assign(app.response, {
      hello(this: Response) {
        const req = this.req as Request & { shout(): string; tenant: string };
        return this.send(`${req.shout()} ${req.tenant}`);
      },
    });
    app.get('/', (_req, res) => (res as Response & { hello(): void }).hello());
    const { body } = await get(await listen(createServer(app)), '/');
    expect(body).toBe('HELLO acme');
  });

  it('see what is put on app.request later, also through the object it was before', async () => {
    const app = express();
    const former = app.request;
    const server = createServer(app);
    Object.assign(former, { early: 1 });
    Object.assign(app.request, { late: 2 });
    app.get('/', (req, res) => {
      const { early, late } = req as Request & { early: number; late: number };
      res.json([early, late]);
    });
    expect((await get(await listen(server), '/')).body).toBe('[1,2]');
  });

  it('keep a default that app.response gives the status', async () => {
    const app = express();
    app.response.statusCode = 418;
    app.get('/', (_req, res) => res.end());
    expect((await get(await listen(createServer(app)), '/')).status).toBe(418);
  });

  it('take nothing from one request to the next', async () => {
    const app = express();
    const keys: string[][] = [];
    app.get('/:n', (req, res) => {
      keys.push([...Reflect.ownKeys(req), ...Reflect.ownKeys(res), ...Reflect.ownKeys(app.request)].map(String));
      Object.assign(req, { [`mine${req.params['n']}`]: 1 });
      Object.assign(res, { [`mine${req.params['n']}`]: 1 });
      res.locals['n'] = req.params['n'];
      res.status(201).set('x-n', req.params['n']);
      res.send(JSON.stringify(res.locals));
    });
    app.get('/plain/locals', (_req, res) => {
      res.json([{ ...res.locals }, res.statusCode, res.getHeader('x-n') ?? null]);
    });
    const port = await listen(createServer(app));
    for (const n of ['1', '2', '3']) expect((await get(port, `/${n}`)).body).toBe(`{"n":"${n}"}`);
    expect(keys[1]).toEqual(keys[0]);
    expect(keys[2]).toEqual(keys[0]);
    expect((await get(port, '/plain/locals')).body).toBe('[{},200,null]');
  });

  it('serves one application from two servers, and two applications side by side', async () => {
    const [one, two] = [express(), express()];
    one.get('/', (req, res) => res.send(`one ${Object.getPrototypeOf(req) === one.request} ${req.app === one}`));
    two.get('/', (req, res) => res.send(`two ${Object.getPrototypeOf(req) === two.request} ${req.app === two}`));
    const servers = [createServer(one), createServer(one), createServer(two)];
    const prototypes: boolean[] = [];
    for (const server of servers) {
      server.prependListener('request', (req) => {
        prototypes.push([one.request, two.request].includes(Object.getPrototypeOf(req)));
      });
    }
    const bodies = await Promise.all(servers.map(async (server) => (await get(await listen(server), '/')).body));
    expect(bodies).toEqual(['one true true', 'one true true', 'two true true']);
    expect(prototypes).toEqual([true, true, true]);
  });

  it('leaves app.listen and calling the application working', async () => {
    const app = express();
    app.get('/', (req, res) => res.send(`${req.ip} ${res instanceof ServerResponse} ${req.app === app}`));
    createServer(app);
    const port = await listen(app.listen(0, '127.0.0.1'));
    expect((await get(port, '/')).body).toBe('127.0.0.1 true true');
  });

  it('does not change objects of other servers', async () => {
    const app = express();
    createServer(app);
    const other = express();
    other.get('/', (req, res) => res.json([req.app === other, Object.hasOwn(IncomingMessage.prototype, 'app')]));
    expect((await get(await listen(other.listen(0, '127.0.0.1')), '/')).body).toBe('[true,false]');
  });
});
