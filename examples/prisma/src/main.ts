import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { defaultCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { watchPrisma } from '@viewcache/orm/prisma';
import express from 'express';
import { PrismaClient } from './generated/client.js';

const folder = mkdtempSync(join(tmpdir(), 'viewcache-prisma-'));
const prisma = new PrismaClient({ adapter: new PrismaLibSql({ url: `file:${join(folder, 'authors.db')}` }) });

// ① What each view reads from now on is what it depends on, and a committed write drops exactly the views that read it.
const watch = watchPrisma(prisma);

await prisma.$executeRaw`CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)`;
await prisma.author.createMany({ data: [{ name: 'Clarice Lispector' }, { name: 'Fernando Pessoa' }] });
await watch.ready;

const app = express();
app.use(express.json());
app.use(cachePage('1h')); // ② every GET below

const byId = (req: express.Request) => ({ id: Number(req.params['id']) });
app.get('/authors', async (_req, res) => void res.json(await prisma.author.findMany()));
app.get('/authors/:id', async (req, res) => {
  const author = await prisma.author.findUnique({ where: byId(req) });
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});

app.put('/authors/:id', async (req, res) => {
  await prisma.author.update({ where: byId(req), data: { name: req.body.name } }); // ③ nothing to say about the cache
  res.sendStatus(204);
});

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function show(path: string): Promise<void> {
  const response = await fetch(url + path);
  console.log(
    `GET ${path.padEnd(12)} ${(response.headers.get('cache-status') ?? '').padEnd(44)} ${await response.text()}`,
  );
}

const pages = ['/authors', '/authors/1', '/authors/2'];
for (const path of pages) await show(path); // each view runs, and is stored
for (const path of pages) await show(path); // none runs
const body = JSON.stringify({ name: 'Álvaro de Campos' });
await fetch(`${url}/authors/2`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
console.log('PUT /authors/2');
for (const path of pages) await show(path); // the list and the page of this author run again

server.close();
server.closeAllConnections();
await prisma.$disconnect();
rmSync(folder, { recursive: true });
await defaultCache().close();
