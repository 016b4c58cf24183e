// Counts views of pages: each view is acknowledged at once, and the database has a row for each page a second later.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createCache } from '@viewcache/core';
import express from 'express';
import { Database } from './database.js';

const folder = process.env['DATA'] ?? 'data';
mkdirSync(folder, { recursive: true });
const database = new Database(join(folder, 'views.txt'));
const cache = createCache();

const views = cache.through({
  name: 'views',
  mode: 'write-behind',
  ttl: '10m',
  journal: join(folder, 'views.journal'), // ① what is acknowledged outlives the process
  load: (page: string) => database.viewsOf(page),
  saveMany: (entries) => database.save(entries.map(([page, count]) => [page, count])), // ② of many views the last number goes
  onDeadLetter: ({ key, value, error }) => console.error('not saved', key, value, error),
});

/** Of each page the view that is being counted: the next one begins where it ends. */
const counting = new Map<string, Promise<number>>();

function count(page: string): Promise<number> {
  const before = counting.get(page) ?? Promise.resolve();
  const counted = before
    .catch(() => {})
    .then(async () => {
      const number = ((await views.get(page)) ?? 0) + 1;
      await views.set(page, number);
      return number;
    });
  counting.set(page, counted);
  return counted;
}

const app = express();

app.post('/pages/:page/views', async (req, res) => {
  res.json({ views: await count(req.params.page) });
});

app.get('/pages/:page', async (req, res) => {
  res.json({ views: (await views.get(req.params.page)) ?? 0 });
});

app.get('/health', (_req, res) => {
  res.json({ waiting: views.pending });
});

const server = app.listen(Number(process.env['PORT'] ?? 0));
await once(server, 'listening');
console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
