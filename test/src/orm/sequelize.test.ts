import { afterAll, beforeAll, describe } from '@jest/globals';
import { watchSequelize } from '@viewcache/orm/sequelize';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { sqlite3StandIn } from './sqlite3-stand-in.js';

const MARIADB_LACKS = {
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
  15: 'Sequelize has the upsert set the key, too, and any unique key may be in the way: any row',
  16: 'as 15',
  20: 'of several rows the first key alone is told: rows with any key may be new',
};
const SQLITE_LACKS = {
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  20: 'of several rows SQLite tells the last key alone: rows with any key may be new',
  40: 'a Sequelize of SQLite in memory has one connection: a write beside the transaction is in it',
  65: 'SQLite cannot alter a column',
  unread: 'a raw write whose type is not given is carried out without counting rows',
};

describe('writes through Sequelize on PostgreSQL', () => {
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
    driver: (await SequelizeDriver.open({ dialect: 'postgres' }, cache, {}, server.url)) as never,
    seed: () => admin.query(SEED),
  }));
});

describe.each(['mysql', 'mariadb'] as const)('writes through Sequelize on MariaDB, by dialect %s', (dialect) => {
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
      driver: (await SequelizeDriver.open({ dialect }, cache, MARIADB_LACKS, server.url)) as never,
      seed: async () => {
        for (const sql of seedOf('mysql')) await admin.query(sql);
      },
    }),
    Object.keys(MARIADB_LACKS),
  );
});

describe('writes through Sequelize on SQLite', () => {
  runScenarios(async (cache) => {
    const dialectModule = await sqlite3StandIn();
    const driver = await SequelizeDriver.open({ dialect: 'sqlite', dialectModule }, cache, SQLITE_LACKS);
    for (const sql of tablesOf('sqlite')) await driver.sequelize.query(sql);
    await watchSequelize(driver.sequelize, cache).ready;
    return {
      driver: driver as never,
      seed: async () => {
        for (const sql of seedOf('sqlite')) await driver.sequelize.query(sql);
      },
    };
  }, Object.keys(SQLITE_LACKS));
});
