import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import type { CacheEvent } from '@viewcache/core';
import { CacheView, Observer } from '@viewcache/nestjs';
import { CacheInterceptor, CacheModule } from '@viewcache/nestjs/compat';
import { catchError, lastValueFrom, map, of, tap, throwError } from 'rxjs';
import { closeNestsAfterEach, type NestSetup, nests, serveNest } from './nests.js';

closeNestsAfterEach();

@Injectable()
class Wrap implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((rows: number[]) => ({ data: rows, count: rows.length })));
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedWrap extends Wrap {}

/** Hands its chain out later. */
@Injectable()
class LateWrap extends Wrap {
  override intercept(context: ExecutionContext, next: CallHandler) {
    return Promise.resolve(super.intercept(context, next)) as never;
  }
}

/** Waits for what the handler returns before it hands out its chain. */
@Injectable()
class WaitingWrap extends Wrap {
  override intercept(_context: ExecutionContext, next: CallHandler) {
    const wrapped = lastValueFrom(next.handle()).then((rows: number[]) => of({ data: rows, count: rows.length }));
    return wrapped as never;
  }
}

@Observer()
@Injectable()
class WaitingObserver extends WaitingWrap {}

@Observer()
@Injectable()
class Logging implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(tap((rows: number[]) => void rows.length));
  }
}

/** Classes of their own for each app: what was said of one is not said again. */
function controllers() {
  @Controller('bare')
  class Bare {
    @Get() @CacheView({ ttl: 60, inputs: 'guard' }) rows() {
      return [1, 2];
    }
    @Get('fails') @CacheView(60) fails() {
      throw new Error('no rows');
    }
  }

  @Controller('own')
  @UseInterceptors(Wrap)
  class Own {
    @Get() @CacheView(60) rows() {
      return [1, 2];
    }
  }

  @Controller('below')
  class Below {
    @Get() @CacheView(60) @UseInterceptors(Wrap) rows() {
      return [1, 2];
    }
  }

  @Controller('late')
  class Late {
    @Get() @CacheView(60) @UseInterceptors(LateWrap) rows() {
      return [1, 2];
    }
  }

  @Controller('waiting')
  class Waiting {
    @Get() @CacheView(60) @UseInterceptors(WaitingWrap) rows() {
      return [1, 2];
    }
  }

  @Controller('logged')
  class Logged {
    @Get() @CacheView(60) @UseInterceptors(Logging) rows() {
      return [1, 2];
    }
  }

  @Controller('compat')
  class Compat {
    @Get() @UseInterceptors(Wrap, CacheInterceptor) rows() {
      return [1, 2];
    }
  }
  return [Bare, Own, Below, Late, Waiting, Logged, Compat];
}

/** An app whose filter, and whose outermost interceptor where it is of the app, count the errors that they see. */
async function start(make: (typeof nests)[number][1], providers: NestSetup['providers'] = []) {
  const seen: string[] = [];
  @Catch()
  class Everything implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost) {
      seen.push(`filter ${error}`);
      const reply = host.switchToHttp().getResponse();
      reply.status(500).send('failed');
    }
  }
  @Observer()
  class Metrics implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      const note = (error: unknown) => {
        seen.push(`metrics ${error}`);
        return throwError(() => error);
      };
      return next.handle().pipe(catchError(note));
    }
  }
  const site = await serveNest(make, controllers(), {
    providers: [
      { provide: APP_FILTER, useClass: Everything },
      { provide: APP_INTERCEPTOR, useClass: Metrics },
      ...providers,
    ],
    imports: [CacheModule.register({ cache: 'default', ttl: 60_000 })],
  });
  const warnings: string[] = [];
  site.cache.on((event: CacheEvent) => event.type === 'warning' && warnings.push(event.message));
  return { site, seen, warnings };
}

describe.each(nests)('what interceptors further out throw on hits, on %s', (_name, make) => {
  it.each([
    ['of a controller', '/own', '{"data":[1,2],"count":2}', 'Wrap'],
    ['below the view', '/below', '{"data":[1,2],"count":2}', 'Wrap'],
    ['that hands out its chain later', '/late', '{"data":[1,2],"count":2}', 'LateWrap'],
    ['that waits for the value', '/waiting', '{"data":[1,2],"count":2}', 'WaitingWrap'],
    ['that only observes', '/logged', '[1,2]', 'Logging'],
    ['around the interceptor of compat', '/compat', '{"data":[1,2],"count":2}', 'Wrap'],
  ])('one %s: nobody sees it, and one warning says what to do', async (_what, path, text, name) => {
    const { site, seen, warnings } = await start(make);
    const replies = [await site.get(path), await site.get(path), await site.get(path)];

    expect(replies.map((reply) => [reply.status, reply.text, reply.isHit])).toEqual([
      [200, text, false],
      [200, text, true],
      [200, text, true],
    ]);
    expect([seen, site.logged]).toEqual([[], []]);
    expect(warnings).toEqual([expect.stringContaining(`(${name}) threw on a hit of`)]);
  });

  it.each([
    ['the app', Wrap, 'Metrics or further in'],
    ['the app, made for each request', ScopedWrap, 'Metrics or further in'],
    ['the app, which waits for the value', WaitingWrap, 'Metrics or further in'],
  ])('one of %s: no filter and no log sees it', async (_what, useClass, names) => {
    const { site, seen, warnings } = await start(make, [{ provide: APP_INTERCEPTOR, useClass }]);
    const replies = [await site.get('/bare'), await site.get('/bare'), await site.get('/bare')];

    expect(replies.map(({ status, isHit }) => [status, isHit])).toEqual([
      [200, false],
      [200, true],
      [200, true],
    ]);
    expect(seen.filter((text) => text.startsWith('filter'))).toEqual([]);
    expect(site.logged).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining(`(${names}) threw on a hit of Bare.rows, where it gets undefined: TypeError`),
    ]);
    expect(warnings[0]).toContain('@UseInterceptors() above @CacheView()');
  });

  it('the first one of the app, which waits for the value: no filter touches the answer, nor what it is sent by', async () => {
    let failures = 0;
    @Catch()
    class Failing implements ExceptionFilter {
      catch(_error: unknown, host: ArgumentsHost) {
        failures++;
        host.switchToHttp().getResponse().header('x-failed', '1').status(500).send('failed');
      }
    }
    const site = await serveNest(make, controllers(), {
      providers: [
        { provide: APP_FILTER, useClass: Failing },
        { provide: APP_INTERCEPTOR, useClass: WaitingObserver },
      ],
      imports: [CacheModule.register({ cache: 'default', ttl: 60_000 })],
    });
    const ports: unknown[] = [];
    for (const isHit of [false, true, true]) {
      const reply = await site.open('/bare');
      ports.push(reply.socket.localPort);
      expect([reply.statusCode, reply.headers['cache-status']?.includes('hit')]).toEqual([200, isHit]);
      await once(reply.resume(), 'close');
    }
    expect([new Set(ports).size, failures, site.logged]).toEqual([1, 0, []]);
  });

  it('what a handler throws is an error as ever', async () => {
    const { site, seen } = await start(make, [{ provide: APP_INTERCEPTOR, useClass: Wrap }]);
    const reply = await site.get('/bare/fails');

    expect([reply.status, reply.text]).toEqual([500, 'failed']);
    expect(seen).toEqual(['metrics Error: no rows', 'filter Error: no rows']);
  });
});
