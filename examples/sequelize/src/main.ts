import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { defaultCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { watchSequelize } from '@viewcache/orm/sequelize';
import express from 'express';
import { DataTypes, Sequelize } from 'sequelize';

// A PostgreSQL as WebAssembly, in memory, of one connection at a time. An app has a URL instead.
const probe = createServer().listen(0, '127.0.0.1');
await once(probe, 'listening');
const { port } = probe.address() as AddressInfo;
await new Promise((closed) => probe.close(closed));
const database = new PGLiteSocketServer({ db: await PGlite.create(), port });
await database.start();

const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
const sequelize = new Sequelize(url, { logging: false, pool: { max: 1 } });
const Author = sequelize.define('Author', { name: DataTypes.STRING }, { timestamps: false });
const Book = sequelize.define('Book', { title: DataTypes.STRING }, { timestamps: false });
Author.hasMany(Book, { foreignKey: 'authorId', onDelete: 'CASCADE' });
await sequelize.sync();
await Author.bulkCreate([{ name: 'Clarice Lispector' }, { name: 'Fernando Pessoa' }]);
await Book.create({ title: 'Mensagem', authorId: 2 });

// ① What each view reads from now on is what it depends on, and a committed write drops exactly the views that read it.
await watchSequelize(sequelize).ready;

const app = express();
app.use(express.json());
app.use(cachePage('1h')); // ② every GET below

app.get('/authors/:id', async (req, res) => {
  const author = await Author.findByPk(req.params.id);
  if (author) res.json(author);
  else res.sendStatus(404); // not stored
});
app.get('/books', async (_req, res) => void res.json(await Book.findAll({ attributes: ['title'] })));

app.put('/authors/:id', async (req, res) => {
  await Author.update({ name: req.body.name }, { where: { id: req.params.id } });
  res.sendStatus(204); // ③ nothing to say about the cache
});
app.delete('/authors/:id', async (req, res) => {
  await Author.destroy({ where: { id: req.params.id } });
  res.sendStatus(204);
});

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function show(): Promise<void> {
  for (const path of ['/authors/1', '/authors/2', '/books']) {
    const response = await fetch(site + path);
    const status = response.headers.get('cache-status') ?? '';
    console.log(`GET ${path.padEnd(11)} ${status.padEnd(33)} ${await response.text()}`);
  }
}

async function write(method: string, path: string, body = {}): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await fetch(site + path, { method, headers, body: JSON.stringify(body) });
  console.log(`${method} ${path}`);
}

await show(); // each view runs, and is stored
await show(); // none runs
await write('PUT', '/authors/1', { name: 'Clarice' });
await show(); // the page of this author runs again
await write('DELETE', '/authors/2');
await show(); // the page of that one, and the books, which the database has deleted with him

server.close();
server.closeAllConnections();
await defaultCache().close();
await sequelize.close();
await database.stop();
