import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  ClassSerializerInterceptor,
  Controller,
  type ExecutionContext,
  Get,
  Headers,
  Inject,
  Injectable,
  type NestInterceptor,
  Param,
  Post,
  Req,
  Res,
  Scope,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { createCache } from '@viewcache/core';
import { CacheView, NeverCache, ViewCacheModule } from '@viewcache/nestjs';
import * as compat from '@viewcache/nestjs/compat';
import { Exclude } from 'class-transformer';
import { Keyv } from 'keyv';
import { map } from 'rxjs';
import { countdown, gate } from '../support/gate.js';
import { Site } from '../support/site.js';
import { closeCompatAfterEach, packages, serveCompat } from './compat-packages.js';
import { nests } from './nests.js';

/** What of a response both adapters have. */
interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
}

class User {
  constructor(readonly id: number) {}
  @Exclude() readonly password: string = 'hunter2';
}

/** A shared store, as far as it goes: what is in it has been JSON. */
class Rows {
  readonly #rows = new Map<string, string>();
  get(key: string) {
    return this.#rows.get(key);
  }
  set(key: string, value: string) {
    this.#rows.set(key, value);
    return true;
  }
  delete(key: string) {
    return this.#rows.delete(key);
  }
  clear() {
    this.#rows.clear();
  }
}

const CROWD = 20;
const both = packages.flatMap(([name, of, isOurs]) =>
  nests.map(([nest, make]) => [name, nest, of, make, isOurs] as const),
);

// Each line says what the one package does, and what the other.
describe.each(both)('other than the official one: %s on %s', (_name, _nest, of, make, isOurs) => {
  const { CacheInterceptor, CacheKey, CacheModule } = of;
  closeCompatAfterEach();
  let runs = 0;

  @Controller()
  @UseInterceptors(CacheInterceptor)
  class Pages {
    @Post('item') @CacheKey('post') post() {
      return { run: ++runs };
    }
    @Get('k/:id') @CacheKey('item') one(@Param('id') id: string) {
      return { id, run: ++runs };
    }
    @Get('me') me(@Headers('authorization') user: string) {
      return { user };
    }
    @Get('host') host(@Headers('host') host: string) {
      return { host };
    }
    @Get('status') status(@Res({ passthrough: true }) res: AnyResponse) {
      runs++;
      res.header('x-dyn', 'made').header('content-type', 'text/csv; charset=utf-8');
      return 'a,b';
    }
    @Get('file') file() {
      runs++;
      return new StreamableFile(Buffer.from('whole'), { type: 'text/x-file' });
    }
    @Get('stream') stream() {
      runs++;
      return new Response('in pieces').body;
    }
    @Get('private') private(@Res({ passthrough: true }) res: AnyResponse) {
      res.header('cache-control', 'private, no-store');
      return { run: ++runs };
    }
    @Get('user') user() {
      runs++;
      return new User(1);
    }
    @Get('page') page() {
      return { run: ++runs };
    }
  }
  const serve = async (options: compat.CacheModuleOptions = {}, providers: object[] = []) => {
    runs = 0;
    return await serveCompat(make, CacheModule.register(options), [Pages], { providers: providers as [] });
  };

  it(`a POST under @CacheKey() is ${isOurs ? 'never cached' : 'cached'}`, async () => {
    const site = await serve();
    await site.ask('/item', { method: 'POST' });
    expect((await site.ask('/item', { method: 'POST' })).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });

  it(`two URLs under one @CacheKey() ${isOurs ? 'have an answer each, and one del() for both' : 'share an answer'}`, async () => {
    const site = await serve();
    await site.get('/k/1');
    expect(JSON.parse((await site.get('/k/2')).text).id).toBe(isOurs ? '2' : '1');
    await site.manager.del('item');
    for (const path of ['/k/1', '/k/2']) await site.get(path);
    expect(runs).toBe(isOurs ? 4 : 2);
  });

  it(`what is made for one who says who he is ${isOurs ? 'is his' : 'is everybody’s'}`, async () => {
    const site = await serve();
    await site.get('/me', { authorization: 'ann' });
    expect((await site.get('/me', { authorization: 'bob' })).text).toBe(`{"user":"${isOurs ? 'bob' : 'ann'}"}`);
    await site.get('/host', { host: 'a.example' });
    expect((await site.get('/host', { host: 'b.example' })).text).toBe(`{"host":"${isOurs ? 'b' : 'a'}.example"}`);
  });

  it(`header fields that a handler has set ${isOurs ? 'come back' : 'are lost'} on a hit`, async () => {
    const site = await serve();
    await site.get('/status');
    const { headers, text } = await site.get('/status');
    expect([text, headers['x-dyn'], /csv/.test(String(headers['content-type']))]).toEqual(
      isOurs ? ['a,b', 'made', true] : ['a,b', undefined, false],
    );
    expect(runs).toBe(1);
  });

  it(`a StreamableFile is ${isOurs ? '' : 'not '}cached, and a stream is ${isOurs ? 'sent whole' : 'an error'} the second time`, async () => {
    const site = await serve();
    for (let asked = 0; asked < 2; asked++) {
      const { text, headers } = await site.get('/file');
      expect([text, headers['content-type']]).toEqual(['whole', 'text/x-file']);
    }
    expect(runs).toBe(isOurs ? 1 : 2);
    await site.get('/stream');
    expect((await site.get('/stream')).status).toBe(isOurs ? 200 : 500);
  });

  it(`Cache-Control of a handler is ${isOurs ? 'obeyed' : 'passed over'}`, async () => {
    const site = await serve();
    await site.get('/private');
    expect((await site.get('/private')).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });

  it(`a field under @Exclude() ${isOurs ? 'stays hidden' : 'comes out'} behind a shared store`, async () => {
    const stores = new Keyv({ store: new Rows() });
    const site = await serve({ stores }, [{ provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor }]);
    const texts = [];
    for (let asked = 0; asked < 2; asked++) texts.push((await site.get('/user')).text);
    expect(texts).toEqual(['{"id":1}', isOurs ? '{"id":1}' : '{"id":1,"password":"hunter2"}']);
  });

  it(`twenty who ask at once are ${isOurs ? 'one run' : 'twenty runs'} of the handler`, async () => {
    const all = countdown(CROWD);
    let calls = 0;
    @Injectable()
    class Counting implements CanActivate {
      canActivate(): boolean {
        all.count();
        return true;
      }
    }
    @Controller()
    class Slow {
      @Get() @UseGuards(Counting) @UseInterceptors(CacheInterceptor) async page() {
        calls++;
        await all.passed;
        return { done: true };
      }
    }
    const site = await serveCompat(make, CacheModule.register(), [Slow]);
    await Promise.all(Array.from({ length: CROWD }, () => site.get('/')));
    expect(calls).toBe(isOurs ? 1 : CROWD);
  });

  it(`a del() while the handler runs ${isOurs ? 'wins' : 'is lost'}`, async () => {
    const [begun, done] = [gate(), gate()];
    @Controller()
    class Slow {
      @Get() @UseInterceptors(CacheInterceptor) async page() {
        runs++;
        begun.open();
        await done.passed;
        return { done: true };
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Slow]);
    const first = site.get('/');
    await begun.passed;
    await site.manager.del('/');
    done.open();
    await first;
    await site.get('/');
    expect(runs).toBe(isOurs ? 2 : 1);
  });

  it(`get() of the manager finds ${isOurs ? 'no' : 'the'} answer of a route, and hits are told by ${isOurs ? 'Cache-Status' : 'X-Cache'}`, async () => {
    const site = await serve();
    await site.get('/page');
    expect(await site.manager.get('/page')).toEqual(isOurs ? undefined : { run: 1 });
    const { headers, isHit } = await site.get('/page');
    expect([headers['x-cache'], isHit]).toEqual(isOurs ? [undefined, true] : ['HIT', false]);
  });

  it(`a HEAD is answered by ${isOurs ? 'what a GET has stored' : 'the handler'}`, async () => {
    const site = await serve();
    await site.get('/page');
    await site.ask('/page', { method: 'HEAD' });
    expect(runs).toBe(isOurs ? 1 : 2);
  });

  it(`a successful PUT, POST or DELETE ${isOurs ? 'makes the stored answer of its URL be gone' : 'changes nothing'}`, async () => {
    @Controller('cats')
    @UseInterceptors(CacheInterceptor)
    class Cats {
      @Get() list() {
        return { run: ++runs };
      }
      @Post() make() {
        return 'made';
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Cats]);
    await site.get('/cats');
    await site.ask('/cats', { method: 'POST' });
    expect((await site.get('/cats')).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });
});

describe.each(nests)('CacheInterceptor of @viewcache/nestjs/compat on %s', (_name, make) => {
  const { CacheInterceptor, CacheModule } = compat;
  closeCompatAfterEach();

  it('stores nothing that was made of who asks, unless trackBy() names him', async () => {
    interface Known {
      user?: { readonly name: string };
      readonly headers: Readonly<Record<string, string>>;
    }
    @Injectable()
    class Login implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<Known>();
        request.user = { name: request.headers['x-name'] ?? 'nobody' };
        return true;
      }
    }
    @Injectable()
    class ByUser extends CacheInterceptor {
      protected override trackBy(context: ExecutionContext) {
        return `profile:${context.switchToHttp().getRequest<Known>().user?.name}`;
      }
    }
    @Injectable()
    class ByUrl extends CacheInterceptor {
      protected override trackBy(): string {
        return 'profile';
      }
    }
    @Injectable()
    class ByLookup extends CacheInterceptor {
      protected override async trackBy(context: ExecutionContext) {
        await Promise.resolve();
        return `lookup:${context.switchToHttp().getRequest<Known>().user?.name}`;
      }
    }
    let runs = 0;
    @Controller()
    @UseGuards(Login)
    class Profiles {
      @Get('by-lookup') @UseInterceptors(ByLookup) byLookup() {
        return { run: ++runs };
      }
      @Get('plain') @UseInterceptors(CacheInterceptor) plain(@Req() { user }: Known) {
        return { name: user?.name, run: ++runs };
      }
      @Get('by-url') @UseInterceptors(ByUrl) byUrl(@Req() { user }: Known) {
        return { name: user?.name, run: ++runs };
      }
      @Get('by-user') @UseInterceptors(ByUser) byUser(@Req() { user }: Known) {
        return { name: user?.name, run: ++runs };
      }
    }
    @Injectable()
    class Wrapping implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((page: object) => ({ ...page, wrapped: true })));
      }
    }
    // What trackBy() reads counts as read for the key, also where somebody further out is watched.
    const providers = [{ provide: APP_INTERCEPTOR, useClass: Wrapping }];
    const site = await serveCompat(make, CacheModule.register(), [Profiles], { providers });
    for (const [path, expected] of [
      ['/plain', ['ann', 'bob', 'ann']],
      ['/by-url', ['ann', 'bob', 'ann']],
      ['/by-user', ['ann', 'bob', 'ann']],
    ] as const) {
      runs = 0;
      const names = [];
      for (const name of ['ann', 'bob', 'ann'])
        names.push(JSON.parse((await site.get(path, { 'x-name': name })).text).name);
      expect(names).toEqual(expected);
      expect([path, runs]).toEqual([path, path === '/by-user' ? 2 : 3]);
    }
    runs = 0;
    for (const name of ['ann', 'bob', 'ann']) await site.get('/by-lookup', { 'x-name': name });
    expect(runs).toBe(2);
  });

  it.each(['at the controller', 'in the app, before it', 'in the app, behind it'])(
    'stores nothing that an interceptor %s has made of who asks',
    async (place) => {
      interface Known {
        readonly headers: Readonly<Record<string, string>>;
      }
      @Injectable()
      class Greeting implements NestInterceptor {
        intercept(context: ExecutionContext, next: CallHandler) {
          const { cookie } = context.switchToHttp().getRequest<Known>().headers;
          return next.handle().pipe(map((text) => `${text}, ${cookie}`));
        }
      }
      class Pages {
        @Get() page() {
          return 'hello';
        }
      }
      const isApp = place !== 'at the controller';
      if (!isApp) UseInterceptors(Greeting, CacheInterceptor)(Pages);
      Controller()(Pages);
      const classes = place === 'in the app, before it' ? [Greeting, CacheInterceptor] : [CacheInterceptor, Greeting];
      const site = await serveCompat(make, CacheModule.register(), [Pages], {
        providers: isApp ? classes.map((useClass) => ({ provide: APP_INTERCEPTOR, useClass })) : [],
      });
      for (const cookie of ['a=1', 'b=1', 'a=1'])
        expect((await site.get('/', { cookie })).text).toBe(`hello, ${cookie}`);
    },
  );

  it('stores nothing of a controller that injects the request', async () => {
    @Controller({ scope: Scope.REQUEST })
    @UseInterceptors(CacheInterceptor)
    class Tenants {
      readonly tenant: string | undefined;
      constructor(@Inject(REQUEST) request: { headers: Record<string, string | undefined> }) {
        this.tenant = request.headers['x-tenant'];
      }
      @Get() page() {
        return { tenant: this.tenant };
      }
    }
    const cache = createCache();
    const warnings: string[] = [];
    cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    const site = await serveCompat(make, CacheModule.register({ cache }), [Tenants]);
    for (const tenant of ['a', 'b', 'a'])
      expect((await site.get('/', { 'x-tenant': tenant })).text).toBe(`{"tenant":"${tenant}"}`);
    expect(warnings.filter((message) => /Tenants answers is not stored.*trackBy/s.test(message))).toHaveLength(1);
    await cache.close();
  });

  it('gives way to decorators of ours, on one cache with them', async () => {
    let runs = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get('old') old() {
        return { run: ++runs };
      }
      @Get('new') @CacheView({ ttl: 60, tags: ['new'] }) new() {
        return { run: ++runs };
      }
      @Get('never') @NeverCache() never() {
        return { run: ++runs };
      }
    }
    const cache = createCache();
    const site = await serveCompat(make, CacheModule.register({ cache: 'default' }), [Pages], {
      imports: [ViewCacheModule.forRoot({ cache })],
    });
    const again = async (): Promise<boolean[]> => {
      const hits = [];
      for (const path of ['/old', '/new', '/never']) hits.push((await site.get(path)).isHit);
      return hits;
    };
    expect(await again()).toEqual([false, false, false]);
    expect(await again()).toEqual([true, true, false]);
    expect(cache.stats().stored).toBe(2);
    await cache.invalidate({ tags: 'new' });
    expect(await again()).toEqual([true, false, false]);
    await site.manager.clear();
    expect(await again()).toEqual([false, true, false]);
    await cache.close();
  });

  it('lets everything through where a test has put a manager of its own in the place of CACHE_MANAGER', async () => {
    let runs = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get() page() {
        return { run: ++runs };
      }
    }
    const module = Test.createTestingModule({ imports: [CacheModule.register()], controllers: [Pages] });
    const app = (await module.overrideProvider(compat.CACHE_MANAGER).useValue({}).compile()).createNestApplication(
      make(),
    );
    await app.listen(0, '127.0.0.1');
    const site = new Site(app.getHttpServer());
    expect([(await site.get('/')).text, (await site.get('/')).text]).toEqual(['{"run":1}', '{"run":2}']);
    app.getHttpServer().closeAllConnections();
    await app.close();
  });

  it('refuses a @CacheTTL() that is no number of milliseconds when the app starts', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get() @compat.CacheTTL('5m' as never) page() {
        return 'a';
      }
    }
    await expect(serveCompat(make, CacheModule.register(), [Pages])).rejects.toThrow(
      /^Pages\.page: CacheInterceptor: @CacheTTL: '5m'.*milliseconds/,
    );
  });
});
