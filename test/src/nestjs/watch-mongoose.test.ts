import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Injectable, Module, Param, ParseIntPipe, Put } from '@nestjs/common';
import { getConnectionToken, InjectModel, MongooseModule, Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Cacheable, CacheView, getCacheToken, ViewCacheModule } from '@viewcache/nestjs';
import { watchMongoose } from '@viewcache/orm/mongoose';
import mongoose, { type Connection, type Model } from 'mongoose';
import { heardBy } from '../orm/pg-world.js';
import { MongoServer } from '../servers/mongo.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

@Schema({ collection: 'cities', versionKey: false })
class City {
  @Prop()
  _id!: number;

  @Prop()
  name!: string;
}

@Injectable()
class Cities {
  constructor(@InjectModel(City.name) readonly model: Model<City>) {}

  @Cacheable('1h')
  async count(): Promise<number> {
    return await this.model.countDocuments();
  }

  async find(id: number): Promise<City | null> {
    return await this.model.findById(id).lean();
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
    return await this.cities.model.updateOne({ _id: id }, { name });
  }
}

@Module({
  imports: [MongooseModule.forFeature([{ name: City.name, schema: SchemaFactory.createForClass(City) }])],
  controllers: [CitiesController],
  providers: [Cities],
})
class CitiesModule {}

const options = { monitorCommands: true, autoCreate: false, autoIndex: false } as const;

describe.each(nests)('ViewCacheModule.watch with @nestjs/mongoose on %s', (_, make) => {
  closeNestsAfterEach();
  let server: MongoServer;

  beforeAll(async () => {
    server = await MongoServer.start();
  });
  afterAll(async () => {
    // An app that could not start closes nothing.
    await mongoose.disconnect();
    await server.stop();
  });

  it('drops the pages and results of an app whose connection is written', async () => {
    const site = await serveNest(make, [], {
      imports: [
        MongooseModule.forRoot(server.url, { ...options, dbName: 'towns' }),
        CitiesModule,
        ViewCacheModule.watch(getConnectionToken(), watchMongoose),
      ],
    });
    const { model } = site.app.get(Cities, { strict: false });
    await model.create([
      { _id: 1, name: 'Porto' },
      { _id: 2, name: 'Faro' },
    ]);
    const get = async (path: string) => {
      const { text, isHit } = await site.get(path);
      return [JSON.parse(text), isHit];
    };
    for (const path of ['/cities/1', '/cities/2', '/cities/3', '/cities/count']) await get(path);
    expect(await get('/cities/1')).toEqual([{ city: { _id: 1, name: 'Porto' } }, true]);

    await model.updateOne({ _id: 1 }, { name: 'O Porto' });
    expect(await get('/cities/1')).toEqual([{ city: { _id: 1, name: 'O Porto' } }, false]);
    expect(await get('/cities/2')).toEqual([{ city: { _id: 2, name: 'Faro' } }, true]);

    await model.db.transaction(async (session) => {
      await model.create([{ _id: 3, name: 'Beja' }], { session });
      expect(await get('/cities/3')).toEqual([{ city: null }, true]);
    });
    expect(await get('/cities/3')).toEqual([{ city: { _id: 3, name: 'Beja' } }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, false]);
    expect(await get('/cities/count')).toEqual([{ count: 3 }, true]);
  });

  it('takes each of several connections, for the cache that it names', async () => {
    const site = await serveNest(make, [], {
      options: { caches: { reports: {} } },
      imports: [
        MongooseModule.forRoot(server.url, { ...options, dbName: 'towns' }),
        MongooseModule.forRoot(server.url, { ...options, dbName: 'archive', connectionName: 'archive' }),
        CitiesModule,
        ViewCacheModule.watch(getConnectionToken(), watchMongoose),
        ViewCacheModule.watch(
          getConnectionToken('archive'),
          (connection: Connection, cache) => watchMongoose(connection, { cache, namespace: 'archive' }),
          { cache: 'reports' },
        ),
      ],
    });
    const heard = [site.cache, site.app.get(getCacheToken('reports'))].map(heardBy);
    const archive: Connection = site.app.get(getConnectionToken('archive'), { strict: false });
    await archive.collection('cities').insertOne({ name: 'Olisipo', _id: 7 as never });
    expect(heard).toEqual([[], [['archive:cities', 'archive:cities#7']]]);
    await site.app.get(Cities, { strict: false }).model.create({ _id: 8, name: 'Lisboa' });
    expect(heard).toEqual([[['cities', 'cities#8']], [['archive:cities', 'archive:cities#7']]]);
  });

  it('says so where a connection is open that tells nobody of its commands', async () => {
    const imports = [
      MongooseModule.forRoot(server.url, { ...options, monitorCommands: false }),
      CitiesModule,
      ViewCacheModule.watch(getConnectionToken(), watchMongoose),
    ];
    await expect(serveNest(make, [], { imports })).rejects.toThrow(/^watchMongoose\.monitorCommands: /);
  });
});
