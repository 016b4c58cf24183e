import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Injectable, Module, Param, ParseIntPipe, Put } from '@nestjs/common';
import { getDataSourceToken, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Cacheable, CacheView, getCacheToken, ViewCacheModule } from '@viewcache/nestjs';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import { Column, type DataSource, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm';
import { heardBy } from '../orm/pg-world.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

@Entity('city')
class City {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  name!: string;
}

@Injectable()
class Cities {
  constructor(@InjectRepository(City) readonly table: Repository<City>) {}

  @Cacheable('1h')
  async count(): Promise<number> {
    return await this.table.count();
  }

  async find(id: number): Promise<City | null> {
    return await this.table.findOneBy({ id });
  }
}

@Controller('cities')
@CacheView('1h')
class CitiesController {
  constructor(private readonly cities: Cities) {}

  @Get('count')
  async count(): Promise<object> {
    return { count: await this.cities.count() };
  }

  @Get(':id')
  async show(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { city: await this.cities.find(id) };
  }

  @Put(':id')
  async rename(@Param('id', ParseIntPipe) id: number, @Body() { name }: { name: string }): Promise<object> {
    return await this.cities.table.update(id, { name });
  }
}

@Module({
  imports: [TypeOrmModule.forFeature([City])],
  controllers: [CitiesController],
  providers: [Cities],
})
class CitiesModule {}

const sqlite = { type: 'sqljs', autoLoadEntities: true, synchronize: true } as const;

describe.each(nests)('ViewCacheModule.watch with @nestjs/typeorm on %s', (_, make) => {
  closeNestsAfterEach();

  it('drops the pages and results of an app whose data source is written', async () => {
    const site = await serveNest(make, [], {
      imports: [TypeOrmModule.forRoot(sqlite), CitiesModule, ViewCacheModule.watch(getDataSourceToken(), watchTypeOrm)],
    });
    const { table } = site.app.get(Cities, { strict: false });
    await table.insert([{ name: 'Porto' }, { name: 'Faro' }]);
    const get = async (path: string) => {
      const { text, isHit } = await site.get(path);
      return [JSON.parse(text), isHit];
    };
    for (const path of ['/cities/1', '/cities/2', '/cities/3', '/cities/count']) await get(path);
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'Porto' } }, true]);

    await table.update(1, { name: 'O Porto' });
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'O Porto' } }, false]);
    expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);

    await table.manager.transaction(async (manager) => {
      await manager.getRepository(City).insert({ name: 'Beja' });
      expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);
    });
    expect(await get('/cities/3')).toEqual([{ city: { id: 3, name: 'Beja' } }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, true]);
  });

  it('takes each of several data sources, for the cache that it names', async () => {
    const site = await serveNest(make, [], {
      options: { caches: { reports: {} } },
      imports: [
        TypeOrmModule.forRoot(sqlite),
        TypeOrmModule.forRoot({ ...sqlite, name: 'archive', entities: [City] }),
        CitiesModule,
        ViewCacheModule.watch(getDataSourceToken(), watchTypeOrm),
        ViewCacheModule.watch(
          getDataSourceToken('archive'),
          (source: DataSource, cache) => watchTypeOrm(source, { cache, namespace: 'archive' }),
          { cache: 'reports' },
        ),
      ],
    });
    const heard = [site.cache, site.app.get(getCacheToken('reports'))].map(heardBy);
    const archive: DataSource = site.app.get(getDataSourceToken('archive'), { strict: false });
    await archive.getRepository(City).insert({ name: 'Olisipo' });
    expect(heard).toEqual([[], [['archive:city', 'archive:city#1']]]);
    await site.app.get(Cities, { strict: false }).table.insert({ name: 'Lisboa' });
    expect(heard).toEqual([[['city', 'city#1']], [['archive:city', 'archive:city#1']]]);
  });
});
