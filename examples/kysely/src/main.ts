import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { cachePage } from '@viewcache/express';
import { watchKysely } from '@viewcache/orm/kysely';
import express from 'express';
import { Kysely } from 'kysely';
import { type Database, sqliteInMemory } from './database.js';

const dialect = await sqliteInMemory();
const watch = watchKysely(dialect); // ① from now on writes drop the pages that read what they write
const db = new Kysely<Database>({ dialect });

await db.schema
  .createTable('authors')
  .addColumn('id', 'integer', (it) => it.primaryKey())
  .addColumn('name', 'text', (it) => it.notNull())
  .execute();
await db.schema
  .createTable('books')
  .addColumn('id', 'integer', (it) => it.primaryKey())
  .addColumn('title', 'text', (it) => it.notNull())
  .addColumn('author_id', 'integer', (it) => it.references('authors.id').onDelete('cascade'))
  .execute();
await watch.ready; // the tables have been read, as they are now
await db
  .insertInto('authors')
  .values([{ name: 'Lispector' }, { name: 'Saramago' }])
  .execute();
await db
  .insertInto('books')
  .values([
    { title: 'Água viva', author_id: 1 },
    { title: 'Ensaio sobre a cegueira', author_id: 2 },
  ])
  .execute();

const app = express();
app.use(express.json(), cachePage('1h')); // ② every GET below, for an hour

app.get('/authors/:id', async (req, res) => {
  const author = await db.selectFrom('authors').selectAll().where('id', '=', Number(req.params.id)).executeTakeFirst();
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});

app.get('/books', async (_req, res) => {
  const books = db.selectFrom('books').innerJoin('authors', 'authors.id', 'books.author_id');
  res.json(await books.select(['books.title', 'authors.name']).orderBy('books.id').execute());
});

app.put('/authors/:id', async (req, res) => {
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('authors').set({ name: req.body.name }).where('id', '=', Number(req.params.id)).execute();
  });
  res.sendStatus(204);
});

const server = app.listen(Number(process.env['PORT'] ?? 0));
await once(server, 'listening');
const origin = `http://localhost:${(server.address() as AddressInfo).port}`;

async function show(path: string): Promise<void> {
  const response = await fetch(origin + path);
  console.log(`GET ${path.padEnd(10)} ${response.headers.get('cache-status')?.padEnd(38)} ${await response.text()}`);
}

for (const path of ['/authors/1', '/authors/1', '/authors/2', '/books', '/books']) await show(path);
const body = JSON.stringify({ name: 'Clarice Lispector' });
await fetch(`${origin}/authors/1`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body });
console.log(`PUT /authors/1 ${body}`);
for (const path of ['/authors/1', '/authors/2', '/books']) await show(path);

if (process.env['PORT'] === undefined) {
  server.close();
  await db.destroy();
}
