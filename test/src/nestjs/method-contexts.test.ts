import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  Args,
  Context,
  Field,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Ctx, MessagePattern, Payload, TcpContext } from '@nestjs/microservices';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Cacheable, CacheInvalidate, CacheView, ViewCacheModule } from '@viewcache/nestjs';
import { Observable, of } from 'rxjs';
import { WebSocket } from 'ws';
import { closeContextsAfterEach } from './contexts.js';
import { graphqlModule, operate } from './graphql.js';
import { startService } from './microservice.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';
import { tell, withSockets } from './sockets.js';

closeContextsAfterEach();
closeNestsAfterEach();

/** Lets in where the handler's metadata says so. */
@Injectable()
class Open implements CanActivate {
  static asked = 0;
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    Open.asked++;
    return this.reflector.get('open', context.getHandler()) === true;
  }
}

describe.each(nests)('decorated methods on %s', (_name, make) => {
  it('answer routes, whatever the order of their decorators, behind guards that always run', async () => {
    @Controller('cities')
    class Cities {
      runs = 0;
      @Get('above/:id')
      @UseGuards(Open)
      @SetMetadata('open', true)
      @Cacheable(60)
      async above(@Param('id', ParseIntPipe) id: number): Promise<object> {
        return { id, run: ++this.runs };
      }
      @Cacheable(60)
      @SetMetadata('open', true)
      @UseGuards(Open)
      @Get('below/:id')
      async below(@Param('id', ParseIntPipe) id: number): Promise<object> {
        return { id, run: ++this.runs };
      }
      @Cacheable(60)
      @UseGuards(Open)
      @Get('closed')
      async closed(): Promise<string> {
        return 'secret';
      }
    }
    const site = await serveNest(make, [Cities], { providers: [Open] });
    for (const path of ['/cities/above/7', '/cities/below/7']) {
      Open.asked = 0;
      const [first, second] = [await site.get(path), await site.get(path)];
      expect(first.text).toBe(second.text);
      expect(first.text).toContain('"id":7');
      expect(Open.asked).toBe(2);
    }
    expect((await site.get('/cities/closed')).status).toBe(403);
  });

  it('tell the view that they are called in of their tags', async () => {
    @Injectable()
    class Cities {
      runs = 0;
      @Cacheable({ ttl: 60, tags: ['cities'] })
      async list(): Promise<number> {
        return ++this.runs;
      }
      @CacheInvalidate({ tags: 'cities' })
      async add(): Promise<void> {}
    }
    @Controller('cities')
    class CitiesController {
      views = 0;
      constructor(private readonly cities: Cities) {}
      @CacheView(60)
      @Get()
      async list() {
        return { view: ++this.views, run: await this.cities.list() };
      }
      @Post()
      async add() {
        await this.cities.add();
        return 'added';
      }
    }
    const site = await serveNest(make, [CitiesController], { providers: [Cities] });
    const view = async () => JSON.parse((await site.get('/cities')).text);
    expect([await view(), await view()]).toEqual([
      { view: 1, run: 1 },
      { view: 1, run: 1 },
    ]);
    await site.ask('/cities', { method: 'POST' });
    expect([await view(), await view()]).toEqual([
      { view: 2, run: 2 },
      { view: 2, run: 2 },
    ]);
  });
});

@ObjectType()
class City {
  @Field(() => Int) readonly id: number;
  @Field(() => Int) readonly run: number;
  constructor(id: number, run: number) {
    [this.id, this.run] = [id, run];
  }
}

const runs = { city: 0, mayor: 0, agent: 0 };

@Resolver(() => City)
class CityResolver {
  @Cacheable({ ttl: 60, tags: (city: City) => [`cities#${city.id}`] })
  @UseGuards(Open)
  @SetMetadata('open', true)
  @Query(() => City)
  async city(@Args('id', { type: () => Int }) id: number): Promise<City> {
    return new City(id, ++runs.city);
  }

  @Query(() => [City])
  @Cacheable(60)
  cities(@Args('ids', { type: () => [Int] }) ids: number[]): Observable<City[]> {
    return of(ids.map((id) => new City(id, ++runs.city)));
  }

  @ResolveField(() => String)
  @Cacheable({ ttl: 60, key: (city: City) => city.id })
  async mayor(@Parent() city: City): Promise<string> {
    return `mayor ${++runs.mayor} of ${city.id}`;
  }

  @Cacheable({ ttl: 60, ignore: [0] })
  @Query(() => String)
  async agent(
    @Context('req') req: { headers: Record<string, string> },
    @Args('accept') accept: string,
  ): Promise<string> {
    return `${typeof req.headers} ${accept} ${++runs.agent}`;
  }

  @Mutation(() => Boolean)
  @CacheInvalidate({ tags: (_: boolean, id: number) => [`cities#${id}`] })
  async rename(@Args('id', { type: () => Int }) _id: number): Promise<boolean> {
    return true;
  }
}

@WebSocketGateway()
class CityGateway {
  runs = 0;

  @Cacheable(60)
  @SubscribeMessage('city')
  async city(@MessageBody() id: number): Promise<object> {
    return { event: 'city', data: { id, run: ++this.runs } };
  }

  @SubscribeMessage('told')
  @Cacheable({ ttl: 60, ignore: [1] })
  async told(@MessageBody() id: number, @ConnectedSocket() socket: WebSocket): Promise<object> {
    return { event: 'told', data: { id, isOpen: socket.readyState === 1, run: ++this.runs } };
  }

  @Cacheable(60)
  @SubscribeMessage('closest')
  async closest(@ConnectedSocket() _socket: WebSocket, @MessageBody() id: number): Promise<object> {
    return { event: 'closest', data: { id, run: ++this.runs } };
  }

  @Cacheable(60)
  @SubscribeMessage('streets')
  streets(@MessageBody() id: number): Observable<object> {
    return of({ event: 'streets', data: { id, run: ++this.runs } });
  }
}

describe.each(nests)('decorated methods beside routes on %s', (_name, make) => {
  it('resolve queries and fields of GraphQL, behind guards that always run', async () => {
    Object.assign(runs, { city: 0, mayor: 0, agent: 0 });
    Open.asked = 0;
    const site = await serveNest(make, [], { providers: [CityResolver, Open], imports: [graphqlModule()] });
    const ask = async (query: string) => {
      const { data, errors } = (await operate(site, query)) as {
        data: Record<string, unknown>;
        errors?: unknown;
      };
      expect(errors).toBeUndefined();
      return Object.values(data)[0];
    };
    const city = { id: 7, run: 1, mayor: 'mayor 1 of 7' };
    expect([await ask('{ city(id: 7) { id run mayor } }'), await ask('{ city(id: 7) { id run mayor } }')]).toEqual([
      city,
      city,
    ]);
    expect(await ask('{ city(id: 8) { id run mayor } }')).toEqual({ id: 8, run: 2, mayor: 'mayor 2 of 8' });
    expect(Open.asked).toBe(3);
    const cities = await ask('{ cities(ids: [7, 9]) { id run mayor } }');
    expect(cities).toEqual([
      { id: 7, run: 3, mayor: 'mayor 1 of 7' },
      { id: 9, run: 4, mayor: 'mayor 3 of 9' },
    ]);
    expect(await ask('{ cities(ids: [7, 9]) { id run mayor } }')).toEqual(cities);
    expect(await ask('mutation { rename(id: 7) }')).toBe(true);
    expect([await ask('{ city(id: 7) { run mayor } }'), await ask('{ city(id: 8) { run } }')]).toEqual([
      { run: 5, mayor: 'mayor 1 of 7' },
      { run: 2 },
    ]);
    const agents = [
      await ask('{ agent(accept: "a") }'),
      await ask('{ agent(accept: "a") }'),
      await ask('{ agent(accept: "b") }'),
    ];
    expect(agents).toEqual(['object a 1', 'object a 1', 'object b 2']);
  });

  it('answer messages of sockets, of which the socket itself is no key', async () => {
    const site = await serveNest(make, [], { providers: [CityGateway], configure: withSockets });
    const warnings: string[] = [];
    site.cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    expect(await tell(site, ['city', 7], ['city', 7], ['city', 8])).toEqual([
      { event: 'city', data: { id: 7, run: 1 } },
      { event: 'city', data: { id: 7, run: 1 } },
      { event: 'city', data: { id: 8, run: 2 } },
    ]);
    const told = { event: 'told', data: { id: 7, isOpen: true, run: 3 } };
    expect([await tell(site, ['told', 7]), await tell(site, ['told', 7])]).toEqual([[told], [told]]);
    expect(await tell(site, ['streets', 7], ['streets', 7])).toEqual([
      { event: 'streets', data: { id: 7, run: 4 } },
      { event: 'streets', data: { id: 7, run: 4 } },
    ]);
    expect(warnings).toEqual([]);
    expect(await tell(site, ['closest', 7], ['closest', 7])).toEqual([
      { event: 'closest', data: { id: 7, run: 5 } },
      { event: 'closest', data: { id: 7, run: 6 } },
    ]);
    expect(warnings).toEqual([expect.stringContaining('CityGateway.closest')]);
  });
});

describe('decorated methods', () => {
  it('answer messages of a microservice', async () => {
    @Controller()
    class Sums {
      runs = 0;
      @MessagePattern('sum')
      @Cacheable(60)
      async sum(@Payload() numbers: readonly number[]): Promise<object> {
        return { sum: numbers.reduce((sum, each) => sum + each, 0), run: ++this.runs };
      }
      @Cacheable(60)
      @MessagePattern('watch')
      watch(@Payload() id: number): Observable<object> {
        return of({ id, run: ++this.runs });
      }
      @Cacheable({ ttl: 60, ignore: [1] })
      @MessagePattern('pattern')
      async pattern(@Payload() id: number, @Ctx() context: TcpContext): Promise<object> {
        return { id, pattern: context.getPattern(), run: ++this.runs };
      }
      @CacheInvalidate({ method: 'sum' })
      @MessagePattern('forget')
      async forget(): Promise<string> {
        return 'forgotten';
      }
    }
    const ask = await startService({ imports: [ViewCacheModule.forRoot()], controllers: [Sums] });
    expect([await ask('sum', [1, 2]), await ask('sum', [1, 2]), await ask('sum', [2, 1])]).toEqual([
      { sum: 3, run: 1 },
      { sum: 3, run: 1 },
      { sum: 3, run: 2 },
    ]);
    expect([await ask('watch', 7), await ask('watch', 7)]).toEqual([
      { id: 7, run: 3 },
      { id: 7, run: 3 },
    ]);
    const patterns = [await ask('pattern', 7), await ask('pattern', 7), await ask('pattern', 8)];
    expect(patterns).toEqual([4, 4, 5].map((run, at) => ({ id: at < 2 ? 7 : 8, pattern: 'pattern', run })));
    expect([await ask('forget', {}), await ask('sum', [1, 2])]).toEqual(['forgotten', { sum: 3, run: 6 }]);
  });
});
