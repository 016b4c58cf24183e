import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  type CanActivate,
  ClassSerializerInterceptor,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { CacheView, Observer } from '@viewcache/nestjs';
import { Expose, instanceToPlain } from 'class-transformer';
import { map } from 'rxjs';
import { closeNestsAfterEach, type NestSetup, nests, serveNest } from './nests.js';

interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly ip: string;
  readonly hostname: string;
  user?: { readonly role: string | undefined };
}
const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<AnyRequest>();

@Injectable()
class Login implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = requestOf(context);
    request.user = { role: request.headers['x-role'] };
    return true;
  }
}

class City {
  @Expose() id = 1;
  @Expose({ groups: ['admin'] }) secret = 'hidden';
}

/** Asks who it is before the handler runs, and shows him what he may see. */
@Injectable()
class ByRole implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const groups = [requestOf(context).user?.role ?? ''];
    return next.handle().pipe(map((value) => instanceToPlain(value, { groups })));
  }
}

/** Asks only when the handler has answered. */
@Injectable()
class ByRoleLater implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next
      .handle()
      .pipe(map((value) => instanceToPlain(value, { groups: [requestOf(context).user?.role ?? ''] })));
  }
}

@Injectable()
class Logging implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    void [requestOf(context).ip, requestOf(context).headers['user-agent'], requestOf(context).user];
    return next.handle();
  }
}

@Observer()
@Injectable()
class Declared extends Logging {}

@Controller()
@UseGuards(Login)
class Pages {
  @CacheView(300)
  @Get('city')
  city() {
    return new City();
  }
  @CacheView(300)
  @UseInterceptors(ByRole)
  @Get('below')
  below() {
    return new City();
  }
  @CacheView({ ttl: 300, key: (ctx) => requestOf(ctx).user?.role })
  @Get('keyed')
  keyed() {
    return new City();
  }
  @CacheView({
    ttl: 300,
    inputs: {
      'req.user': 'ignore',
      'user-agent': 'ignore',
      'x-forwarded-for': 'ignore',
      'socket.remoteAddress': 'ignore',
    },
  })
  @Get('ignored')
  ignored() {
    return { page: 1 };
  }
}

@Controller('classy')
@CacheView(300)
@UseInterceptors(ByRole)
@UseGuards(Login)
class Classy {
  @Get() page() {
    return new City();
  }
}

const admin = { 'x-role': 'admin' };
const guest = { 'x-role': 'guest' };

describe.each(nests)('interceptors further out than a view, on %s', (_name, make) => {
  closeNestsAfterEach();
  const global = (...made: NestInterceptor[]): NestSetup => ({
    configure: (app) => app.useGlobalInterceptors(...made),
  });

  it.each<[string, string, NestSetup]>([
    ['/city', 'a global one', global(new ByRole())],
    ['/city', 'a global one that asks later', global(new ByRoleLater())],
    ['/city', 'the second global one', global(new Declared(), new ByRole())],
    ['/city', 'a provided one', { providers: [{ provide: APP_INTERCEPTOR, useClass: ByRole }] }],
    ['/classy', "one of the controller's", {}],
    ['/below', 'one of the handler', {}],
  ])('do not let %s be stored, shaped by who is asking through %s', async (path, _who, setup) => {
    const site = await serveNest(make, [Pages, Classy], setup);
    const details: unknown[] = [];
    site.cache.on((event) => event.type === 'refused' && details.push(event.detail));
    expect((await site.get(path, admin)).text).toBe('{"id":1,"secret":"hidden"}');
    expect((await site.get(path, guest)).text).toBe('{"id":1}');
    expect(details[0]).toBe('req.user');
  });

  it('are covered by a key', async () => {
    const site = await serveNest(make, [Pages], global(new ByRole()));
    await site.get('/keyed', admin);
    expect((await site.get('/keyed', guest)).text).toBe('{"id":1}');
    const again = await site.get('/keyed', admin);
    expect([again.isHit, again.text]).toEqual([true, '{"id":1,"secret":"hidden"}']);
  });

  it('count where they only log, unless that is declared, or their inputs are named', async () => {
    const logging = await serveNest(make, [Pages], global(new Logging()));
    await logging.get('/city', admin);
    expect((await logging.get('/city', admin)).isHit).toBe(false);
    await logging.get('/ignored', admin);
    expect((await logging.get('/ignored', guest)).isHit).toBe(true);
    const declared = await serveNest(make, [Pages], {
      configure: (app) => app.useGlobalInterceptors(new Declared(), new ClassSerializerInterceptor(app.get(Reflector))),
    });
    await declared.get('/city', admin);
    expect((await declared.get('/city', guest)).isHit).toBe(true);
  });

  it('count for nothing on routes that are not cached, which get their requests as they are', async () => {
    const cloning: NestInterceptor = {
      intercept: (context, next) => {
        structuredClone((requestOf(context) as { raw?: AnyRequest }).raw?.headers ?? requestOf(context).headers);
        return next.handle();
      },
    };
    @Controller()
    class Cloned {
      @Get('plain') plain() {
        return { page: 1 };
      }
      @CacheView(300) @Get('cached') cached() {
        return { page: 1 };
      }
    }
    const site = await serveNest(make, [Cloned], global(cloning));
    for (const path of ['/plain', '/cached', '/cached']) {
      const reply = await site.get(path, admin);
      expect([reply.status, reply.isHit]).toEqual([200, false]);
    }
    expect(site.logged).toEqual([]);
  });
});
