import { afterAll, beforeAll, describe } from '@jest/globals';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { mostlyNewest } from './newest.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';
import { TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';

const versions = mostlyNewest(VERSIONS);

const MARIADB_LACKS = {
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
};
const SQLITE_LACKS = {
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  20: 'of several rows SQLite tells the last key alone: rows with any key may be new',
  40: 'a data source of SQLite has one connection: a write beside the transaction is in it',
  65: 'SQLite cannot alter a column',
};

describe.each(versions)('writes through TypeORM %s on PostgreSQL', (version) => {
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

  runScenarios(async (cache) => ({
    driver: (await TypeOrmDriver.open(version, { type: 'postgres', url: server.url }, cache)) as never,
    seed: () => admin.query(SEED),
  }));
});

describe.each(versions)('writes through TypeORM %s on MariaDB', (version) => {
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
      driver: (await TypeOrmDriver.open(version, { type: 'mariadb', url: server.url }, cache, MARIADB_LACKS)) as never,
      seed: async () => {
        for (const sql of seedOf('mysql')) await admin.query(sql);
      },
    }),
    Object.keys(MARIADB_LACKS),
  );
});

describe.each(Object.keys(VERSIONS) as Version[])('writes through TypeORM %s on SQLite, by sql.js', (version) => {
  runScenarios(async (cache) => {
    const driver = await TypeOrmDriver.open(version, { type: 'sqljs' }, cache, SQLITE_LACKS);
    for (const sql of tablesOf('sqlite')) await driver.source.query(sql);
    await driver.watch.ready;
    return {
      driver: driver as never,
      seed: async () => {
        for (const sql of seedOf('sqlite')) await driver.source.query(sql);
      },
    };
  }, Object.keys(SQLITE_LACKS));
});
