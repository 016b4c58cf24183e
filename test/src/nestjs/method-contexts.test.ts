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
import { ExternalContextCreator, NestFactory, Reflector } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Payload, type TcpClientOptions, Transport } from '@nestjs/microservices';
import { Cacheable, CacheInvalidate, CacheView, ViewCacheModule } from '@viewcache/nestjs';
import { firstValueFrom, Observable, of } from 'rxjs';
import { freePorts } from '../servers/server-process.js';
import { closeContextsAfterEach, closing, startContext } from './contexts.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

closeContextsAfterEach();
closeNestsAfterEach();

type Callback = (...args: unknown[]) => unknown;

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
    }
    const [port] = (await freePorts(1)) as [number];
    const options = { host: '127.0.0.1', port };
    const module = { module: class {}, imports: [ViewCacheModule.forRoot()], controllers: [Sums] };
    const service = closing(
      await NestFactory.createMicroservice(module, { transport: Transport.TCP, options, logger: false }),
    );
    await service.listen();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options } satisfies TcpClientOptions);
    const ask = (pattern: string, data: unknown) => firstValueFrom(client.send<object>(pattern, data));
    expect([await ask('sum', [1, 2]), await ask('sum', [1, 2]), await ask('sum', [2, 1])]).toEqual([
      { sum: 3, run: 1 },
      { sum: 3, run: 1 },
      { sum: 3, run: 2 },
    ]);
    expect([await ask('watch', 7), await ask('watch', 7)]).toEqual([
      { id: 7, run: 3 },
      { id: 7, run: 3 },
    ]);
    client.close();
  });

  it('resolve what GraphQL and others call by way of a context of their own', async () => {
    @Injectable()
    class Resolver {
      runs = 0;
      @Cacheable(60)
      @UseGuards(Open)
      @SetMetadata('open', true)
      async city(id: number): Promise<object> {
        return { id, run: ++this.runs };
      }
    }
    const { app } = await startContext({ providers: [Resolver, Open] });
    const resolver = app.get(Resolver);
    const resolve = app.get(ExternalContextCreator).create(resolver, resolver.city as Callback, 'city');
    Open.asked = 0;
    expect([await resolve(7), await resolve(7)]).toEqual([
      { id: 7, run: 1 },
      { id: 7, run: 1 },
    ]);
    expect(Open.asked).toBe(2);
  });
});
