import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Param,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheView } from '@viewcache/nestjs';
import type { FastifyInstance } from 'fastify';
import { closeNestsAfterEach, type MakeAdapter, nests, serveNest } from './nests.js';

interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly host: string;
  readonly protocol: string;
  readonly ip: string;
  params: Record<string, unknown>;
  query: Record<string, unknown>;
}

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<AnyRequest>();

/** Puts what the visitor is entitled to in place of what the URL says. */
@Injectable()
class Entitled implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = requestOf(context);
    const name = request.headers['x-name'];
    if (request.params['id'] === 'me') request.params['id'] = name;
    if (request.headers['x-scope'] !== undefined)
      Object.defineProperty(request, 'query', {
        value: { ...request.query, scope: name },
        configurable: true,
        writable: true,
      });
    return true;
  }
}

@Controller()
@CacheView(300)
@UseGuards(Entitled)
class Pages {
  @Get('users/:id') user(@Param('id') id: string) {
    return { id };
  }
  @Get('list') list(@Query() query: object) {
    return { query };
  }
  @Get('one') one(@Query('scope') scope: string) {
    return { scope };
  }
  @Get('host') host(@Req() { hostname, host, protocol }: AnyRequest) {
    return { hostname, host, protocol };
  }
  @Get('ip') ip(@Req() req: AnyRequest) {
    return { ip: req.ip };
  }
}

describe.each(nests)('what guards put in the place of what the URL says, on %s', (_name, make) => {
  closeNestsAfterEach();

  it('has a stored response for each value of a parameter', async () => {
    const site = await serveNest(make, [Pages]);
    const me = async (name: string) => await site.get('/users/me', { 'x-name': name });
    await me('ada');
    const bob = await me('bob');
    expect([bob.isHit, bob.text]).toEqual([false, '{"id":"bob"}']);
    const ada = await me('ada');
    expect([ada.isHit, ada.text]).toEqual([true, '{"id":"ada"}']);
    await site.get('/users/7', { 'x-name': 'ada' });
    expect((await site.get('/users/7', { 'x-name': 'bob' })).isHit).toBe(true);
  });

  it.each(['/list?a=1', '/list?a=1&a=2&b=%20', '/list', '/one', '/one?scope=all'])(
    'stores %s by its URL, and nothing of another query',
    async (path) => {
      const site = await serveNest(make, [Pages]);
      await site.get(path);
      expect((await site.get(path)).isHit).toBe(true);
      await site.cache.purge({ all: true });
      await site.get(path, { 'x-name': 'ada', 'x-scope': '1' });
      expect((await site.get(path)).text).not.toContain('ada');
    },
  );
});

const trusting: readonly (readonly [name: string, make: MakeAdapter, configure: (app: INestApplication) => unknown])[] =
  [
    ['Express', nests[0]?.[1] as MakeAdapter, (app) => (app as NestExpressApplication).set('trust proxy', true)],
    ['Fastify', () => new FastifyAdapter({ trustProxy: true }) as never, () => undefined],
  ];

describe.each(trusting)('a proxy in front that is trusted, on %s', (name, make, configure) => {
  closeNestsAfterEach();
  const forwarded = (host: string) => ({
    'x-forwarded-host': host,
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '203.0.113.9',
  });

  it('keys by the host and scheme that it names, which handlers may read', async () => {
    const site = await serveNest(make, [Pages], { configure });
    const get = async (host: string) => await site.get('/host', forwarded(host));
    const [one, other, again] = [await get('a.example'), await get('b.example'), await get('a.example')];
    expect(JSON.parse(one.text)).toEqual({ hostname: 'a.example', host: 'a.example', protocol: 'https' });
    expect(JSON.parse(other.text)).toMatchObject({ hostname: 'b.example' });
    expect([other.isHit, again.isHit, again.text]).toEqual([false, true, one.text]);
    expect((await site.get('/host', { host: 'a.example' })).isHit).toBe(false);
  });

  it('does not store what reads the address', async () => {
    const site = await serveNest(make, [Pages], { configure });
    const first = await site.get('/ip', forwarded('a.example'));
    expect(first.text).toBe('{"ip":"203.0.113.9"}');
    expect((await site.get('/ip', forwarded('a.example'))).isHit).toBe(false);
  });

  it('believes nobody where it is not told to', async () => {
    const site = await serveNest(nests.find(([it]) => it === name)?.[1] as MakeAdapter, [Pages]);
    const first = await site.get('/host', forwarded('a.example'));
    expect(JSON.parse(first.text)).toMatchObject({ hostname: '127.0.0.1', protocol: 'http' });
    expect((await site.get('/host', forwarded('b.example'))).isHit).toBe(true);
  });
});

const who: unique symbol = Symbol('who');

/** What plugins and hooks of Fastify put on a request. */
interface Decorated extends AnyRequest {
  readonly account: unknown;
  readonly tenant: unknown;
  readonly late?: unknown;
  readonly [who]?: unknown;
}
interface DecoratedReply {
  readonly locals: { readonly user?: unknown };
}

@Controller()
@CacheView(300)
class FastifyPages {
  @Get('account') account(@Req() req: Decorated) {
    return { it: req.account };
  }
  @Get('getter') getter(@Req() req: Decorated) {
    return { it: req.tenant };
  }
  @Get('late') late(@Req() req: Decorated) {
    return { it: req.late ?? null };
  }
  @Get('symbol') symbol(@Req() req: Decorated) {
    return { it: req[who] };
  }
  @Get('locals') locals(@Res({ passthrough: true }) reply: DecoratedReply) {
    return { it: reply.locals.user };
  }
  @Get('decorator') decorator(@Req() req: { getDecorator(name: string): unknown }) {
    return { it: req.getDecorator('account') };
  }
  @Get('none') none() {
    return { it: 1 };
  }
}

describe('what plugins put on requests of Fastify', () => {
  closeNestsAfterEach();
  const make = nests[1]?.[1] as MakeAdapter;
  const serve = async () =>
    await serveNest(make, [FastifyPages], {
      configure: (app) => {
        const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
        const tenants = new WeakMap<object, string>();
        fastify.decorateRequest('account', null);
        fastify.decorateRequest('tenant', {
          getter() {
            return tenants.get(this) ?? null;
          },
        });
        fastify.decorateReply('locals', null);
        fastify.addHook('onRequest', async (request, reply) => {
          const name = request.headers['x-name'];
          tenants.set(request, String(name));
          Object.assign(request, { account: name, [who]: name });
          if (name === 'late') Object.assign(request, { late: name });
          Object.assign(reply, { locals: { user: name } });
        });
      },
    });

  it.each([
    ['/account', 'req.account'],
    ['/getter', 'req.tenant'],
    ['/symbol', 'req.Symbol(who)'],
    ['/locals', 'res.locals'],
    ['/decorator', 'req.account'],
  ])('does not store %s, which reads %s', async (path, input) => {
    const site = await serve();
    const details: unknown[] = [];
    site.cache.on((event) => event.type === 'refused' && details.push(event.detail));
    expect((await site.get(path, { 'x-name': 'ada' })).text).toBe('{"it":"ada"}');
    expect((await site.get(path, { 'x-name': 'bob' })).text).toBe('{"it":"bob"}');
    expect(details[0]).toBe(input);
  });

  it('stores what reads nothing of it', async () => {
    const site = await serve();
    await site.get('/none', { 'x-name': 'ada' });
    expect((await site.get('/none', { 'x-name': 'bob' })).isHit).toBe(true);
  });

  it('has learnt by the first sight of it that a property may be there', async () => {
    const site = await serve();
    expect((await site.get('/late', { 'x-name': 'late' })).text).toBe('{"it":"late"}');
    expect((await site.get('/late', { 'x-name': 'ada' })).text).toBe('{"it":null}');
    expect((await site.get('/late', { 'x-name': 'late' })).text).toBe('{"it":"late"}');
  });
});
