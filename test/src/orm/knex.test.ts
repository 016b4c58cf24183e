import { afterAll, beforeAll, describe } from '@jest/globals';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { KnexDriver, openRuledKnex } from './knex-driver.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';
import { holdToRules } from './watch-rules.js';

const LACKS = { 3: 'Knex has no entities: what is not to be changed is not sent' };
const MARIADB_LACKS = {
  ...LACKS,
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
  15: 'ON DUPLICATE KEY UPDATE finds a row by any unique key, and nobody tells which',
  16: 'as 15',
  20: 'of several rows MySQL tells the first key alone: rows with any key may be new',
};

describe('writes through Knex on PostgreSQL', () => {
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

  // Closed before the server is.
  describe('of a test', () => {
    runScenarios(
      async (cache) => ({
        driver: (await KnexDriver.open({ client: 'pg', connection: server.url }, cache, LACKS)) as never,
        seed: () => admin.query(SEED),
      }),
      Object.keys(LACKS),
    );
  });
});

describe('writes through Knex on MariaDB', () => {
  let server: MariaDbServer;
  let admin: mysql.Connection;

  beforeAll(async () => {
    server = await MariaDbServer.start();
    admin = await mysql.createConnection(server.url);
    for (const sql of tablesOf('mysql')) await admin.query(sql);
  });

  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  describe('of a test', () => {
    runScenarios(
      async (cache) => ({
        driver: (await KnexDriver.open({ client: 'mysql2', connection: server.url }, cache, MARIADB_LACKS)) as never,
        seed: async () => {
          for (const sql of seedOf('mysql')) await admin.query(sql);
        },
      }),
      Object.keys(MARIADB_LACKS),
    );
  });
});

describe('watchKnex', () => holdToRules(openRuledKnex));
