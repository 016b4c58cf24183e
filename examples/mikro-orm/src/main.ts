import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { EntitySchema, MikroORM, RequestContext } from '@mikro-orm/libsql';
import { defaultCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { watchMikroOrm } from '@viewcache/orm/mikro-orm';
import express from 'express';

interface Author {
  id: number;
  name: string;
}

const Author = new EntitySchema<Author>({
  name: 'Author',
  properties: { id: { type: 'number', primary: true, autoincrement: true }, name: { type: 'string' } },
});

const orm = await MikroORM.init({ dbName: ':memory:', entities: [Author] });
await orm.schema.createSchema();
await orm.em.fork().insertMany(Author, [{ name: 'Clarice Lispector' }, { name: 'Fernando Pessoa' }]);

// ① What each view reads from now on is what it depends on, and a committed write drops exactly the views that read it.
await watchMikroOrm(orm).ready;

const app = express();
app.use(express.json());
app.use(cachePage('1h')); // ② every GET below
app.use((_req, _res, next) => RequestContext.create(orm.em, next));

app.get('/authors', async (_req, res) => void res.json(await orm.em.find(Author, {})));
app.get('/authors/:id', async (req, res) => {
  const author = await orm.em.findOne(Author, Number(req.params.id));
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});

app.put('/authors/:id', async (req, res) => {
  const author = await orm.em.findOne(Author, Number(req.params.id));
  if (author) author.name = req.body.name;
  await orm.em.flush(); // ③ nothing to say about the cache
  res.sendStatus(author ? 204 : 404);
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
await orm.close();
