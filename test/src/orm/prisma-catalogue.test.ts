import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { type Cache, createCache } from '@viewcache/core';
import { type WatchPrismaOptions, watchPrisma } from '@viewcache/orm/prisma';
import { MariaDbServer } from '../servers/mariadb.js';
import { Keeping } from './kept.js';
import { heardBy } from './pg-world.js';
import { CLIENTS, type Client } from './prisma/client.js';
import { seedOf, tablesOf } from './schema.js';
import { ELSEWHERE, isDropped, UNSAID } from './unsaid-tables.js';

/** A database, and how a client of its own is made for it. */
interface Base {
  readonly open: () => Client;
  close(): Promise<void>;
}

const BASES = {
  async mysql(): Promise<Base> {
    const server = await MariaDbServer.start();
    const reached = { host: '127.0.0.1', port: server.port, user: 'root', database: 'test', connectionLimit: 1 };
    const open = () => new CLIENTS.mysql({ adapter: new PrismaMariaDb(reached) }) as Client;
    return { open, close: () => server.stop() };
  },
  async sqlite(): Promise<Base> {
    const folder = await mkdtemp(join(tmpdir(), 'viewcache-prisma-'));
    const url = `file:${join(folder, 'test.db')}`;
    const open = () => new CLIENTS.sqlite({ adapter: new PrismaLibSql({ url }) }) as Client;
    return { open, close: () => rm(folder, { recursive: true, force: true }) };
  },
} as const;

describe.each(['mysql', 'sqlite'] as const)('the tables of a client of Prisma on %s', (dialect) => {
  let base: Base;
  let clients: Client[];
  let cache: Cache;

  function open(): Client {
    const client = base.open();
    clients.push(client);
    return client;
  }

  const senderOf = (client: Client) => (sql: string) =>
    /^SELECT/.test(sql) ? client.$queryRawUnsafe(sql) : client.$executeRawUnsafe(sql);

  async function watched(wanted: WatchPrismaOptions = {}) {
    const client = open();
    const watch = watchPrisma(client, { ...wanted, cache });
    await watch.ready;
    return { client, watch, send: senderOf(client) };
  }

  beforeEach(async () => {
    base = await BASES[dialect]();
    clients = [];
    cache = createCache();
    const send = senderOf(open());
    for (const sql of [...tablesOf(dialect), ...seedOf(dialect), ...UNSAID[dialect]]) await send(sql);
  });

  afterEach(async () => {
    for (const client of clients) await client.$disconnect();
    await cache.close();
    await base.close();
  });

  it('are known from the catalogue: what the schema does not say', async () => {
    const { send } = await watched();
    const keeping = new Keeping(cache);
    for (const unsaid of ELSEWHERE)
      expect([...unsaid, await isDropped(keeping, send, unsaid)]).toEqual([...unsaid, true]);
  });

  it('are what the schema says, where nobody asks', async () => {
    const { send } = await watched({ readTables: false });
    const keeping = new Keeping(cache);
    for (const unsaid of ELSEWHERE)
      expect([...unsaid, await isDropped(keeping, send, unsaid)]).toEqual([...unsaid, false]);
  });

  it('are read again by the one connection there is, when the client has changed them', async () => {
    const { client, watch, send } = await watched();
    const heard = heardBy(cache);
    await send('CREATE TABLE notes (id integer PRIMARY KEY, text varchar(100))');
    await client.$transaction(async (tx) => void (await tx.tag.update({ where: { id: 1 }, data: { name: 'x' } })));
    await watch.ready;
    heard.length = 0;
    await send("INSERT INTO notes (id, text) VALUES (7, 'x')");
    expect(heard).toEqual([['notes', 'notes#7']]);
  });
});
