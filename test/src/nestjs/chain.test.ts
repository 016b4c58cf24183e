import { describe, expect, it } from '@jest/globals';
import {
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  ClassSerializerInterceptor,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Query,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { CacheView } from '@viewcache/nestjs';
import { Exclude } from 'class-transformer';
import { finalize, map, type Observable, retry, tap, timeout } from 'rxjs';
import { lasting } from '../support/site.js';
import { closeNestsAfterEach, type NestSetup, nests, serveNest } from './nests.js';

/** How often each part of the chain has run. */
let ran: Record<string, number> = {};
const count = (what: string) => {
  ran[what] = (ran[what] ?? 0) + 1;
};

@Injectable()
class Key implements CanActivate {
  canActivate(context: ExecutionContext) {
    count('guard');
    return context.switchToHttp().getRequest().headers['x-key'] === 'right';
  }
}

@Injectable()
class Upper implements PipeTransform {
  transform(value: string, _metadata: ArgumentMetadata) {
    count('pipe');
    return String(value).toUpperCase();
  }
}

/** Counts its beginning, what comes through it, and its end. */
function counting(name: string) {
  @Injectable()
  class Counting implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      count(name);
      return next.handle().pipe(
        tap(() => count(`${name} value`)),
        finalize(() => count(`${name} end`)),
      );
    }
  }
  return Counting;
}

class User {
  id = 1;
  @Exclude() password = 'hunter2';
  constructor(fields: Partial<User>) {
    Object.assign(this, fields);
  }
}

/** An interceptor of one operator. */
function piping(work: (from: Observable<unknown>) => Observable<unknown>): NestInterceptor {
  return { intercept: (_context, next) => work(next.handle()) };
}

@UseInterceptors(counting('controller'))
@Controller()
@UseGuards(Key)
class Pages {
  @UseInterceptors(counting('inner'))
  @CacheView(300)
  @UseInterceptors(counting('outer'))
  @Get('page')
  page(@Query('name', Upper) name: string) {
    count('handler');
    return { name };
  }

  @CacheView(300)
  @Get('user')
  user() {
    count('handler');
    return new User({ id: 7 });
  }

  @CacheView(300)
  @Get('flaky')
  flaky() {
    count('handler');
    if ((ran['handler'] ?? 0) < 3) throw new Error('not yet');
    return { runs: ran['handler'] };
  }
}

const right = { 'x-key': 'right' };

describe.each(nests)('the chain around @CacheView() on %s', (_name, make) => {
  closeNestsAfterEach();

  const serve = async (setup?: NestSetup) => {
    ran = {};
    return await serveNest(make, [Pages], setup);
  };

  it('runs guards and what stands further out on a hit, and neither pipes nor handler nor what stands further in', async () => {
    const site = await serve({ configure: (app) => app.useGlobalInterceptors(new (counting('global'))()) });
    await site.get('/page?name=ada', right);
    const all = ['global', 'controller', 'outer', 'inner'].flatMap((name) => [name, `${name} value`, `${name} end`]);
    expect(ran).toEqual(Object.fromEntries(['guard', 'pipe', 'handler', ...all].map((name) => [name, 1])));
    ran = {};
    const hit = await site.get('/page?name=ada', right);
    expect(hit.isHit).toBe(true);
    expect(hit.text).toBe('{"name":"ADA"}');
    const outside = all.filter((name) => !name.startsWith('inner'));
    expect(ran).toEqual(Object.fromEntries(['guard', ...outside].map((name) => [name, 1])));
    expect(site.logged).toEqual([]);
  });

  it('refuses whom a guard refuses while the stored response is there', async () => {
    const site = await serve();
    await site.get('/page?name=ada', right);
    const denied = await site.get('/page?name=ada', { 'x-key': 'wrong' });
    expect(denied.status).toBe(403);
    expect(denied.text).not.toContain('ADA');
    expect((await site.get('/page?name=ada', right)).isHit).toBe(true);
  });

  it.each<[string, NestSetup]>([
    ['none', {}],
    [
      'ClassSerializerInterceptor',
      { configure: (app) => app.useGlobalInterceptors(new ClassSerializerInterceptor(app.get(Reflector))) },
    ],
    [
      'ClassSerializerInterceptor as a provider',
      { providers: [{ provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor }] },
    ],
    ['map', { configure: (app) => app.useGlobalInterceptors(piping(map((data) => ({ data })))) }],
    ['timeout', { configure: (app) => app.useGlobalInterceptors(piping(timeout(30_000))) }],
    [
      'map, then ClassSerializerInterceptor, then timeout',
      {
        configure: (app) =>
          app.useGlobalInterceptors(
            piping(map((data) => ({ data }))),
            new ClassSerializerInterceptor(app.get(Reflector)),
            piping(timeout(30_000)),
          ),
      },
    ],
    [
      'ClassSerializerInterceptor, then map',
      {
        configure: (app) =>
          app.useGlobalInterceptors(
            new ClassSerializerInterceptor(app.get(Reflector)),
            piping(map((data) => ({ data }))),
          ),
      },
    ],
  ])('answers a hit as the miss with %s further out', async (what, setup) => {
    const site = await serve(setup);
    const miss = await site.get('/user', right);
    const hit = await site.get('/user', right);
    expect(hit.isHit).toBe(true);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
    expect(hit.text.includes('hunter2')).toBe(!what.includes('Serializer'));
    expect(hit.text.startsWith('{"data":')).toBe(what.includes('map'));
    expect(ran['handler']).toBe(1);
    expect(site.logged).toEqual([]);
  });

  it('runs the handler again for an interceptor that asks once more, and stores what that answers', async () => {
    const site = await serve({ configure: (app) => app.useGlobalInterceptors(piping(retry(5))) });
    const first = await site.get('/flaky', right);
    expect([first.status, first.text]).toEqual([200, '{"runs":3}']);
    expect(first.isStored).toBe(true);
    expect((await site.get('/flaky', right)).isHit).toBe(true);
  });

  it('keeps the answer when an interceptor further out fails for want of a value', async () => {
    const site = await serve({
      configure: (app) => app.useGlobalInterceptors(piping(map((data) => ({ id: (data as User).id })))),
    });
    const miss = await site.get('/user', right);
    const hit = await site.get('/user', right);
    expect([miss.text, hit.text]).toEqual(['{"id":7}', '{"id":7}']);
    expect(hit.isHit).toBe(true);
  });

  it('makes request-scoped controllers and providers on each request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Visit {
      constructor() {
        count('visit');
      }
      readonly tenant = 'acme';
    }
    @Controller()
    class Scoped {
      constructor(readonly visit: Visit) {
        count('controller');
      }
      @CacheView({ ttl: 300, inputs: 'guard' })
      @Get('scoped')
      scoped() {
        count('handler');
        return { tenant: this.visit.tenant };
      }
    }
    ran = {};
    const site = await serveNest(make, [Scoped], { providers: [Visit] });
    const miss = await site.get('/scoped');
    const hit = await site.get('/scoped');
    expect(hit.isHit).toBe(true);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
    expect(ran).toEqual({ visit: 2, controller: 2, handler: 1 });
  });
});
