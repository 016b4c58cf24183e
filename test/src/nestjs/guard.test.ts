import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Headers,
  Inject,
  Injectable,
  Ip,
  type NestInterceptor,
  Query,
  Req,
  Res,
  Scope,
  Session,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { CacheView } from '@viewcache/nestjs';
import { Expose, instanceToPlain } from 'class-transformer';
import { map } from 'rxjs';
import { closeAfterEach, makeCache } from '../support/site.js';
import { closeNestsAfterEach, type NestSetup, nests, serveNest } from './nests.js';

/** A request as both adapters have it, as far as handlers here read it. */
interface AnyRequest {
  readonly url: string;
  readonly ip: string;
  readonly ips: readonly string[];
  readonly hostname: string;
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly raw?: AnyRequest;
  readonly socket: { readonly remoteAddress?: string };
  query: Record<string, unknown>;
  user?: { readonly name: string | undefined; readonly role: string };
  account?: string;
}

const nameIn = ({ headers }: AnyRequest) => /who=(\w+)/.exec(headers['cookie'] ?? '')?.[1];
const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<AnyRequest>();

const User = createParamDecorator((_data: unknown, context: ExecutionContext) => requestOf(context).user);

/** Who is asking is known in front of the view, as guards leave it. */
@Injectable()
class Login implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = requestOf(context);
    const name = nameIn(request);
    request.user = { name, role: name === 'root' ? 'admin' : 'user' };
    return true;
  }
}

/** Lets in who has a cookie at all. */
@Injectable()
class Members implements CanActivate {
  canActivate(context: ExecutionContext) {
    return requestOf(context).headers['cookie'] !== undefined;
  }
}

/** Counts by address, and says how many requests are left. */
@Injectable()
class Throttle implements CanActivate {
  #left = 1000;
  canActivate(context: ExecutionContext) {
    this.#left -= requestOf(context).ip === undefined ? 0 : 1;
    context.switchToHttp().getResponse().header('x-left', String(this.#left));
    return this.#left > 0;
  }
}

@Injectable()
class ByRole implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const groups = [requestOf(context).user?.role ?? ''];
    return next.handle().pipe(map((value) => instanceToPlain(value, { groups })));
  }
}

class City {
  @Expose() id = 1;
  @Expose({ groups: ['admin'] }) secret = 'hidden';
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  readonly n = 1;
}

@Controller()
@CacheView(300)
@UseGuards(Login)
class Pages {
  @Get('public') public() {
    return { page: 1 };
  }
  @Get('query') query(@Query('a') a: string) {
    return { a };
  }
  @Get('url') url(@Req() req: AnyRequest) {
    return { url: req.url };
  }
  @Get('user') user(@Req() req: AnyRequest) {
    return { hello: req.user?.name };
  }
  @Get('own-user') ownUser(@User() user: AnyRequest['user']) {
    return { hello: user?.name };
  }
  @Get('cookie') cookie(@Headers('cookie') cookie: string) {
    return { cookie };
  }
  @Get('req-cookie') reqCookie(@Req() req: AnyRequest) {
    return { cookie: req.headers['cookie'] };
  }
  @Get('raw-cookie') rawCookie(@Req() req: AnyRequest) {
    return { cookie: (req.raw ?? req).headers['cookie'] };
  }
  @Get('all-headers') allHeaders(@Headers() headers: object) {
    return { ...headers };
  }
  @Get('cloned') cloned(@Req() req: AnyRequest) {
    return { cookie: structuredClone(req.headers)['cookie'] };
  }
  @Get('bound-headers') boundHeaders(@Headers() _headers: object) {
    return { page: 1 };
  }
  @Get('language') language(@Headers('accept-language') language: string) {
    return { language };
  }
  @Get('ip') ip(@Ip() ip: string) {
    return { ip };
  }
  @Get('req-ip') reqIp(@Req() req: AnyRequest) {
    return { ip: req.ip };
  }
  @Get('ips') ips(@Req() req: AnyRequest) {
    return { ips: req.ips };
  }
  @Get('address') address(@Req() req: AnyRequest) {
    return { ip: req.socket.remoteAddress };
  }
  @Get('session') session(@Session() session: unknown) {
    return { session };
  }
  @Get('host') host(@Req() req: AnyRequest) {
    return { host: req.hostname, protocol: req.protocol };
  }
  @Get('passthrough') passthrough(@Res({ passthrough: true }) _res: object, @Req() _req: AnyRequest) {
    return { page: 1 };
  }
  @Get('dto') @UseInterceptors(ByRole) dto() {
    return new City();
  }
  @CacheView({ key: (ctx) => requestOf(ctx).user?.name })
  @Get('keyed')
  keyed(@User() user: AnyRequest['user']) {
    return { hello: user?.name };
  }
  @CacheView({ key: (ctx) => (requestOf(ctx).user as { id?: string } | undefined)?.id })
  @Get('wrongly-keyed')
  wronglyKeyed(@User() user: AnyRequest['user']) {
    return { hello: user?.name };
  }
  @CacheView({ inputs: { 'req.user': 'ignore' } })
  @Get('ignored')
  ignored(@User() user: AnyRequest['user']) {
    return { known: user !== undefined };
  }
}

@Controller('members')
@CacheView(300)
@UseGuards(Members)
class MembersPages {
  @Get() page() {
    return { members: true };
  }
}

@Controller('transient')
@CacheView(300)
class TransientPages {
  constructor(@Inject(Transient) readonly transient: Transient) {}
  @Get() page() {
    return { n: this.transient.n };
  }
}

const stored = [
  '/public',
  '/query?a=1',
  '/url',
  '/bound-headers',
  '/host',
  '/passthrough',
  '/ignored',
  '/members',
  '/transient',
];

const refused: readonly (readonly [path: string, input: string])[] = [
  ['/user', 'req.user'],
  ['/own-user', 'req.user'],
  ['/cookie', 'header cookie'],
  ['/req-cookie', 'header cookie'],
  ['/raw-cookie', 'header cookie'],
  ['/all-headers', 'all headers'],
  ['/ip', 'socket.remoteAddress'],
  ['/req-ip', 'socket.remoteAddress'],
  ['/session', 'req.session'],
  ['/address', 'socket.remoteAddress'],
  ['/dto', 'req.user'],
  ['/wrongly-keyed', 'req.user'],
];

describe.each(nests)('the input guard on %s', (_name, make) => {
  closeNestsAfterEach();

  const serve = async (setup: NestSetup = {}) =>
    await serveNest(make, [Pages, MembersPages, TransientPages], {
      providers: [Transient, { provide: APP_GUARD, useClass: Throttle }],
      ...setup,
    });

  it.each(stored)('stores %s, whoever asks', async (path) => {
    const site = await serve();
    expect((await site.get(path, { cookie: 'who=ada' })).status).toBe(200);
    const hit = await site.get(path, { cookie: 'who=bob' });
    expect([hit.isHit, hit.headers['x-left']]).toEqual([true, '998']);
  });

  it.each(refused)('does not store %s, which reads %s', async (path, input) => {
    const site = await serve();
    const details: unknown[] = [];
    site.cache.on((event) => event.type === 'refused' && details.push(event.detail));
    expect((await site.get(path, { cookie: 'who=ada' })).status).toBe(200);
    expect((await site.get(path, { cookie: 'who=bob' })).isHit).toBe(false);
    // Express asks for the field before the address, though it believes neither.
    expect(String(details[0]).replace('header x-forwarded-for', 'socket.remoteAddress')).toBe(input);
  });

  it('has a stored response for each key, and for each language', async () => {
    const site = await serve();
    const hello = async (who: string) => await site.get('/keyed', { cookie: `who=${who}` });
    await hello('ada');
    expect((await hello('bob')).text).toBe('{"hello":"bob"}');
    const again = await hello('ada');
    expect([again.isHit, again.text]).toEqual([true, '{"hello":"ada"}']);
    await site.get('/language', { 'accept-language': 'fr' });
    const german = await site.get('/language', { 'accept-language': 'de' });
    expect([german.text, german.headers.vary]).toEqual(['{"language":"de"}', 'accept-language']);
    expect((await site.get('/language', { 'accept-language': 'fr' })).isHit).toBe(true);
  });

  it('lets a handler clone what is watched, and stores nothing of it', async () => {
    const site = await serve();
    for (let i = 0; i < 3; i++) {
      const reply = await site.get('/cloned', { cookie: 'who=ada' });
      expect([reply.status, reply.isHit, reply.text]).toEqual([200, false, '{"cookie":"who=ada"}']);
    }
    expect(site.logged).toEqual([]);
  });

  it('runs a guard that reads cookies on hits, too', async () => {
    const site = await serve();
    await site.get('/members', { cookie: 'who=ada' });
    expect((await site.get('/members')).status).toBe(403);
  });
});

/** Reads who is asking as it is made, before any view is asked. */
@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: string | undefined;
  constructor(@Inject(REQUEST) request: AnyRequest) {
    this.name = nameIn(request);
  }
}

@Injectable()
class Tenants {
  @Inject(Tenant) readonly tenant!: Tenant;
}

describe.each(nests)('a request that is injected, on %s', (_name, make) => {
  closeNestsAfterEach();
  closeAfterEach();

  @Controller('tenant')
  class TenantPages {
    constructor(@Inject(Tenants) readonly tenants: Tenants) {}
    @CacheView(300)
    @Get()
    page() {
      return { tenant: this.tenants.tenant.name };
    }
    @CacheView({ ttl: 300, key: (ctx) => nameIn(requestOf(ctx)) })
    @Get('keyed')
    keyed() {
      return { tenant: this.tenants.tenant.name };
    }
    @CacheView({ ttl: 300, inputs: 'guard' })
    @Get('public')
    public() {
      return { page: 1 };
    }
  }

  @Controller('property')
  class Injecting {
    @Inject(REQUEST) readonly request!: AnyRequest;
    @CacheView(300)
    @Get()
    page() {
      return { page: 1 };
    }
  }

  it('keeps what a controller answers from being stored, and says so when the app starts', async () => {
    const warned: string[] = [];
    const cache = makeCache();
    cache.on((event) => event.type === 'warning' && warned.push(event.message));
    const site = await serveNest(make, [TenantPages, Injecting], { options: { cache }, providers: [Tenant, Tenants] });
    expect(warned.map((message) => message.split('\n', 1)[0])).toEqual([
      'viewcache: what TenantPages answers is not stored: Tenant, which it needs, injects REQUEST, and nobody sees what it reads of it before the cache is asked.',
      'viewcache: what Injecting answers is not stored: it injects REQUEST, and nobody sees what it reads of it before the cache is asked.',
    ]);
    for (const path of ['/tenant', '/property']) {
      await site.get(path, { cookie: 'who=ada' });
      const second = await site.get(path, { cookie: 'who=bob' });
      expect([second.isHit, second.text.includes('ada')]).toEqual([false, false]);
    }
  });

  it('is covered by a key, or let be by name', async () => {
    const site = await serveNest(make, [TenantPages], { providers: [Tenant, Tenants] });
    const keyed = async (who: string) => await site.get('/tenant/keyed', { cookie: `who=${who}` });
    await keyed('ada');
    expect((await keyed('bob')).text).toBe('{"tenant":"bob"}');
    expect((await keyed('ada')).isHit).toBe(true);
    await site.get('/tenant/public', { cookie: 'who=ada' });
    expect((await site.get('/tenant/public', { cookie: 'who=bob' })).isHit).toBe(true);
  });
});

describe.each(nests)('who is asking, kept in an AsyncLocalStorage, on %s', (_name, make) => {
  closeNestsAfterEach();
  const storage = new AsyncLocalStorage<string | undefined>();

  @Controller()
  class Stored {
    @CacheView({ ttl: 300, watch: [storage] })
    @Get('store')
    async store() {
      await new Promise(setImmediate);
      return { hello: storage.getStore() };
    }
    @CacheView({ ttl: 300, watch: [storage], key: () => storage.getStore() })
    @Get('keyed')
    keyed() {
      return { hello: storage.getStore() };
    }
  }

  it('is seen where it is watched, and covered by a key', async () => {
    const site = await serveNest(make, [Stored], {
      configure: (app) => app.use((req: AnyRequest, _res: unknown, next: () => void) => storage.run(nameIn(req), next)),
    });
    const get = async (path: string, who: string) => await site.get(path, { cookie: `who=${who}` });
    await get('/store', 'ada');
    expect((await get('/store', 'bob')).text).toBe('{"hello":"bob"}');
    await get('/keyed', 'ada');
    expect((await get('/keyed', 'bob')).text).toBe('{"hello":"bob"}');
    expect((await get('/keyed', 'ada')).isHit).toBe(true);
  });
});
