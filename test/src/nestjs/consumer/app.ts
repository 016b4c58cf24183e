// An app as a user has it: a program of its own, which starts once on each adapter. The tests compile this file twice, to
// ECMAScript modules with Nest 12 and to CommonJS with Nest 11.
import 'reflect-metadata';
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  Param,
  Put,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Cacheable, CacheInvalidate, CacheView, InjectCache, ViewCache, ViewCacheModule } from '@viewcache/nestjs';
import { CACHE_MANAGER, type Cache, CacheInterceptor, CacheModule, CacheTTL } from '@viewcache/nestjs/compat';
import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';

interface City {
  readonly name: string;
}

@Injectable()
class Members implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-banned'] === undefined;
  }
}

@Injectable()
class Cities {
  readonly #names = new Map([['7', 'Pula']]);
  reads = 0;

  @Cacheable({ ttl: 300, tags: (_city: City, id: string) => [`cities#${id}`] })
  async find(id: string): Promise<City> {
    this.reads++;
    return { name: this.#names.get(id) ?? 'nowhere' };
  }

  @CacheInvalidate({ tags: (_city: City, id: string) => [`cities#${id}`] })
  async rename(id: string, name: string): Promise<City> {
    this.#names.set(id, name);
    return { name };
  }
}

@Controller('cities')
@UseGuards(Members)
class CitiesController {
  #runs = 0;

  constructor(
    private readonly cities: Cities,
    private readonly cache: ViewCache,
    @InjectCache('pages') private readonly pages: ViewCache,
  ) {}

  @Get('caches')
  caches(): boolean[] {
    return [this.cache instanceof ViewCache, this.pages instanceof ViewCache, this.cache !== this.pages];
  }

  @Get('public')
  @CacheView({ ttl: 300, cache: 'pages', beforeGuards: true })
  everybody(): object {
    return { run: ++this.#runs };
  }

  @Get(':id')
  @Header('X-Kind', 'city')
  @CacheView(300)
  async show(@Param('id') id: string): Promise<object> {
    return { ...(await this.cities.find(id)), run: ++this.#runs, reads: this.cities.reads };
  }

  @Put(':id')
  async rename(@Param('id') id: string, @Body() { name }: City): Promise<City> {
    return await this.cities.rename(id, name);
  }
}

@Controller('moved')
@UseInterceptors(CacheInterceptor)
class MovedController {
  #runs = 0;

  constructor(@Inject(CACHE_MANAGER) private readonly manager: Cache) {}

  @Get()
  @CacheTTL(60_000)
  page(): object {
    return { run: ++this.#runs };
  }

  @Put()
  async forget(): Promise<boolean> {
    return await this.manager.del('/moved?a');
  }
}

@Module({
  imports: [ViewCacheModule.forRoot({ caches: { pages: {} } }), CacheModule.register({ ttl: 5_000 })],
  controllers: [CitiesController, MovedController],
  providers: [Cities],
})
class AppModule {}

async function main(): Promise<void> {
  const adapters: [name: string, adapter: AbstractHttpAdapter][] = [
    ['Express', new ExpressAdapter()],
    ['Fastify', new FastifyAdapter() as AbstractHttpAdapter],
    ['Express by our adapter', new ViewCacheExpressAdapter()],
  ];
  const urls: Record<string, string> = {};
  const apps: INestApplication[] = [];
  for (const [name, adapter] of adapters) {
    const app = await NestFactory.create(AppModule, adapter, { logger: ['error', 'warn'], abortOnError: false });
    await app.listen(0, '127.0.0.1');
    urls[name] = await app.getUrl();
    apps.push(app);
  }
  console.log(JSON.stringify(urls));
  // Whoever has started it closes its input, and then nothing may keep it alive.
  process.stdin.resume().on('end', () => {
    for (const app of apps) void app.close();
  });
}

void main();
