import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  Param,
  Scope,
  type Type,
  UseGuards,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { CacheView, type CacheViewOptions, ViewCacheModule } from '@viewcache/nestjs';
import { lasting } from '../support/site.js';
import { closeNestsAfterEach, type NestSetup, type NestSite, nests, serveNest } from './nests.js';

interface AnyRequest {
  readonly url: string;
  readonly headers: Record<string, string | undefined>;
}
interface AnyResponse {
  header(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

let runs = 0;
/** The paths that the guard was asked about. */
let guarded: string[] = [];
/** What the guard does beside counting. */
let decide: (req: AnyRequest, res: AnyResponse) => boolean = () => true;

beforeEach(() => {
  guarded = [];
  decide = () => true;
});

@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const http = context.switchToHttp();
    const req = http.getRequest<AnyRequest>();
    guarded.push(req.url);
    return decide(req, http.getResponse<AnyResponse>());
  }
}

@Controller('pages')
@UseGuards(Guard)
class Pages {
  @Get('plain/:id') @CacheView({ ttl: 300, tags: ['pages'], beforeGuards: true }) plain(@Param('id') id: string) {
    return { id, run: ++runs };
  }
  @Get('header') @Header('X-Own', 'yes') @CacheView({ ttl: 300, beforeGuards: true }) header() {
    return { run: ++runs };
  }
  @Get('counted')
  @CacheView({ ttl: 300, beforeGuards: { ignoreCookies: ['_ga'] } })
  counted() {
    return { run: ++runs };
  }
  @Get('guarded') @CacheView(300) guardedToo() {
    return { run: ++runs };
  }
}

/** Asks until the guards have let a request through to what is stored. */
async function warm(site: NestSite, path: string, headers: OutgoingHttpHeaders = {}) {
  const first = await site.get(path, headers);
  await site.get(path, headers);
  guarded = [];
  return first;
}

describe.each(nests)('beforeGuards on %s', (_name, make) => {
  closeNestsAfterEach();

  async function serve(controllers: readonly Type[] = [Pages], setup: NestSetup = {}) {
    const warnings: string[] = [];
    const site = await serveNest(make, controllers, setup);
    site.cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    return Object.assign(site, { warnings });
  }

  it.each(['plain/7', 'header'])('answers /%s without the guards once they have let through to it', async (path) => {
    const site = await serve();
    const first = await warm(site, `/pages/${path}`);
    const third = await site.get(`/pages/${path}`);
    expect(third.isHit).toBe(true);
    expect(lasting(third, first)).toEqual(lasting(first));
    expect(guarded).toEqual([]);
    expect(site.warnings).toEqual([]);
  });

  it('asks them for each stored response and each spelling of its URL', async () => {
    const site = await serve();
    await warm(site, '/pages/plain/7');
    await site.get('/pages/plain/8');
    await site.get('/pages/plain/7?utm_source=a');
    expect(guarded).toEqual(['/pages/plain/8', '/pages/plain/7?utm_source=a']);
    await site.cache.invalidate({ tags: 'pages' });
    guarded = [];
    for (let i = 0; i < 4; i++) await site.get('/pages/plain/7');
    expect(guarded).toHaveLength(2);
  });

  it('asks them on routes that say nothing of it', async () => {
    const site = await serve();
    await warm(site, '/pages/plain/7');
    await warm(site, '/pages/guarded');
    expect((await site.get('/pages/guarded')).isHit).toBe(true);
    expect(guarded).toHaveLength(1);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['credentials', { authorization: 'Bearer a' }],
    ['a cookie', { cookie: 'sid=1' }],
    ['a cookie beside one that says nothing', { cookie: '_ga=1; sid=1' }],
    ['a range', { range: 'bytes=0-1' }],
  ])('asks them about a request with %s', async (_what, headers) => {
    const site = await serve();
    await warm(site, '/pages/counted');
    expect((await site.get('/pages/counted', headers)).isHit).toBe(true);
    expect(guarded).toHaveLength(1);
    expect((await site.get('/pages/counted', { cookie: '_ga=2' })).isHit).toBe(true);
    expect(guarded).toHaveLength(1);
  });

  it('gives nobody what they have only let through to somebody known', async () => {
    const site = await serve();
    decide = ({ headers }) => headers['cookie'] !== undefined;
    const author = { cookie: 'sid=1' };
    await site.get('/pages/plain/draft', author);
    expect((await site.get('/pages/plain/draft', author)).isHit).toBe(true);
    for (let i = 0; i < 3; i++) expect((await site.get('/pages/plain/draft')).status).toBe(403);
  });

  it('lets them come first for good once one has answered by itself, and never said what it has decided', async () => {
    const answering: CanActivate = {
      canActivate(context) {
        const http = context.switchToHttp();
        if (!http.getRequest<AnyRequest>().url.endsWith('8')) return true;
        const res = http.getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
        const own = res.raw ?? res;
        own.statusCode = 401;
        own.end('no');
        return new Promise<boolean>(() => {});
      },
    };
    const site = await serve([Pages], { configure: (app) => app.useGlobalGuards(answering) });
    await warm(site, '/pages/plain/7');
    expect((await site.get('/pages/plain/8')).status).toBe(401);
    await site.get('/pages/plain/7');
    expect(guarded).toEqual(['/pages/plain/7']);
    expect(site.warnings).toEqual([expect.stringContaining('has refused a request')]);
  });

  it('lets them come first for good once they have refused somebody', async () => {
    const site = await serve();
    await warm(site, '/pages/plain/7');
    decide = () => false;
    expect((await site.get('/pages/plain/7')).status).toBe(200);
    expect((await site.get('/pages/plain/8')).status).toBe(403);
    expect(site.warnings).toEqual([
      expect.stringMatching(/^viewcache: Pages\.plain: @CacheView\.beforeGuards: .* has refused a request/),
    ]);
    expect((await site.get('/pages/plain/7')).status).toBe(403);
    decide = () => true;
    guarded = [];
    expect((await site.get('/pages/plain/7')).isHit).toBe(true);
    expect(guarded).toHaveLength(1);
    expect(site.warnings).toHaveLength(1);
  });

  it.each<[string, typeof decide, RegExp]>([
    ['a field of responses', (_req, res) => res.header('x-left', '9') !== null, /sets the response header x-left/],
    [
      'a field of requests',
      (req) => {
        req.headers['x-tenant'] = 'a';
        return true;
      },
      /changes the request header x-tenant/,
    ],
  ])('lets them come first where they set %s', async (_what, set, warning) => {
    const site = await serve();
    decide = set;
    await warm(site, '/pages/plain/7');
    const third = await site.get('/pages/plain/7');
    expect(third.isHit).toBe(true);
    expect(guarded).toHaveLength(1);
    expect(site.warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('lets them come first where they choose a language', async () => {
    interface Speaking {
      readonly raw?: Speaking;
      locale?: string;
    }
    const speaking = (context: ExecutionContext) => {
      const req = context.switchToHttp().getRequest<Speaking & AnyRequest>();
      return { req, node: req.raw ?? req };
    };
    @Controller('greeting')
    class Greeting {
      @Get() @CacheView({ ttl: 300, beforeGuards: true }) greet() {
        return { run: ++runs };
      }
    }
    const chooses = {
      canActivate(context: ExecutionContext) {
        const { req, node } = speaking(context);
        guarded.push(req.url);
        node.locale = req.headers['x-lang'] ?? 'de';
        return true;
      },
    };
    const site = await serve([Greeting], { configure: (app) => app.useGlobalGuards(chooses) });
    await warm(site, '/greeting');
    await site.get('/greeting');
    expect(guarded).toHaveLength(1);
    expect(site.warnings).toEqual([expect.stringMatching(/changes req\.locale/)]);
  });

  it('skips interceptors further out', async () => {
    let intercepted = 0;
    @Injectable()
    class Count implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        intercepted++;
        return next.handle();
      }
    }
    @Controller('counted')
    @UseInterceptors(Count)
    class Counted {
      @Get() @CacheView({ ttl: 300, beforeGuards: true }) page() {
        return { run: ++runs };
      }
    }
    const site = await serve([Counted]);
    await warm(site, '/counted');
    const before = intercepted;
    expect((await site.get('/counted')).isHit).toBe(true);
    expect(intercepted).toBe(before);
  });

  it('asks them about a request to which middleware in front has given credentials', async () => {
    @Module({})
    class Front {
      configure(consumer: MiddlewareConsumer) {
        consumer
          .apply((req: AnyRequest, _res: unknown, next: () => void) => {
            if (req.url.includes('token')) req.headers['authorization'] = 'Bearer a';
            next();
          })
          .forRoutes('*path');
      }
    }
    const site = await serve([Pages], { imports: [Front] });
    await warm(site, '/pages/plain/7');
    await warm(site, '/pages/plain/7?token=a');
    await site.get('/pages/plain/7');
    expect(guarded).toEqual([]);
    await site.get('/pages/plain/7?token=a');
    expect(guarded).toHaveLength(1);
  });

  it('keeps what middleware in front sets, on hits too', async () => {
    let passed = 0;
    @Module({})
    class Front {
      configure(consumer: MiddlewareConsumer) {
        consumer
          .apply((_req: unknown, res: { setHeader(name: string, value: string): void }, next: () => void) => {
            res.setHeader('X-Passed', String(++passed));
            next();
          })
          .forRoutes('*path');
      }
    }
    const site = await serve([Pages], { imports: [Front] });
    await warm(site, '/pages/plain/7');
    const third = await site.get('/pages/plain/7');
    expect(third.headers['x-passed']).toBe(String(passed));
    expect(passed).toBe(3);
    expect(guarded).toEqual([]);
  });

  it('answers HEAD and conditions', async () => {
    const site = await serve();
    await warm(site, '/pages/plain/7');
    const hit = await site.get('/pages/plain/7');
    const head = await site.ask('/pages/plain/7', { method: 'HEAD' });
    expect([head.status, head.isHit, head.text]).toEqual([200, true, '']);
    const etag = String(hit.headers.etag);
    const again = await site.get('/pages/plain/7', { 'if-none-match': etag });
    expect([again.status, again.text]).toEqual([304, '']);
    expect(guarded).toEqual([]);
  });

  it('goes by no HEAD that they have let through', async () => {
    const site = await serve();
    await site.get('/pages/plain/7', { cookie: 'sid=1' });
    for (let i = 0; i < 3; i++) await site.ask('/pages/plain/7', { method: 'HEAD' });
    decide = () => false;
    expect((await site.get('/pages/plain/7')).status).toBe(403);
  });

  it('asks them when what is stored is no longer fresh', async () => {
    const site = await serve();
    await warm(site, '/pages/plain/7');
    site.clock.advance(301_000);
    const late = await site.get('/pages/plain/7');
    expect(late.isHit).toBe(false);
    expect(guarded).toHaveLength(1);
  });

  it('tells versions of one URL apart', async () => {
    @Controller('versions')
    class Versions {
      @Get() @Version('1') @CacheView({ ttl: 300, beforeGuards: true }) one() {
        return 'first';
      }
      @Get() @Version('2') @CacheView({ ttl: 300, beforeGuards: true }) two() {
        return 'second';
      }
    }
    const configure = (app: INestApplication) => {
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      app.useGlobalGuards(new Guard());
    };
    const site = await serve([Versions], { configure });
    await warm(site, '/versions', { 'x-version': '1' });
    await warm(site, '/versions', { 'x-version': '2' });
    const texts = await Promise.all(
      ['1', '2'].map(async (version) => (await site.get('/versions', { 'x-version': version })).text),
    );
    expect(texts).toEqual(['first', 'second']);
    expect(guarded).toEqual([]);
  });

  it('serves request-scoped controllers, and apps beside one another', async () => {
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class Scoped {
      @Get() @CacheView({ ttl: 300, beforeGuards: true, inputs: 'guard' }) page() {
        return { run: ++runs };
      }
    }
    const configure = (app: INestApplication) => app.useGlobalGuards(new Guard());
    const one = await serve([Scoped], { configure });
    const other = await serve([Scoped], { configure });
    const first = await warm(one, '/scoped');
    const second = await warm(other, '/scoped');
    expect(second.text).not.toBe(first.text);
    expect((await one.get('/scoped')).text).toBe(first.text);
    expect((await other.get('/scoped')).text).toBe(second.text);
    expect(guarded).toEqual([]);
  });
});

describe('beforeGuards is a start-up error', () => {
  const at = (options: CacheViewOptions) => {
    @Controller()
    class Home {
      @Get() @CacheView({ ttl: 60, ...options }) show() {
        return {};
      }
    }
    return Home;
  };
  @Controller()
  class OwnGuard {
    @Get() @UseGuards(Guard) @CacheView({ ttl: 60, beforeGuards: true }) show() {
      return {};
    }
  }
  @Controller()
  @UseGuards(Guard)
  @CacheView({ ttl: 60, beforeGuards: true })
  class BothAbove {
    @Get() show() {
      return {};
    }
  }
  @Controller()
  @CacheView({ ttl: 60, beforeGuards: true })
  class GuardBelow {
    @Get() @UseGuards(Guard) show() {
      return {};
    }
  }
  const key = () => 'a';

  it.each<[string, Type, RegExp, CacheViewOptions?]>([
    ['of another type', at({ beforeGuards: 'yes' as never }), /^Home\.show: @CacheView\.beforeGuards: 'yes'/],
    [
      'with a name nobody reads',
      at({ beforeGuards: { ignoreCookie: [] } as never }),
      /beforeGuards\.ignoreCookie: .*did you mean ignoreCookies\?$/,
    ],
    ['with key', at({ beforeGuards: true, key }), /@CacheView\.key: .*no key with beforeGuards/],
    ['with when', at({ beforeGuards: true, when: () => true }), /@CacheView\.when: .*no when with beforeGuards/],
    [
      'with placeholders',
      at({ beforeGuards: true, placeholders: { nonce: () => 'a' } }),
      /@CacheView\.placeholders: .*no placeholders with beforeGuards/,
    ],
    [
      'with a property that selects',
      at({ beforeGuards: true, inputs: { 'req.plan': 'vary' } }),
      /@CacheView\.inputs\.req\.plan: 'vary'.*no 'vary' with beforeGuards/,
    ],
    ['at a handler with a guard', OwnGuard, /OwnGuard\.show: @CacheView\.beforeGuards: true.*Guard would not run/],
    ['at a controller with a guard', BothAbove, /BothAbove\.show: @CacheView\.beforeGuards: true.*Guard would not run/],
    ['above a handler with a guard', GuardBelow, /GuardBelow\.show: @CacheView\.beforeGuards: true.*Guard would not/],
    [
      'for all routes',
      at({}),
      /^ViewCacheModule\.views\.beforeGuards: true.*handlers and controllers/,
      { ttl: 60, beforeGuards: true },
    ],
  ])('%s', async (_what, controller, message, ...[views]) => {
    @Module({
      imports: [ViewCacheModule.forRoot(views === undefined ? {} : { views: views as object })],
      controllers: [controller],
    })
    class AppModule {}
    const app = NestFactory.create(AppModule, { logger: false, abortOnError: false }).then(async (it) => {
      await it.init().finally(() => it.close());
    });
    const error = await app.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});
