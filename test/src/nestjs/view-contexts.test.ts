import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  type Provider,
  Scope,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Int, Mutation, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CacheControl, CacheView, NeverCache, VaryOn, ViewCacheModule } from '@viewcache/nestjs';
import { closeContextsAfterEach, startContext } from './contexts.js';
import { graphqlModule, operate } from './graphql.js';
import { type AskService, hybrid, startService } from './microservice.js';
import { closeNestsAfterEach, type NestSetup, nests, serveNest } from './nests.js';
import { tell, withSockets } from './sockets.js';

closeContextsAfterEach();
closeNestsAfterEach();

const as = <T extends Type>(decorator: ClassDecorator, Class: T): T => {
  decorator(Class);
  return Class;
};
const resolver = (Class: Type) => ({ providers: [as(Resolver(), Class)] });
const gateway = (Class: Type) => ({ providers: [as(WebSocketGateway(), Class)] });
const controller = (Class: Type) => ({ controllers: [as(Controller(), Class)] });

/** Each a class of which nothing answers a route. */
function misplaced(): [string, string, Pick<NestSetup, 'providers' | 'controllers'>][] {
  class Queries {
    @CacheView(60) @Query(() => Int) cities() {}
  }
  class Mutations {
    @Mutation(() => Int) @CacheView(60) rename() {}
  }
  class Fields {
    @CacheView(60) @ResolveField() name() {}
  }
  class Subscriptions {
    @CacheView(60) @Subscription(() => Int) renamed() {}
  }
  @CacheView(60)
  class Everything {
    @Query(() => Int) cities() {}
  }
  class Messages {
    @CacheView(60) @MessagePattern('cities') cities() {}
  }
  class Events {
    @CacheView(60) @EventPattern('renamed') renamed(_city: string) {}
  }
  @CacheView(60)
  class AllMessages {
    @MessagePattern('cities') cities() {}
  }
  class Gateway {
    @CacheView(60) @SubscribeMessage('cities') cities(_city: string) {}
  }
  @CacheView(60)
  class AllOfGateway {
    @SubscribeMessage('cities') cities(_city: string) {}
  }
  class Base {
    @CacheView(60) @Query(() => Int) cities() {}
  }
  class Extending extends Base {}
  class Made {
    @CacheView(60) @Query(() => Int) cities() {}
  }
  class Never {
    @NeverCache() @Query(() => Int) cities() {}
  }
  @VaryOn('Accept')
  class Varying {
    @SubscribeMessage('cities') cities(_city: string) {}
  }
  class Controlled {
    @CacheControl({ public: true }) @MessagePattern('cities') cities() {}
  }
  const made: Provider = { provide: 'made', useFactory: () => new (as(Resolver(), Made))() };
  return [
    ['a query', 'Queries.cities: @CacheView', resolver(Queries)],
    ['a mutation', 'Mutations.rename: @CacheView', resolver(Mutations)],
    ['a field', 'Fields.name: @CacheView', resolver(Fields)],
    ['a subscription', 'Subscriptions.renamed: @CacheView', resolver(Subscriptions)],
    ['a resolver', 'Everything: @CacheView', resolver(Everything)],
    ['a resolver that extends one', 'Extending.cities: @CacheView', resolver(Extending)],
    ['a resolver that a factory has made', 'Made.cities: @CacheView', { providers: [made] }],
    ['a handler of messages', 'Messages.cities: @CacheView', controller(Messages)],
    ['a handler of events', 'Events.renamed: @CacheView', controller(Events)],
    ['a controller without routes', 'AllMessages: @CacheView', controller(AllMessages)],
    ["a gateway's handler", 'Gateway.cities: @CacheView', gateway(Gateway)],
    ['a gateway', 'AllOfGateway: @CacheView', gateway(AllOfGateway)],
    ['a query, by another decorator', 'Never.cities: @NeverCache', resolver(Never)],
    ['a gateway, by another decorator', 'Varying: @VaryOn', gateway(Varying)],
    ['a handler of messages, by another one', 'Controlled.cities: @CacheControl', controller(Controlled)],
  ];
}

describe('@CacheView() where no response of HTTP is made', () => {
  it.each(misplaced())('keeps the app from starting: %s', async (_what, setting, metadata) => {
    const refused = { code: 'ERR_CACHE_CONFIG', setting, message: expect.stringContaining('use it on controllers') };
    await expect(startContext(metadata)).rejects.toMatchObject(refused);
    if (metadata.controllers === undefined) return;
    await expect(startService({ imports: [ViewCacheModule.forRoot()], ...metadata })).rejects.toMatchObject(refused);
  });

  it('goes unnoticed on a controller that is provided as well, so that others may inject it', async () => {
    @Controller()
    class Cities {
      @CacheView(60) @Get() list() {}
    }
    const { app } = await startContext({ providers: [Cities], imports: [{ module: class {}, controllers: [Cities] }] });
    expect(app.get(Cities)).toBeInstanceOf(Cities);
  });
});

let runs = 0;

/** Answers routes and messages; what it says of views is meant for the routes. */
@CacheView({ ttl: 60, inputs: 'guard' })
@Controller('cities')
class Mixed {
  @Get() list() {
    return { run: ++runs };
  }
  @MessagePattern('cities') tell() {
    return { run: ++runs };
  }
  @Get('both') @MessagePattern('both') @CacheView(60) both() {
    return { run: ++runs };
  }
}

@Resolver()
class CityResolver {
  @Query(() => Int) run() {
    return ++runs;
  }
}

@WebSocketGateway()
class CityGateway {
  @SubscribeMessage('run') run(@MessageBody() data: unknown) {
    return { event: 'ran', data: { data, run: ++runs } };
  }
}

/** Reads of every context what that has, as one that logs does. */
@Injectable()
class Outer implements NestInterceptor {
  static seen: string[] = [];
  intercept(context: ExecutionContext, next: CallHandler) {
    Outer.seen.push(context.getType());
    return next.handle();
  }
}
@Injectable({ scope: Scope.REQUEST })
class ScopedOuter extends Outer {}

describe.each(nests)('an app whose every GET is a view on %s', (_name, make) => {
  const start = async (outer?: Type): Promise<{ site: Awaited<ReturnType<typeof serveNest>>; ask: AskService }> => {
    [runs, Outer.seen] = [0, []];
    const { ask, prepare } = await hybrid();
    const providers: Provider[] = [CityResolver, CityGateway];
    if (outer !== undefined) providers.push({ provide: APP_INTERCEPTOR, useClass: outer });
    const site = await serveNest(make, [Mixed], {
      providers,
      imports: [graphqlModule({ fieldResolverEnhancers: ['interceptors'] })],
      options: { views: { ttl: 60 } },
      configure: async (app) => {
        withSockets(app);
        await prepare(app);
      },
    });
    return { site, ask };
  };

  it.each<[string, Type | undefined, string[]]>([
    ['without others', undefined, []],
    ['behind a global interceptor', Outer, ['graphql', 'http', 'rpc', 'ws']],
    // Of which Nest makes none for a gateway.
    ['behind a global interceptor that is made anew for each request', ScopedOuter, ['graphql', 'http', 'rpc']],
  ])('caches its routes, and lets queries, messages and those of sockets through: %s', async (_what, outer, seen) => {
    const { site, ask } = await start(outer);
    expect([await ask('cities', {}), await ask('cities', {})]).toEqual([{ run: 1 }, { run: 2 }]);
    expect([await operate(site, '{ run }'), await operate(site, '{ run }')]).toEqual([
      { data: { run: 3 } },
      { data: { run: 4 } },
    ]);
    expect(await tell(site, ['run', 7], ['run', 7])).toEqual([
      { event: 'ran', data: { data: 7, run: 5 } },
      { event: 'ran', data: { data: 7, run: 6 } },
    ]);
    for (const path of ['/cities', '/cities/both']) {
      const [first, second] = [await site.get(path), await site.get(path)];
      expect([second.isHit, second.text]).toEqual([true, first.text]);
    }
    expect([await ask('both', {}), await ask('both', {})]).toEqual([{ run: 9 }, { run: 10 }]);
    expect(site.logged).toEqual([]);
    expect([...new Set(Outer.seen)].sort()).toEqual(seen);
  });
});
