import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Cache } from '@viewcache/nestjs/compat';
import { from } from 'rxjs';
import { closeCompatAfterEach, packages, serveCompat, stopTime } from './compat-packages.js';
import { closeContextsAfterEach } from './contexts.js';
import { startService } from './microservice.js';
import { nests } from './nests.js';

/** What both adapters' requests have. */
interface AnyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const requestOf = (context: ExecutionContext): AnyRequest => context.switchToHttp().getRequest<AnyRequest>();
const both = packages.flatMap(([name, of]) => nests.map(([nest, make]) => [name, nest, of, make] as const));

describe.each(both)('CacheInterceptor of %s on %s', (_name, _nest, of, make) => {
  const { CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule, CacheTTL } = of;
  closeCompatAfterEach();

  let runs = 0;
  /** What controllers answer: which run of a handler it is. */
  const run = () => ({ run: ++runs });

  it('answers GETs of a controller by the URL, and nothing else', async () => {
    @Controller('cats')
    @UseInterceptors(CacheInterceptor)
    class Cats {
      @Get() list() {
        return run();
      }
      @Get(':id') one(@Param('id') id: string) {
        return { id, ...run() };
      }
      @Post() make() {
        return run();
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Cats]);
    const texts = [];
    for (const path of ['/cats/1', '/cats/1', '/cats/2', '/cats/1?a=1', '/cats/2'])
      texts.push((await site.get(path)).text);
    expect(texts).toEqual([
      '{"id":"1","run":1}',
      '{"id":"1","run":1}',
      '{"id":"2","run":2}',
      '{"id":"1","run":3}',
      '{"id":"2","run":2}',
    ]);
    for (const expected of ['{"run":4}', '{"run":5}'])
      expect((await site.ask('/cats', { method: 'POST' })).text).toBe(expected);
  });

  it('answers those of all controllers, where it is one of the app', async () => {
    @Controller('a')
    class A {
      @Get() list() {
        return run();
      }
    }
    @Controller('b')
    class B {
      @Get() list() {
        return run();
      }
    }
    for (const useGlobal of [false, true]) {
      runs = 0;
      const site = await serveCompat(make, CacheModule.register(), [A, B], {
        providers: useGlobal ? [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }] : [CacheInterceptor],
        prepare: (app) => {
          if (!useGlobal) app.useGlobalInterceptors(app.get(CacheInterceptor));
        },
      });
      for (const path of ['/a', '/b', '/a', '/b']) await site.get(path);
      expect(runs).toBe(2);
    }
  });

  it('keeps them for ever, or as long as the module, the controller or the handler says, in milliseconds', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class ByModule {
      @Get('module') list() {
        return run();
      }
    }
    @Controller()
    @CacheTTL(5_000)
    @UseInterceptors(CacheInterceptor)
    class ByController {
      @Get('controller') list() {
        return run();
      }
      @Get('handler') @CacheTTL(2_000) own() {
        return run();
      }
      @Get('function') @CacheTTL((context) => (requestOf(context).url.endsWith('long') ? 20_000 : 2_000)) asked() {
        return run();
      }
      @Get('promise') @CacheTTL(async () => 2_000) awaited() {
        return run();
      }
      @Get('never') @CacheTTL(0) never() {
        return run();
      }
    }
    const { pass, options } = stopTime();
    for (const [ttl, isOver] of [
      [10_000, true],
      [0, false],
      [undefined, false],
    ] as const) {
      const site = await serveCompat(make, CacheModule.register(ttl === undefined ? options : { ...options, ttl }), [
        ByModule,
        ByController,
      ]);
      const paths = ['/handler', '/function', '/promise', '/controller', '/module', '/never', '/function?long'];
      const again = async (): Promise<string[]> => {
        const made: string[] = [];
        for (const path of paths) {
          const before = runs;
          await site.get(path);
          if (runs > before) made.push(path);
        }
        return made;
      };
      expect(await again()).toEqual(paths);
      expect(await again()).toEqual([]);
      await pass(2_001);
      expect(await again()).toEqual(paths.slice(0, 3));
      await pass(3_000);
      expect(await again()).toEqual(paths.slice(0, 4));
      await pass(5_000);
      expect((await again()).includes('/module')).toBe(isOver);
      await pass(1_000_000_000);
      expect((await again()).includes('/never')).toBe(false);
    }
  });

  it('keeps nothing that is not there, and no error', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get('null') nothing() {
        runs++;
        return null;
      }
      @Get('undefined') async notThere() {
        runs++;
      }
      @Get('zero') zero() {
        runs++;
        return 0;
      }
      @Get('error') error() {
        throw new HttpException(`run ${++runs}`, 404);
      }
    }
    const site = await serveCompat(make, CacheModule.register(), [Pages]);
    for (const [path, expected] of [
      ['/null', 2],
      ['/undefined', 2],
      ['/error', 2],
      ['/zero', 1],
    ] as const) {
      runs = 0;
      await site.get(path);
      await site.get(path);
      expect([path, runs]).toEqual([path, expected]);
    }
  });

  it('lets guards run on hits, too', async () => {
    @Injectable()
    class Members implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        return requestOf(context).headers['x-banned'] === undefined;
      }
    }
    @Controller()
    @UseGuards(Members)
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get() page() {
        return run();
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Pages]);
    await site.get('/');
    expect([(await site.get('/')).status, (await site.get('/', { 'x-banned': 'yes' })).status, runs]).toEqual([
      200, 403, 1,
    ]);
  });

  it('is made to forget by del() of a URL or of a @CacheKey(), and by clear()', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Pages {
      @Get('cats') cats() {
        return run();
      }
      @Get('named') @CacheKey('some key') named() {
        return run();
      }
      @Get('computed/:id') @CacheKey((context) => `cat:${requestOf(context).url.slice(-1)}`) computed() {
        return run();
      }
      @Get('long') @CacheKey(`#${'x'.repeat(500)}`) long() {
        return run();
      }
    }
    const site = await serveCompat(make, CacheModule.register(), [Pages]);
    const { manager } = site;
    const paths = ['/cats', '/cats?page=2', '/named', '/computed/1', '/computed/2', '/long'];
    const again = async (): Promise<string[]> => {
      const made: string[] = [];
      for (const path of paths) {
        const before = runs;
        await site.get(path);
        if (runs > before) made.push(path);
      }
      return made;
    };
    await again();
    expect(await again()).toEqual([]);
    await manager.del('/cats');
    expect(await again()).toEqual(['/cats']);
    await manager.del('some key');
    expect(await again()).toEqual(['/named']);
    await manager.mdel(['cat:2', '/cats?page=2', `#${'x'.repeat(500)}`]);
    expect(await again()).toEqual(['/cats?page=2', '/computed/2', '/long']);
    await manager.clear();
    expect(await again()).toEqual(paths);
  });

  it.each([
    ['a text', (text: string | undefined) => text],
    ['a promise', (text: string | undefined) => Promise.resolve(text)],
  ])('goes by what trackBy() returns, which is %s', async (_what, as) => {
    @Injectable()
    class ByLanguage extends CacheInterceptor {
      protected override trackBy(context: ExecutionContext) {
        const request = requestOf(context);
        const { httpAdapter } = this.httpAdapterHost;
        const member = httpAdapter.getRequestMethod?.(request) === 'GET' && request.headers['x-member'];
        return as(member ? `${member}:${httpAdapter.getRequestUrl?.(request)}` : undefined);
      }
    }
    @Controller()
    @UseInterceptors(ByLanguage)
    class Pages {
      @Get() page() {
        return run();
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Pages]);
    const texts = [];
    for (const member of ['ann', 'bob', 'ann', undefined, undefined])
      texts.push((await site.get('/', member === undefined ? {} : { 'x-member': member })).text);
    expect(texts).toEqual([1, 2, 1, 3, 4].map((each) => `{"run":${each}}`));
    await site.manager.del('ann:/');
    expect((await site.get('/', { 'x-member': 'ann' })).text).toBe('{"run":5}');
    expect((await site.get('/', { 'x-member': 'bob' })).text).toBe('{"run":2}');
  });

  it('has a manager for each module that registers one', async () => {
    const feature = (path: string) => {
      @Controller(path)
      @UseInterceptors(CacheInterceptor)
      class Pages {
        constructor(@Inject(CACHE_MANAGER) readonly manager: Cache) {}
        @Get() @CacheKey('same') page() {
          return { path, run: ++runs };
        }
        @Delete() async forget() {
          return await this.manager.del('same');
        }
      }
      @Module({ imports: [CacheModule.register({ ttl: 60_000 })], controllers: [Pages] })
      class FeatureModule {}
      return FeatureModule;
    };
    runs = 0;
    const imports = [feature('a'), feature('b')];
    const site = await serveCompat(make, CacheModule.register(), [], { imports });
    const again = async () => [(await site.get('/a')).text, (await site.get('/b')).text];
    const before = ['{"path":"a","run":1}', '{"path":"b","run":2}'];
    expect([await again(), await again()]).toEqual([before, before]);
    await site.ask('/a', { method: 'DELETE' });
    expect(await again()).toEqual(['{"path":"a","run":3}', '{"path":"b","run":2}']);
  });

  it('leaves out what isRequestCacheable() or allowedMethods leaves out', async () => {
    @Injectable()
    class Fresh extends CacheInterceptor {
      protected override isRequestCacheable(context: ExecutionContext): boolean {
        return super.isRequestCacheable(context) && requestOf(context).headers['x-fresh'] === undefined;
      }
    }
    @Injectable()
    class None extends CacheInterceptor {
      protected override allowedMethods: string[] = [];
    }
    @Controller()
    class Pages {
      @Get('fresh') @UseInterceptors(Fresh) fresh() {
        return run();
      }
      @Get('none') @UseInterceptors(None) none() {
        return run();
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Pages]);
    await site.get('/fresh');
    expect((await site.get('/fresh')).text).toBe('{"run":1}');
    expect((await site.get('/fresh', { 'x-fresh': 'please' })).text).toBe('{"run":2}');
    await site.get('/none');
    expect((await site.get('/none')).text).toBe('{"run":4}');
  });
});

describe.each(packages)('CacheInterceptor of %s', (_name, of, isOurs) => {
  const { CacheInterceptor, CacheKey, CacheModule, CacheTTL } = of;
  closeContextsAfterEach();
  closeCompatAfterEach();

  it('answers messages that have a @CacheKey(), and no others', async () => {
    let runs = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Messages {
      @CacheKey('sum') @CacheTTL(1_000) @MessagePattern('sum') sum(@Payload() numbers: number[]) {
        runs++;
        return numbers.reduce((sum, each) => sum + each, 0);
      }
      @CacheKey('nothing') @MessagePattern('nothing') nothing() {
        runs++;
        return null;
      }
      @MessagePattern('other') other() {
        return ++runs;
      }
    }
    const { pass, options } = stopTime();
    const ask = await startService({ imports: [CacheModule.register(options)], controllers: [Messages] });
    expect([await ask('sum', [1, 2]), await ask('sum', [1, 2]), runs]).toEqual([3, 3, 1]);
    await pass(1_001);
    expect([await ask('sum', [1, 2]), runs]).toEqual([3, 2]);
    expect([await ask('other', 0), await ask('other', 0)]).toEqual([3, 4]);
    expect([await ask('nothing', 0), await ask('nothing', 0), runs]).toEqual([null, null, 6]);
  });

  it(`sends ${isOurs ? 'all values' : 'the last value'} of a handler that has several, the second time`, async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class Messages {
      @CacheKey('count') @MessagePattern('count') count() {
        return from([1, 2, 3]);
      }
    }
    const ask = await startService({ imports: [CacheModule.register()], controllers: [Messages] });
    // The client takes the first one.
    expect([await ask('count', 0), await ask('count', 0)]).toEqual([1, isOurs ? 1 : 3]);
  });
});
