// An app with a cache, as a process of its own: jest would look after its rejections. Takes its orders by IPC.
import type { AddressInfo } from 'node:net';
import { createCache, view } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import type { AppOptions, Asked, Order, Report, Said } from './orders.js';

const rejections: string[] = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));
// Whoever started this has gone.
process.on('disconnect', () => process.exit(0));

const tell = (said: Said): void => void process.send?.(said);

process.once('message', (options: AppOptions) => {
  const cache = createCache(options);
  const versions = new Map<string, number>();
  let waiting: (() => void)[] = [];
  let isOpen = false;
  let runs = 0;
  let peakOutstanding = 0;
  let storeErrors = 0;
  let timeouts = 0;
  cache.on((event) => {
    if (event.type === 'invalidations-drained') tell({ kind: 'drained' });
    if (event.type !== 'store-error') return;
    storeErrors++;
    if ('code' in event.error && event.error.code === 'ERR_CACHE_STORE_TIMEOUT') timeouts++;
  });

  function look(): void {
    peakOutstanding = Math.max(peakOutstanding, cache.health().shared?.outstanding ?? 0);
  }

  /** Runs, says so, and waits until it is told to go on. */
  async function gated(path: string): Promise<string> {
    runs++;
    tell({ kind: 'ran', path });
    if (!isOpen) await new Promise<void>((resolve) => void waiting.push(resolve));
    return `by ${process.pid}`;
  }

  const app = express();
  app.use((req, _res, next) => {
    if (req.path.startsWith('/gated')) tell({ kind: 'arrived', path: req.path });
    look();
    next();
  });
  app.get('/pages/:page', cachePage({ ttl: '1h', cache, keyPrefix: 'pages' }), (req, res) => {
    const page = String(req.params['page']);
    view().dependsOn(page);
    runs++;
    look();
    res.send(`${page} ${versions.get(page) ?? 0}`);
  });
  app.use('/gated', cachePage({ ttl: '1h', cache, keyPrefix: 'gated' }));
  app.get('/gated/cookie/:name', async (req, res) => {
    const body = await gated(req.path);
    res.cookie('seen', 'yes').send(body);
  });
  app.get('/gated/:name', async (req, res) => {
    res.send(await gated(req.path));
  });

  async function obey(order: Order): Promise<unknown> {
    switch (order.kind) {
      case 'write':
        return versions.set(order.page, order.version).size;
      case 'invalidate':
        return Promise.all(order.pages.map(async (page) => (await cache.invalidate({ tags: page })).durable));
      case 'open':
        isOpen = order.isForGood;
        for (const goOn of waiting) goOn();
        waiting = [];
        return undefined;
      case 'report': {
        globalThis.gc?.();
        const { shared, unheardInvalidations } = cache.health();
        const report: Report = {
          runs,
          peakOutstanding,
          shared: shared?.state,
          unheard: unheardInvalidations,
          storeErrors,
          timeouts,
          // What it stores meanwhile is its own affair, and bounded by maxBytes.
          heapBytes: process.memoryUsage().heapUsed - cache.stats().bytes,
          rejections,
        };
        return report;
      }
    }
  }

  process.on('message', ({ id, order }: Asked) => {
    void obey(order).then((value) => tell({ kind: 'answer', id, value }));
  });
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    tell({ kind: 'listening', port: (server.address() as AddressInfo).port });
    void cache.ready().then(() => tell({ kind: 'ready' }));
  });
  // A connection that is closed for being idle is closed under a request that is just coming, now and then.
  server.keepAliveTimeout = 0;
});
