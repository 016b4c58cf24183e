import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Injectable, Module, Param, ParseIntPipe, Put } from '@nestjs/common';
import { getConnectionToken, InjectModel, SequelizeModule } from '@nestjs/sequelize';
import { Cacheable, CacheView, getCacheToken, ViewCacheModule } from '@viewcache/nestjs';
import { watchSequelize } from '@viewcache/orm/sequelize';
import { AutoIncrement, Column, DataType, Model, PrimaryKey, type Sequelize, Table } from 'sequelize-typescript';
import { heardBy } from '../orm/pg-world.js';
import { sqlite3StandIn } from '../orm/sqlite3-stand-in.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

@Table({ tableName: 'city', timestamps: false })
class City extends Model {
  @PrimaryKey
  @AutoIncrement
  @Column(DataType.INTEGER)
  declare id: number;

  @Column(DataType.STRING)
  declare name: string;
}

@Injectable()
class Cities {
  constructor(@InjectModel(City) readonly model: typeof City) {}

  @Cacheable('1h')
  async count(): Promise<number> {
    return await this.model.count();
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
    return { city: await this.cities.model.findByPk(id) };
  }

  @Put(':id')
  async rename(@Param('id', ParseIntPipe) id: number, @Body() { name }: { name: string }): Promise<void> {
    await this.cities.model.update({ name }, { where: { id } });
  }
}

@Module({
  imports: [SequelizeModule.forFeature([City])],
  controllers: [CitiesController],
  providers: [Cities],
})
class CitiesModule {}

describe.each(nests)('ViewCacheModule.watch with @nestjs/sequelize on %s', (_, make) => {
  closeNestsAfterEach();

  const sqlite = async () => ({
    dialect: 'sqlite' as const,
    dialectModule: await sqlite3StandIn(),
    autoLoadModels: true,
    synchronize: true,
    logging: false as const,
  });

  it('drops the pages and results of an app whose models are written', async () => {
    const site = await serveNest(make, [], {
      imports: [
        SequelizeModule.forRoot(await sqlite()),
        CitiesModule,
        ViewCacheModule.watch(getConnectionToken(), watchSequelize),
      ],
    });
    const { model } = site.app.get(Cities, { strict: false });
    await watchSequelize(model.sequelize as Sequelize, site.cache).ready;
    await model.bulkCreate([{ name: 'Porto' }, { name: 'Faro' }]);
    const get = async (path: string) => {
      const { text, isHit } = await site.get(path);
      return [JSON.parse(text), isHit];
    };
    for (const path of ['/cities/1', '/cities/2', '/cities/3', '/cities/count']) await get(path);
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'Porto' } }, true]);

    await model.update({ name: 'O Porto' }, { where: { id: 1 } });
    expect(await get('/cities/1')).toEqual([{ city: { id: 1, name: 'O Porto' } }, false]);
    expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);

    await model.sequelize?.transaction(async (transaction) => {
      await model.create({ name: 'Beja' }, { transaction });
      expect(await get('/cities/2')).toEqual([{ city: { id: 2, name: 'Faro' } }, true]);
    });
    expect(await get('/cities/3')).toEqual([{ city: { id: 3, name: 'Beja' } }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, true]);
  });

  it('takes each of several connections, for the cache that it names', async () => {
    const site = await serveNest(make, [], {
      options: { caches: { reports: {} } },
      imports: [
        SequelizeModule.forRoot(await sqlite()),
        SequelizeModule.forRoot({ ...(await sqlite()), name: 'archive', models: [] }),
        CitiesModule,
        ViewCacheModule.watch(getConnectionToken(), watchSequelize),
        ViewCacheModule.watch(
          getConnectionToken('archive'),
          (sequelize: Sequelize, cache) => watchSequelize(sequelize, { cache, namespace: 'archive' }),
          { cache: 'reports' },
        ),
      ],
    });
    const caches = [site.cache, site.app.get(getCacheToken('reports'))];
    const heard = caches.map(heardBy);
    const archive: Sequelize = site.app.get(getConnectionToken('archive'), { strict: false });
    await archive.query('CREATE TABLE city (id integer PRIMARY KEY, name text)');
    const { model } = site.app.get(Cities, { strict: false });
    for (const [i, it] of [model.sequelize as Sequelize, archive].entries()) await watchSequelize(it, caches[i]).ready;
    await archive.query("INSERT INTO city (name) VALUES ('Olisipo')");
    expect(heard[0]).toEqual([]);
    expect(heard[1]?.at(-1)).toEqual(['archive:city', 'archive:city#1']);
    await model.create({ name: 'Lisboa' });
    expect(heard[0]).toEqual([['city', 'city#1']]);
  });
});
