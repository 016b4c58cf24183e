import { afterAll, beforeAll, describe } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { MongoServer } from '../servers/mongo.js';
import { LACKS, MongoDriver, VERSIONS } from './mongo-driver.js';
import { seedMongo } from './mongo-world.js';
import { mostlyNewest } from './newest.js';
import { runScenarios } from './run-scenarios.js';

describe.each(mostlyNewest(VERSIONS))('views that read through the driver of MongoDB %s', (version) => {
  let server: MongoServer | undefined;
  let admin: MongoClient;
  let url: string;

  beforeAll(async () => {
    if (process.env['MONGO_URL'] === undefined) server = await MongoServer.start();
    const whole = new URL(process.env['MONGO_URL'] ?? (server as MongoServer).url);
    whole.pathname = `/viewcache_scenarios_${version}`;
    url = whole.href;
    admin = new MongoClient(url);
  });

  afterAll(async () => {
    await admin.db().dropDatabase();
    await admin.close();
    await server?.stop();
  });

  runScenarios(
    async (cache) => ({
      driver: await MongoDriver.open(version, url, { cache }),
      seed: () => seedMongo(admin),
    }),
    Object.keys(LACKS),
  );
});
