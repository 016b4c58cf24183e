import { afterAll, beforeAll, describe } from '@jest/globals';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { describeVersions } from './mikro/describe-versions.js';
import { MikroDriver } from './mikro/driver.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';

const MARIADB_LACKS = {
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
  15: 'ON DUPLICATE KEY UPDATE does not say which row was updated: it may be any',
  16: 'the same of one that may have been inserted',
  20: 'of several rows MariaDB tells one key alone: rows with any key may be new',
};
const SQLITE_LACKS = {
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  40: 'an ORM on SQLite has one connection: a write beside the transaction waits for it',
  65: 'SQLite cannot alter a column',
};

describeVersions('writes through MikroORM %s on PostgreSQL', (version) => {
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

  // Of its own, so that it is closed before the server is asked to stop, which waits for its clients.
  describe('by', () => {
    runScenarios(async (cache) => ({
      driver: (await MikroDriver.open(version, 'postgres', { clientUrl: server.url }, cache)) as never,
      seed: () => admin.query(SEED),
    }));
  });
});

describeVersions('writes through MikroORM %s on MariaDB', (version) => {
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

  runScenarios(
    async (cache) => ({
      driver: (await MikroDriver.open(version, 'mariadb', { clientUrl: server.url }, cache, MARIADB_LACKS)) as never,
      seed: async () => {
        for (const sql of seedOf('mysql')) await admin.query(sql);
      },
    }),
    Object.keys(MARIADB_LACKS),
  );
});

describeVersions('writes through MikroORM %s on SQLite', (version) => {
  runScenarios(async (cache) => {
    const driver = await MikroDriver.open(version, 'sqlite', {}, cache, SQLITE_LACKS);
    for (const sql of tablesOf('sqlite')) await driver.writes.raw(sql);
    await driver.watch.ready;
    return {
      driver: driver as never,
      seed: async () => {
        for (const sql of seedOf('sqlite')) await driver.writes.raw(sql);
      },
    };
  }, Object.keys(SQLITE_LACKS));
});
