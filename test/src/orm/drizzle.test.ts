import { afterAll, beforeAll, describe } from '@jest/globals';
import { type SQL, sql } from 'drizzle-orm';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleSqlJs } from 'drizzle-orm/sql-js';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { DrizzleDriver, type Tx, type Variant } from './drizzle-driver.js';
import { schema as mysqlSchema } from './drizzle-mysql-tables.js';
import { schema as sqliteSchema } from './drizzle-sqlite-tables.js';
import { schema } from './drizzle-tables.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';
import { openSqlJs } from './sql-js-engine.js';
import { SQLITE_LACKS } from './sqlite-driver.js';

describe('writes through Drizzle on PostgreSQL', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = new pg.Pool({ connectionString: server.url });
    pool = new pg.Pool({ connectionString: server.url });
    await admin.query(TABLES);
  });

  afterAll(async () => {
    await pool.end();
    await admin.end();
    await server.stop();
  });

  runScenarios(
    async (cache) => ({
      driver: (await DrizzleDriver.open(drizzle(pool, { schema }), cache)) as never,
      seed: () => admin.query(SEED),
    }),
    ['3'],
  );
});

/** What `db.run()` of a database of SQLite takes, others call `execute()`. */
const run = (on: Tx, statement: SQL): unknown => (on as unknown as { run(text: SQL): unknown }).run(statement);

const SQL_JS: Variant = {
  schema: sqliteSchema,
  lacks: { ...SQLITE_LACKS, 20: 'of several rows sql.js tells the last key alone: rows with any key may be new' },
  execute: run,
  areTransactionsStatements: true,
};

describe('writes through Drizzle on SQLite, by sql.js', () => {
  runScenarios(async (cache) => {
    const database = await openSqlJs();
    for (const text of tablesOf('sqlite')) database.run(text);
    const db = drizzleSqlJs(database as never, { schema: sqliteSchema });
    return {
      driver: (await DrizzleDriver.open(db as never, cache, SQL_JS)) as never,
      seed: async () => void database.exec(seedOf('sqlite').join(';\n')),
    };
  }, Object.keys(SQL_JS.lacks));
});

/** Relational queries of Drizzle join by what MariaDB has not: `LATERAL`, or a derived table that sees the outer one. */
const MARIADB: Variant = {
  schema: mysqlSchema,
  hasNoRelations: true,
  lacks: {
    12: 'MariaDB has no DELETE in a WITH',
    13: 'MariaDB has no TRUNCATE … CASCADE',
    15: 'ON DUPLICATE KEY UPDATE may change the row of any unique key, and Drizzle cannot ask which: any row',
    16: 'as 15',
    20: 'Drizzle tells no keys of several new rows on MySQL: rows with any key may be new',
  },
  execute: (on, statement) => on.execute(statement),
  upsert: (on, row) => {
    const { users } = mysqlSchema;
    const insert = on.insert(users as never).values(row as never) as unknown as {
      onDuplicateKeyUpdate(change: { set: object }): unknown;
    };
    return insert.onDuplicateKeyUpdate({ set: { name: sql`values(${users.name})` } });
  },
};

describe('writes through Drizzle on MariaDB, by mysql2', () => {
  let server: MariaDbServer;
  let admin: mysql.Connection;
  let pool: mysql.Pool;

  beforeAll(async () => {
    server = await MariaDbServer.start();
    admin = await mysql.createConnection(server.url);
    pool = mysql.createPool(server.url);
    for (const text of tablesOf('mysql')) await admin.query(text);
  });

  afterAll(async () => {
    await pool.end();
    await admin.end();
    await server.stop();
  });

  runScenarios(
    async (cache) => ({
      driver: (await DrizzleDriver.open(
        drizzleMysql(pool, { schema: mysqlSchema, mode: 'default' }) as never,
        cache,
        MARIADB,
      )) as never,
      seed: async () => {
        for (const text of seedOf('mysql')) await admin.query(text);
      },
    }),
    [...Object.keys(MARIADB.lacks), '3'],
  );
});
