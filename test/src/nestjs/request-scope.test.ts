import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  NotFoundException,
  type Provider,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost, REQUEST } from '@nestjs/core';
import { CacheView, type CacheViewOptions, Observer } from '@viewcache/nestjs';
import { map } from 'rxjs';
import { closeAfterEach, makeCache } from '../support/site.js';
import { closeNestsAfterEach, type NestSetup, type NestSite, nests, serveNest } from './nests.js';

interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const nameIn = (context: ExecutionContext) => context.switchToHttp().getRequest<AnyRequest>().headers['cookie'];

/** Whoever comes first puts into it who asks. */
@Injectable({ scope: Scope.REQUEST })
class Who {
  name: string | undefined;
}

@Injectable()
class Login implements CanActivate {
  constructor(@Inject(Who) readonly who: Who) {}
  canActivate(context: ExecutionContext) {
    this.who.name = nameIn(context);
    return true;
  }
}

/** Stands between the class and who needs it. */
@Injectable()
class Greetings {
  constructor(@Inject(Who) readonly who: Who) {}
  get text() {
    return { hello: this.who.name };
  }
}

@Injectable()
class Greeting implements NestInterceptor {
  constructor(@Inject(Who) readonly who: Who) {}
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((page: object) => ({ ...page, hello: this.who.name })));
  }
}

@Catch()
@Injectable({ scope: Scope.REQUEST })
class Apology implements ExceptionFilter {
  @Inject(HttpAdapterHost) readonly adapters!: HttpAdapterHost;
  constructor(@Inject(REQUEST) readonly request: AnyRequest) {}
  catch(_error: unknown, host: ExecutionContext) {
    const body = { sorry: this.request.headers['cookie'] };
    this.adapters.httpAdapter.reply(host.switchToHttp().getResponse(), body, 404);
  }
}

const providers: Provider[] = [Who, Greetings];

/** A page of a controller that needs who asks. */
function pageWith(options: CacheViewOptions | undefined): Type {
  @Controller()
  @UseGuards(Login)
  class Pages {
    constructor(@Inject(Greetings) readonly greetings: Greetings) {}
    @Get() page() {
      return this.greetings.text;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Pages.prototype, 'page') as PropertyDescriptor;
  if (options !== undefined) CacheView(options)(Pages.prototype, 'page', descriptor);
  return Pages;
}

const failing = { ttl: 60, statuses: [404] };

@Controller()
class Failing {
  @Get() @CacheView(failing) page() {
    throw new NotFoundException();
  }
}

describe.each(nests)('a class that is made for each request, on %s', (_name, make) => {
  closeNestsAfterEach();
  closeAfterEach();

  const warned: string[] = [];
  const serve = async (controller: Type, { options, ...setup }: NestSetup = {}): Promise<NestSite> => {
    const cache = makeCache();
    warned.length = 0;
    cache.on((event) => event.type === 'warning' && warned.push(event.message.split('\n', 1)[0] ?? ''));
    return await serveNest(make, [controller], { providers, options: { cache, ...options }, ...setup });
  };
  /** What those are answered who ask one after another, and for whom that was stored. */
  const ask = async (site: NestSite) => {
    const first = await site.get('/', { cookie: 'ada' });
    const second = await site.get('/', { cookie: 'bob' });
    return { isHit: second.isHit, isMixedUp: second.text.includes('ada'), isTold: first.text.includes('ada') };
  };
  const apart = { isHit: false, isMixedUp: false, isTold: true };

  it('keeps what a controller answers that needs it from being stored, and is named', async () => {
    expect(await ask(await serve(pageWith({ ttl: 60 })))).toEqual(apart);
    expect(warned).toEqual([
      'viewcache: what Pages answers is not stored: Who, which it needs, is request-scoped, and nobody sees what it is told of the request before the cache is asked.',
    ]);
  });

  it('does so where an interceptor or a filter needs it, and a filter of the app', async () => {
    @Controller()
    @UseGuards(Login)
    class Intercepted {
      @UseInterceptors(Greeting)
      @Get()
      @CacheView(60)
      page() {
        return { page: 1 };
      }
    }
    @Controller()
    @UseFilters(Apology)
    class Filtered extends Failing {
      @Get() @CacheView(failing) override page(): never {
        throw new NotFoundException();
      }
    }
    expect(await ask(await serve(Intercepted))).toEqual(apart);
    expect(warned).toEqual([expect.stringContaining('what Intercepted answers is not stored: Who, which')]);
    expect(await ask(await serve(Filtered))).toEqual(apart);
    expect(warned).toEqual([expect.stringContaining('Apology, which it needs, injects REQUEST')]);
    const ofApp: Provider = { provide: APP_FILTER, useClass: Apology };
    expect(await ask(await serve(Failing, { providers: [ofApp] }))).toEqual(apart);
    expect(warned).toEqual([expect.stringContaining('Apology, which it needs, injects REQUEST')]);
  });

  it.each<[string, Provider]>([
    ['durable', { provide: Who, useClass: Who, scope: Scope.REQUEST, durable: true }],
    ['made by a factory', { provide: Who, useFactory: () => new Who(), scope: Scope.REQUEST }],
    [
      'beneath a transient one',
      { provide: Who, inject: ['made'], useFactory: (made: Who) => made, scope: Scope.TRANSIENT },
    ],
  ])('does so where it is %s', async (_what, who) => {
    const made: Provider = { provide: 'made', useFactory: () => new Who(), scope: Scope.REQUEST };
    const site = await serve(pageWith({ ttl: 60 }), { providers: [who, made, Greetings] });
    await site.get('/', { cookie: 'ada' });
    expect((await site.get('/', { cookie: 'bob' })).isHit).toBe(false);
    expect(warned).toEqual([expect.stringContaining('is request-scoped')]);
  });

  it('does so where the controller itself is', async () => {
    @Controller({ scope: Scope.REQUEST })
    class Scoped {
      @Get() @CacheView(60) page() {
        return { page: 1 };
      }
    }
    expect((await ask(await serve(Scoped))).isHit).toBe(false);
    expect(warned).toEqual([expect.stringContaining('what Scoped answers is not stored: it is request-scoped')]);
  });

  it('keeps nothing from being stored where guards alone need it, or what observes', async () => {
    @Observer()
    @Injectable({ scope: Scope.REQUEST })
    class Log implements NestInterceptor {
      constructor(@Inject(Who) readonly who: Who) {}
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle();
      }
    }
    @Controller()
    @UseGuards(Login)
    @UseInterceptors(Log)
    class Pages {
      @Get() @CacheView(60) page() {
        return { page: 1 };
      }
    }
    const ofApp: Provider = { provide: APP_GUARD, useClass: Login, scope: Scope.REQUEST };
    const site = await serve(Pages, { providers: [...providers, ofApp] });
    expect(await ask(site)).toEqual({ isHit: true, isMixedUp: false, isTold: false });
    expect(warned).toEqual([]);
  });

  it('is covered by a key where that says something', async () => {
    const site = await serve(pageWith({ ttl: 60, key: nameIn }));
    expect(await ask(site)).toEqual(apart);
    expect((await site.get('/', { cookie: 'ada' })).isHit).toBe(true);
    // What was meant is `name`.
    const key = (context: ExecutionContext) => (nameIn(context) as { id?: string } | undefined)?.id;
    expect(await ask(await serve(pageWith({ ttl: 60, key })))).toEqual(apart);
  });

  it.each<[string, CacheViewOptions, boolean]>([
    ['vary', { vary: ['accept-language'] }, true],
    ['a list of nothing', { vary: [] }, false],
    ['inputs', { inputs: 'guard' }, true],
    ['inputs that are stricter', { inputs: 'refuse' }, false],
    ['what is said of single inputs', { inputs: { 'req.user': 'ignore' } }, false],
  ])('is let be by %s of its own', async (_what, options, isHit) => {
    expect((await ask(await serve(pageWith({ ttl: 60, ...options })))).isHit).toBe(isHit);
  });

  it.each<[string, CacheViewOptions]>([
    ['vary', { vary: ['accept-language'] }],
    ['a key', { key: () => 'everybody' }],
    ['inputs', { inputs: 'guard' }],
  ])('is not let be by %s that the module says of every view', async (_what, views) => {
    const options = { views: { ttl: 60, ...views } };
    expect(await ask(await serve(pageWith(undefined), { options }))).toEqual(apart);
    expect(await ask(await serve(pageWith({ ttl: 60 }), { options }))).toEqual(apart);
  });
});
