import { afterAll, beforeAll, describe } from '@jest/globals';
import mysqlCallbacks from 'mysql2';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { ControlledKyselyDriver, KyselyDriver, VERSIONS, type Version } from './kysely-driver.js';
import { sqlJsDatabase } from './kysely-sqljs.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';
import { tablesRead } from './watch-rules.js';

const LACKS = { 3: 'Kysely has no entities: what is not to be changed is not sent' };
const MARIADB_LACKS = {
  ...LACKS,
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
  15: 'ON DUPLICATE KEY UPDATE finds a row by any unique key, and nobody tells which',
  16: 'as 15',
  20: 'of several rows MySQL tells the first key alone: rows with any key may be new',
};
const SQLITE_LACKS = {
  ...LACKS,
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  40: 'SQLite has one connection: a write beside the transaction waits for its end',
  65: 'SQLite cannot alter a column',
};

/** Holds one version of Kysely to the scenarios, on each database. */
export function kyselyScenarios(version: Version): void {
  const { PostgresDialect, MysqlDialect, SqliteDialect } = VERSIONS[version];

  describe(`writes through Kysely ${version} on PostgreSQL`, () => {
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

    const dialect = () => new PostgresDialect({ pool: new pg.Pool({ connectionString: server.url }) });

    describe('transactions of a callback', () => {
      runScenarios(
        async (cache) => ({
          driver: (await KyselyDriver.open(version, dialect(), cache, {}, LACKS)) as never,
          seed: () => admin.query(SEED),
        }),
        Object.keys(LACKS),
      );
    });

    describe('transactions that the app ends itself', () => {
      runScenarios(
        async (cache) => ({
          driver: new ControlledKyselyDriver(await KyselyDriver.open(version, dialect(), cache, {}, LACKS)) as never,
          seed: () => admin.query(SEED),
        }),
        Object.keys(LACKS),
      );
    });
  });

  describe(`writes through Kysely ${version} on MariaDB`, () => {
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

    runScenarios(async (cache) => {
      const dialect = new MysqlDialect({ pool: mysqlCallbacks.createPool(server.url) });
      const driver = await KyselyDriver.open(version, dialect, cache, {}, MARIADB_LACKS);
      return {
        driver: new ControlledKyselyDriver(driver) as never,
        seed: async () => {
          for (const sql of seedOf('mysql')) await admin.query(sql);
        },
      };
    }, Object.keys(MARIADB_LACKS));
  });

  describe(`writes through Kysely ${version} on SQLite, by sql.js`, () => {
    runScenarios(async (cache) => {
      const dialect = new SqliteDialect({ database: await sqlJsDatabase() });
      const driver = await KyselyDriver.open(version, dialect, cache, {}, SQLITE_LACKS);
      for (const sql of tablesOf('sqlite')) await driver.writes.raw(sql);
      await tablesRead(driver, cache);
      return {
        driver: new ControlledKyselyDriver(driver) as never,
        seed: async () => {
          for (const sql of seedOf('sqlite')) await driver.writes.raw(sql);
        },
      };
    }, Object.keys(SQLITE_LACKS));
  });
}
