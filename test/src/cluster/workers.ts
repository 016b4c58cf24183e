// Four workers of a node:cluster, each with a cache in memory, over one file. Prints their ports as one line of JSON.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createCache, relayInvalidations, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';

const WORKERS = 4;
const { DATA = '', RELAYS = 'yes', LAG = '1s' } = process.env;

if (cluster.isPrimary) primary();
else worker();

function primary(): void {
  if (RELAYS === 'yes') relayInvalidations();
  const ports: number[] = [];
  cluster.on('message', (_worker, message: { port?: number }) => {
    if (message.port === undefined) return;
    ports.push(message.port);
    if (ports.length === WORKERS) process.stdout.write(`${JSON.stringify(ports)}\n`);
  });
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  // Whoever started this closes its standard input, or dies, and then it ends.
  process.stdin.resume().on('close', () => process.exit(0));
}

function worker(): void {
  const cache = createCache({ l1MaxLag: LAG });
  const app = express();
  app.post('/invalidate', async (req, res) => {
    const confirm = req.query['confirm'] === 'all' ? 'all' : 'store';
    res.json(await cache.invalidate({ tags: 'data' }, { confirm }));
  });
  app.get('/heard', (_req, res) => {
    const stop = cache.on((event) => {
      if (event.type !== 'heard') return;
      stop();
      res.end(JSON.stringify(event));
    });
    // From here on it listens, and whoever asked knows.
    res.flushHeaders();
  });
  app.get('/data', cachePage({ ttl: '1h', cache }), (_req, res) => {
    view().dependsOn('data');
    res.send(readFileSync(DATA, 'utf8'));
  });
  app.put('/values/:value', async (req, res) => {
    res.json(await cache.set('value', req.params.value, '1h'));
  });
  app.delete('/values', async (_req, res) => {
    res.json(await cache.delete('value'));
  });
  app.get('/values', async (_req, res) => {
    res.json(await cache.getOrSet('value', () => readFileSync(DATA, 'utf8'), '1h'));
  });
  const load = cache.memoize((key: string) => `${key} ${readFileSync(DATA, 'utf8')}`, { name: 'load', ttl: '1h' });
  app.get('/memoized', (_req, res) => {
    res.json([load('a'), load('b')]);
  });
  app.delete('/memoized', async (req, res) => {
    const { key } = req.query;
    res.json(await (typeof key === 'string' ? load.invalidate(key) : load.cacheClear()));
  });
  const server = app.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
}
