import { afterAll, beforeAll, describe } from '@jest/globals';
import mysql from 'mysql2/promise';
import { MariaDbServer } from '../servers/mariadb.js';
import { Mysql2Driver, type Way } from './mysql2-driver.js';
import { runScenarios } from './run-scenarios.js';
import { seedOf, tablesOf } from './schema.js';

describe.each<Way>(['query', 'execute'])('writes through mysql2 on MariaDB, by %s', (way) => {
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
      driver: (await Mysql2Driver.open(server.url, cache, {}, {}, way)) as never,
      seed: async () => {
        for (const sql of seedOf('mysql')) await admin.query(sql);
      },
    }),
    ['3', '12', '13'],
  );
});
