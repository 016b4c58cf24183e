import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { MariaDbServer } from '../servers/mariadb.js';
import { PostgresServer } from '../servers/postgres.js';
import { CLIENTS, type Client, openClient } from './prisma/client.js';
import { LACKS, PRISMA_TABLES, PrismaDriver } from './prisma-driver.js';
import { runScenarios } from './run-scenarios.js';
import { SEED, seedOf, TABLES, tablesOf } from './schema.js';

const MARIADB_LACKS = {
  12: 'MariaDB has no DELETE in a WITH',
  13: 'MariaDB has no TRUNCATE … CASCADE',
  20: 'Prisma tells no keys of several new rows on MySQL: rows with any key may be new',
};
const SQLITE_LACKS = {
  12: 'SQLite has no DELETE in a WITH',
  13: 'SQLite has no TRUNCATE',
  40: 'an adapter of SQLite has one connection: a write beside the transaction waits for its end',
  65: 'SQLite cannot alter a column',
};
const leftOut = (lacks: object) => [...Object.keys(LACKS), ...Object.keys(lacks)];

describe('writes through Prisma on PostgreSQL', () => {
  let server: PostgresServer;
  let admin: pg.Pool;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = new pg.Pool({ connectionString: server.url });
    await admin.query(TABLES + PRISMA_TABLES);
  });

  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  runScenarios(
    async (cache) => ({
      driver: (await PrismaDriver.open(openClient(server.url), cache)) as never,
      seed: () => admin.query(SEED),
    }),
    leftOut({}),
  );
});

describe('writes through Prisma on MariaDB', () => {
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
    const { port } = server;
    const adapter = new PrismaMariaDb({ host: '127.0.0.1', port, user: 'root', database: 'test', connectionLimit: 4 });
    const client = new CLIENTS.mysql({ adapter });
    return {
      driver: (await PrismaDriver.open(client, cache, MARIADB_LACKS)) as never,
      seed: async () => {
        for (const sql of seedOf('mysql')) await admin.query(sql);
      },
    };
  }, leftOut(MARIADB_LACKS));
});

describe('writes through Prisma on SQLite', () => {
  let folder: string;
  let admin: Client;
  const open = () => new CLIENTS.sqlite({ adapter: new PrismaLibSql({ url: `file:${join(folder, 'test.db')}` }) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viewcache-prisma-'));
    admin = open();
    for (const sql of tablesOf('sqlite')) await admin.$executeRawUnsafe(sql);
  });

  afterAll(async () => {
    await admin.$disconnect();
    await rm(folder, { recursive: true, force: true });
  });

  runScenarios(
    async (cache) => ({
      driver: (await PrismaDriver.open(open(), cache, SQLITE_LACKS)) as never,
      seed: async () => {
        for (const sql of seedOf('sqlite')) await admin.$executeRawUnsafe(sql);
      },
    }),
    leftOut(SQLITE_LACKS),
  );
});
