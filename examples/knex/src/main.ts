import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { cachePage } from '@viewcache/express';
import { watchKnex } from '@viewcache/orm/knex';
import express from 'express';
import knex from 'knex';
import { sqliteInMemory } from './database.js';

const db = knex(sqliteInMemory);
const watch = watchKnex(db); // ① from now on writes drop the pages that read what they write

await db.schema
  .createTable('authors', (table) => {
    table.increments('id');
    table.string('name').notNullable();
  })
  .createTable('books', (table) => {
    table.increments('id');
    table.string('title').notNullable();
    table.integer('author_id').references('authors.id').onDelete('CASCADE');
  });
await watch.ready; // the tables have been read, as they are now
await db('authors').insert([{ name: 'Lispector' }, { name: 'Saramago' }]);
await db('books').insert([
  { title: 'Água viva', author_id: 1 },
  { title: 'Ensaio sobre a cegueira', author_id: 2 },
]);

const app = express();
app.use(express.json(), cachePage('1h')); // ② every GET below, for an hour

app.get('/authors/:id', async (req, res) => {
  const author = await db('authors').where('id', req.params.id).first();
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});

app.get('/books', async (_req, res) => {
  const books = db('books').join('authors', 'authors.id', 'books.author_id');
  res.json(await books.select('books.title', 'authors.name').orderBy('books.id'));
});

app.put('/authors/:id', async (req, res) => {
  await db.transaction(async (tx) => {
    await tx('authors').where('id', req.params.id).update({ name: req.body.name });
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
