import { describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  GatewayTimeoutException,
  Get,
  HttpException,
  Inject,
  Injectable,
  type NestInterceptor,
  Redirect,
  Req,
  RequestTimeoutException,
  Res,
  Scope,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type CacheEvent, isRefresh } from '@viewcache/core';
import { CacheView } from '@viewcache/nestjs';
import { Keyv } from 'keyv';
import { finalize, map, type Observable, raceWith, Subject, tap } from 'rxjs';
import { countdown, type Gate, gate } from '../support/gate.js';
import { lasting, type Reply } from '../support/site.js';
import { closeNestsAfterEach, type NestSetup, type NestSite, nests, serveNest } from './nests.js';

const MINUTE = 60_000;

/** Everything that ran, in its order. */
let log: string[] = [];
let runs = 0;
/** Where there is one, handlers wait for it. */
let slow: Gate | undefined;
/** Handlers throw. */
let isBroken = false;

@Injectable({ scope: Scope.REQUEST })
class Visit {
  constructor() {
    log.push('provider');
  }
}

@Injectable()
class Open implements CanActivate {
  canActivate() {
    log.push('guard');
    return true;
  }
}

@Injectable()
class Outer implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    log.push('outer');
    return next.handle().pipe(
      tap((value) => log.push(value === undefined ? 'outer nothing' : 'outer value')),
      map((value) => (typeof value === 'object' && value !== null && 'run' in value ? { data: value } : value)),
      finalize(() => log.push('outer end')),
    );
  }
}

@Catch()
class Sorry implements ExceptionFilter {
  @Inject(HttpAdapterHost) readonly adapters!: HttpAdapterHost;
  catch(error: unknown, host: ArgumentsHost) {
    log.push('filter');
    const status = error instanceof HttpException ? error.getStatus() : 500;
    this.adapters.httpAdapter.reply(host.switchToHttp().getResponse(), { sorry: status }, status);
  }
}

const options = {
  ttl: 60,
  staleWhileRevalidate: 30,
  staleIfError: 600,
  statuses: [200, 302],
  // Of what is made for each request the pages show nothing.
  inputs: 'guard',
} as const;

@Controller()
@UseGuards(Open)
@UseFilters(Sorry)
@CacheView(options)
@UseInterceptors(Outer)
class Pages {
  constructor(@Inject(Visit) readonly visit: Visit) {}

  @Get('json') async json(@Req() req: object) {
    return { run: await this.#run(req) };
  }
  @Get('text') async text(@Req() req: object) {
    return `run ${await this.#run(req)}`;
  }
  @Get('file') async file(@Req() req: object) {
    return new StreamableFile(Buffer.from(`run ${await this.#run(req)}`), { type: 'text/x-run' });
  }
  @Get('redirect') @Redirect('/', 302) async redirect(@Req() req: object) {
    return { url: `/run/${await this.#run(req)}` };
  }
  @Get('res') async res(
    @Res() res: { header(name: string, value: string): { send(body: string): void } },
    @Req() req: object,
  ) {
    const run = await this.#run(req);
    res.header('x-run', `${run}`).send(`run ${run}`);
  }
  @Get('generator') async *generator(@Req() req: object) {
    yield 'run ';
    yield `${await this.#run(req)}`;
  }
  @Get('response') async response(@Req() req: object) {
    return new Response(`run ${await this.#run(req)}`, { headers: { 'x-own': 'a' } });
  }

  async #run(req: object) {
    log.push(isRefresh(req) ? 'refresh' : 'handler');
    const run = ++runs;
    await slow?.passed;
    if (isBroken) throw new HttpException('broken', 503);
    return run;
  }
}

const paths = ['json', 'text', 'file', 'redirect', 'res', 'generator', 'response'];

/** Resolves with the next event of a type. */
function next(site: NestSite, type: CacheEvent['type']): Promise<void> {
  return new Promise((resolve) => {
    const stop = site.cache.on((event) => {
      if (event.type !== type) return;
      stop();
      resolve();
    });
  });
}

/** When every chain that has begun has ended, too. */
async function settled(outers = 1): Promise<void> {
  while (log.filter((what) => what === 'outer end').length < outers) await new Promise(setImmediate);
}

const stores = [
  ['memory', () => ({})],
  ['a shared store', () => ({ store: new Keyv(), deadline: '10s' })],
] as const;

const ways = nests.flatMap(([name, make]) =>
  stores.map(([store, open]) => [`${name} with ${store}`, make, open] as const),
);

describe.each(ways)('what is stale, on %s', (name, make, open) => {
  closeNestsAfterEach();

  const serve = async (setup: NestSetup = {}) => {
    log = [];
    runs = 0;
    slow = undefined;
    isBroken = false;
    return await serveNest(make, [Pages], { providers: [Visit], ...setup, options: open() });
  };

  it('runs one handler for a crowd, and every guard', async () => {
    const site = await serve();
    const came = countdown(20);
    site.app.get(Open, { strict: false });
    const gateway = gate();
    slow = gateway;
    site.app.getHttpServer().on('request', () => came.count());
    const crowd = Array.from({ length: 20 }, () => site.get('/json'));
    await came.passed;
    while (log.filter((what) => what === 'outer').length < 20) await new Promise(setImmediate);
    gateway.open();
    const texts = (await Promise.all(crowd)).map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set(['{"data":{"run":1}}']));
    await settled(20);
    const counts = ['guard', 'provider', 'handler', 'outer nothing', 'outer value', 'outer end'].map(
      (what) => log.filter((it) => it === what).length,
    );
    expect(counts).toEqual([20, 20, 1, 19, 1, 20]);
    expect(site.logged).toEqual([]);
  });

  it.each(paths)(
    'answers /%s from what is stale, and makes it new behind the answer by the same chain',
    async (path) => {
      const hooks: string[] = [];
      const site = await serve({
        configure: (app) => {
          if (!name.startsWith('Fastify')) {
            app.use((_req: object, _res: object, go: () => void) => {
              hooks.push('middleware');
              go();
            });
            return;
          }
          const fastify = app.getHttpAdapter().getInstance();
          for (const hook of ['onRequest', 'preHandler', 'onSend', 'onResponse'])
            fastify.addHook(hook, async () => void hooks.push(hook));
        },
      });
      const first = await site.get(`/${path}`);
      await settled();
      site.clock.advance(MINUTE);
      log = [];
      hooks.length = 0;
      const stored = next(site, 'stored');
      const stale = await site.get(`/${path}`);
      expect(stale.isHit).toBe(true);
      // Caches further out are not to keep it.
      const { 'cache-control': control, ...headers } = lasting(stale, first).headers;
      expect(control).toBe('s-maxage=0');
      expect({ ...lasting(stale, first), headers }).toEqual(lasting(first));
      await stored;
      await settled();
      // A generator runs when its first value is asked for, as the response is sent.
      const value = path === 'res' ? ['refresh', 'outer nothing'] : ['refresh', 'outer value'];
      const course = path === 'generator' ? ['outer value', 'outer end', 'refresh'] : [...value, 'outer end'];
      expect(log).toEqual(['provider', 'guard', 'outer', ...course]);
      expect(hooks.sort()).toEqual(
        name.startsWith('Fastify') ? ['onRequest', 'onResponse', 'onSend', 'preHandler'].sort() : ['middleware'],
      );
      const fresh = await site.get(`/${path}`);
      expect(fresh.isHit).toBe(true);
      const isOfFirst = (text: string) => text.replaceAll(/run(\W*)2/g, 'run$11');
      const plain = (reply: Reply) => {
        const { status, body, headers } = lasting(reply, first);
        const { etag: _, 'x-run': run, ...others } = headers;
        return { status, body: isOfFirst(body), headers: others, location: isOfFirst(String(others['location'])), run };
      };
      const [now, before] = [plain(fresh), plain(first)];
      const kept = (headers: object) =>
        Object.entries(headers)
          .filter(([field]) => field !== 'location')
          .sort();
      expect({ ...now, headers: kept(now.headers), run: before.run }).toEqual({
        ...before,
        headers: kept(before.headers),
      });
      expect(site.logged).toEqual([]);
    },
  );

  it('answers from what is stale where the handler throws, after the exception filter', async () => {
    const site = await serve();
    const first = await site.get('/json');
    await settled();
    site.clock.advance(MINUTE + 31_000);
    isBroken = true;
    log = [];
    const stale = await site.get('/json');
    expect(stale.text).toBe(first.text);
    expect(String(stale.headers['cache-status'])).toContain('fwd=stale');
    expect(log).toEqual(['provider', 'guard', 'outer', 'handler', 'outer end', 'filter']);
    isBroken = false;
    site.clock.advance(MINUTE);
    expect((await site.get('/json')).text).toBe('{"data":{"run":3}}');
  });

  it('keeps what is stored where a refresh throws, after the exception filter', async () => {
    const site = await serve();
    await site.get('/json');
    await settled();
    site.clock.advance(MINUTE);
    isBroken = true;
    log = [];
    const refused = next(site, 'refused');
    expect((await site.get('/json')).text).toBe('{"data":{"run":1}}');
    await refused;
    await settled();
    expect(log).toEqual(['provider', 'guard', 'outer', 'refresh', 'outer end', 'filter']);
    expect((await site.get('/json')).text).toBe('{"data":{"run":1}}');
  });

  it('does not store what an exception filter answers', async () => {
    const site = await serve();
    isBroken = true;
    expect([(await site.get('/json')).status, (await site.get('/json')).status]).toEqual([503, 503]);
    isBroken = false;
    expect((await site.get('/json')).text).toBe('{"data":{"run":3}}');
  });

  it('lets an interceptor further out give up on a visitor who waits, and on nobody else', async () => {
    const giveUp = new Subject<void>();
    const site = await serve({
      configure: (app) =>
        app.useGlobalInterceptors({
          intercept: (context: ExecutionContext, handler: CallHandler) =>
            context.switchToHttp().getRequest().headers['x-impatient'] === undefined
              ? handler.handle()
              : handler.handle().pipe(
                  raceWith(
                    giveUp.pipe(
                      map(() => {
                        throw new RequestTimeoutException();
                      }),
                    ),
                  ),
                ),
        }),
    });
    slow = gate();
    const leader = site.get('/json');
    while (!log.includes('handler')) await new Promise(setImmediate);
    const waiter = site.get('/json', { 'x-impatient': '1' });
    while (log.filter((what) => what === 'outer').length < 2) await new Promise(setImmediate);
    giveUp.next();
    expect((await waiter).text).toBe('{"sorry":408}');
    slow.open();
    expect((await leader).text).toBe('{"data":{"run":1}}');
    expect((await site.get('/json')).isHit).toBe(true);
    expect(site.logged).toEqual([]);
  });

  it('lets an interceptor further out give up on a refresh, and the next visitor make it new', async () => {
    const giveUp = new Subject<void>();
    const site = await serve({
      configure: (app) =>
        app.useGlobalInterceptors({
          intercept: (_context: ExecutionContext, handler: CallHandler) =>
            handler.handle().pipe(
              raceWith(
                giveUp.pipe(
                  map(() => {
                    throw new GatewayTimeoutException();
                  }),
                ),
              ),
            ),
        }),
    });
    await site.get('/json');
    await settled();
    site.clock.advance(MINUTE);
    slow = gate();
    log = [];
    const refused = next(site, 'refused');
    expect((await site.get('/json')).text).toBe('{"data":{"run":1}}');
    while (!log.includes('refresh')) await new Promise(setImmediate);
    giveUp.next();
    await refused;
    slow.open();
    slow = undefined;
    const stored = next(site, 'stored');
    site.clock.advance(10_000);
    expect((await site.get('/json')).text).toBe('{"data":{"run":1}}');
    await stored;
    expect((await site.get('/json')).text).toBe('{"data":{"run":3}}');
    expect(site.logged).toEqual([]);
  });

  it('ends the chain of a visitor who goes while he waits, or whose answer was stale', async () => {
    const site = await serve();
    const gateway = gate();
    slow = gateway;
    const leader = site.get('/json');
    while (!log.includes('handler')) await new Promise(setImmediate);
    const socket = await site.connect();
    socket.write(`GET /json HTTP/1.1\r\nHost: 127.0.0.1:${site.port}\r\n\r\n`);
    while (log.filter((what) => what === 'outer').length < 2) await new Promise(setImmediate);
    socket.destroy();
    while (!log.includes('outer end')) await new Promise(setImmediate);
    expect(log.filter((what) => what === 'handler')).toHaveLength(1);
    gateway.open();
    expect((await leader).text).toBe('{"data":{"run":1}}');
    await settled(2);
    // Somebody else makes it new: this visitor's chain has nothing more to do.
    site.clock.advance(MINUTE);
    slow = gate();
    log = [];
    await site.get('/json');
    while (!log.includes('refresh')) await new Promise(setImmediate);
    await site.get('/json');
    await settled(1);
    expect(log.filter((what) => what === 'refresh').length).toBe(1);
    slow.open();
    await settled(2);
    expect(site.logged).toEqual([]);
  });
});
