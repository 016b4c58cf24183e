import { beforeAll, describe, expect, it } from '@jest/globals';
import type * as Sqlite from '@mikro-orm/sqlite';
import { Body, Controller, Get, Inject, Injectable, Module, Param, ParseIntPipe, Put, type Type } from '@nestjs/common';
import type { Cache } from '@viewcache/core';
import { Cacheable, CacheView, getCacheToken, ViewCacheModule } from '@viewcache/nestjs';
import { watchMikroOrm } from '@viewcache/orm/mikro-orm';
import { heardBy } from '../orm/pg-world.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

interface City {
  id: number;
  name: string;
}

/** `@mikro-orm/nestjs` 7 is for MikroORM 7, which asks for Node 22.17; that of version 6 takes no Nest 12. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const describeHere = major > 22 || (major === 22 && minor >= 17) ? describe : describe.skip;

describeHere.each(nests)('ViewCacheModule.watch with @mikro-orm/nestjs on %s', (_, make) => {
  closeNestsAfterEach();
  let sqlite: typeof Sqlite;
  let nest: typeof import('@mikro-orm/nestjs');

  beforeAll(async () => {
    // One after the other: they import the same, and Jest links that once at a time.
    sqlite = await import('@mikro-orm/sqlite');
    nest = await import('@mikro-orm/nestjs');
  });

  /** An app of cities, with what its service is called. */
  function cities() {
    const { EntitySchema, EntityManager } = sqlite;
    const city = new EntitySchema<City>({
      name: 'City',
      tableName: 'city',
      properties: { id: { type: 'number', primary: true, autoincrement: true }, name: { type: 'string' } },
    });

    @Injectable()
    class Cities {
      constructor(@Inject(EntityManager) readonly em: Sqlite.EntityManager) {}

      @Cacheable('1h')
      async count(): Promise<number> {
        return await this.em.count(city);
      }
    }

    @Controller('cities')
    @CacheView('1h')
    class CitiesController {
      constructor(@Inject(Cities) private readonly cities: Cities) {}

      @Get('count')
      async count(): Promise<object> {
        return { count: await this.cities.count() };
      }

      @Get(':id')
      async show(@Param('id', ParseIntPipe) id: number): Promise<object> {
        return { city: await this.cities.em.findOne(city, id) };
      }

      @Put(':id')
      async rename(@Param('id', ParseIntPipe) id: number, @Body() { name }: { name: string }): Promise<object> {
        const found = await this.cities.em.findOneOrFail(city, id);
        found.name = name;
        await this.cities.em.flush();
        return {};
      }
    }

    @Module({ imports: [nest.MikroOrmModule.forFeature([city])], controllers: [CitiesController], providers: [Cities] })
    class CitiesModule {}

    return { city, Cities: Cities as Type<Cities>, CitiesModule };
  }

  function ormModule(entities: readonly unknown[], contextName?: string) {
    return nest.MikroOrmModule.forRoot({
      driver: sqlite.SqliteDriver,
      dbName: ':memory:',
      entities: entities as [],
      ...(contextName !== undefined && { contextName }),
    });
  }

  /** Until its tables are known to the watch. */
  const create = async (orm: Sqlite.MikroORM, cache: Cache) => {
    await orm.schema.create();
    const watch = watchMikroOrm(orm, cache);
    await watch.ready;
    watch();
  };

  it('drops the pages and results of an app whose database is written', async () => {
    const { city, CitiesModule } = cities();
    const site = await serveNest(make, [], {
      imports: [ormModule([city]), CitiesModule, ViewCacheModule.watch(sqlite.MikroORM, watchMikroOrm)],
    });
    const orm: Sqlite.MikroORM = site.app.get(sqlite.MikroORM, { strict: false });
    await create(orm, site.cache);
    await orm.em.fork().insertMany(city, [{ name: 'Porto' }, { name: 'Faro' }] as City[]);
    const get = async (path: string) => {
      const { text, isHit } = await site.get(path);
      return [JSON.parse(text), isHit];
    };
    for (const path of ['/cities/1', '/cities/2', '/cities/3', '/cities/count']) await get(path);
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'Porto' } }, true]);

    const body = JSON.stringify({ name: 'O Porto' });
    await site.ask('/cities/1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'O Porto' } }, false]);
    expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);

    await orm.em.fork().transactional(async (em) => {
      await em.insert(city, { name: 'Beja' } as City);
      expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);
    });
    expect(await get('/cities/3')).toEqual([{ city: { id: 3, name: 'Beja' } }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, true]);
  });

  it('takes each of several, for the cache that it names', async () => {
    const { city, CitiesModule } = cities();
    const token = nest.getMikroORMToken('archive');
    const site = await serveNest(make, [], {
      options: { caches: { reports: {} } },
      imports: [
        ormModule([city]),
        ormModule([city], 'archive'),
        CitiesModule,
        ViewCacheModule.watch(sqlite.MikroORM, watchMikroOrm),
        ViewCacheModule.watch(
          token,
          (orm: Sqlite.MikroORM, cache) => watchMikroOrm(orm, { cache, namespace: 'archive' }),
          { cache: 'reports' },
        ),
      ],
    });
    const orms: Sqlite.MikroORM[] = [sqlite.MikroORM, token].map((each) => site.app.get(each, { strict: false }));
    const caches: Cache[] = [site.cache, site.app.get(getCacheToken('reports'))];
    for (const [i, orm] of orms.entries()) await create(orm, caches[i] as Cache);
    const heard = caches.map(heardBy);
    await orms[1]?.em.fork().insert(city, { name: 'Olisipo' } as City);
    expect(heard).toEqual([[], [['archive:city', 'archive:city#1']]]);
    await orms[0]?.em.fork().insert(city, { name: 'Lisboa' } as City);
    expect(heard).toEqual([[['city', 'city#1']], [['archive:city', 'archive:city#1']]]);
  });
});
