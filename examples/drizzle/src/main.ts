import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { defaultCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { watchDrizzle } from '@viewcache/orm/drizzle';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/sql-js';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import express from 'express';
import initSqlJs from 'sql.js';

const authors = sqliteTable('authors', { id: integer('id').primaryKey(), name: text('name').notNull() });

const SQL = await initSqlJs(); // SQLite compiled to WebAssembly: nothing native to build
const db = drizzle(new SQL.Database());
db.run(sql`CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL)`);
db.insert(authors)
  .values([{ name: 'Clarice Lispector' }, { name: 'Fernando Pessoa' }])
  .run();

// ① What each view reads from now on is what it depends on, and a committed write drops exactly the views that read it.
const watch = watchDrizzle(db);

const app = express();
app.use(express.json());
app.use(cachePage('1h')); // ② every GET below

const byId = (req: express.Request) => eq(authors.id, Number(req.params['id']));
app.get('/authors', (_req, res) => void res.json(db.select().from(authors).all()));
app.get('/authors/:id', (req, res) => {
  const author = db.select().from(authors).where(byId(req)).get();
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});

app.put('/authors/:id', async (req, res) => {
  db.update(authors).set({ name: req.body.name }).where(byId(req)).run(); // ③ nothing to say about the cache
  await watch.settled(); // SQLite answers at once: this waits for a shared store, where there is one
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
await defaultCache().close();
