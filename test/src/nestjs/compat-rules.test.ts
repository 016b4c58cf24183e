import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Req,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { createCache } from '@viewcache/core';
import { CacheView, NeverCache, ViewCacheModule } from '@viewcache/nestjs';
import * as compat from '@viewcache/nestjs/compat';
import { map } from 'rxjs';
import { Site } from '../support/site.js';
import { closeCompatAfterEach, serveCompat, startManager } from './compat-packages.js';
import { nests } from './nests.js';

describe('what is wrong with @viewcache/nestjs/compat', () => {
  const { CacheKey, CacheModule, CacheTTL } = compat;

  it.each<[string, unknown]>([
    ['ttl', { ttl: -5 }],
    ['refreshThreshold', { refreshThreshold: -5 }],
    ['namespace', { namespace: '' }],
    ['cacheId', { cacheId: 5 }],
    ['stores.0', { stores: [undefined] }],
    ['stores.1', { stores: ['memory:', null] }],
  ])('keeps the app from starting: %s', async (setting, options) => {
    await expect(startManager(CacheModule.register(options as object))).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting: `CacheModule.${setting}`,
    });
  });

  it.each<[string, () => unknown, string]>([
    ['register(null)', () => CacheModule.register(null as never), 'CacheModule.register: null is not allowed'],
    ['isGlobal', () => CacheModule.register({ isGlobal: 1 as never }), 'CacheModule.isGlobal: 1 is not allowed'],
    [
      'registerAsync()',
      () => CacheModule.registerAsync(undefined as never),
      'CacheModule.registerAsync: undefined is not allowed; use an object with one of useFactory',
    ],
    ['@CacheTTL()', () => CacheTTL(undefined as never), '@CacheTTL: undefined is not allowed; use a number of milli'],
    ['@CacheKey()', () => CacheKey(undefined as never), '@CacheKey: undefined is not allowed; use a name'],
    ["@CacheKey('')", () => CacheKey(''), "@CacheKey: '' is not allowed"],
    ['@CacheKey(5)', () => CacheKey(5 as never), '@CacheKey: 5 is not allowed'],
  ])('is refused at once: %s', (_what, say, message) => {
    expect(say).toThrow(message);
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

  it.each(['the URL', 'trackBy()', '@CacheKey()'])(
    'stores nothing of a controller that injects the request, by %s',
    async (by) => {
      @Injectable()
      class ByUrl extends CacheInterceptor {
        protected override trackBy(context: ExecutionContext) {
          return context.switchToHttp().getRequest<{ readonly url: string }>().url;
        }
      }
      @Controller({ scope: Scope.REQUEST })
      @UseInterceptors(by === 'trackBy()' ? ByUrl : CacheInterceptor)
      class Tenants {
        readonly tenant: string | undefined;
        constructor(@Inject(REQUEST) request: { headers: Record<string, string | undefined> }) {
          this.tenant = request.headers['x-tenant'];
        }
        @Get() @SetMetadata(compat.CACHE_KEY_METADATA, by === '@CacheKey()' ? () => 'page' : undefined) page() {
          return { tenant: this.tenant };
        }
      }
      const cache = createCache();
      const warnings: string[] = [];
      cache.on((event) => event.type === 'warning' && warnings.push(event.message));
      const site = await serveCompat(make, CacheModule.register({ cache }), [Tenants]);
      for (const tenant of ['a', 'b', 'a'])
        expect((await site.get('/', { 'x-tenant': tenant })).text).toBe(`{"tenant":"${tenant}"}`);
      expect(
        warnings.filter((message) => /Tenants answers is not stored.*in place of CacheInterceptor/s.test(message)),
      ).toHaveLength(1);
      await cache.close();
    },
  );

  it('tells of options that it does not read, and which were meant', async () => {
    const cache = createCache();
    const warnings: string[] = [];
    cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    const options = { cache, tll: 5, isCacheableValue: () => true };
    const module = await Test.createTestingModule({ imports: [CacheModule.register(options)] }).compile();
    expect(warnings).toEqual([
      expect.stringContaining('does not read tll, isCacheableValue; did you mean ttl? (it reads stores, ttl'),
    ]);
    await module.close();
    await cache.close();
  });

  it.each(['at the controller', 'in the app', 'in the app, for each request'])(
    'watches what a class that extends it reads in an intercept() of its own, %s',
    async (place) => {
      @Injectable({ scope: place === 'in the app, for each request' ? Scope.TRANSIENT : Scope.DEFAULT })
      class Greeting extends CacheInterceptor {
        override async intercept(context: ExecutionContext, next: CallHandler) {
          const { cookie } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers;
          return (await super.intercept(context, next)).pipe(map((text) => text && `${text}, ${cookie}`));
        }
      }
      class Pages {
        @Get() page() {
          return 'hello';
        }
      }
      if (place === 'at the controller') UseInterceptors(Greeting)(Pages);
      Controller()(Pages);
      const providers = place === 'at the controller' ? [] : [{ provide: APP_INTERCEPTOR, useClass: Greeting }];
      const site = await serveCompat(make, CacheModule.register(), [Pages], { providers });
      for (const cookie of ['a=1', 'b=1', 'a=1'])
        expect((await site.get('/', { cookie })).text).toBe(`hello, ${cookie}`);
    },
  );

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
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Over {
      @Get() @compat.CacheTTL(-1) page() {
        return 'a';
      }
    }
    await expect(serveCompat(make, CacheModule.register(), [Over])).rejects.toThrow(
      /^Over\.page: CacheInterceptor: @CacheTTL: -1.*milliseconds from 0 up/,
    );
  });
});
