import { afterAll, beforeAll, describe } from '@jest/globals';
import pg from 'pg';
import { PostgresServer } from '../servers/postgres.js';
import { PgDriver } from './pg-driver.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, TABLES } from './schema.js';

describe('writes through pg', () => {
  let server: PostgresServer;
  let admin: pg.Pool;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = new pg.Pool({ connectionString: server.url });
    await admin.query(TABLES);
  });

  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  runScenarios(
    async (cache) => ({
      driver: (await PgDriver.open(server.url, cache)) as never,
      seed: () => admin.query(SEED),
    }),
    ['3'],
  );
});
