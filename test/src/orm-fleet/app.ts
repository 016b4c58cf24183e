// One process of a fleet: an app whose views read by an ORM, and that writes what it is asked to by the same one.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cache, createCache } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express, { type Express } from 'express';
import type { Reads, ScenarioDriver } from '../orm/driver.js';
import { breakAdapters } from './doubles.js';
import { openDriver } from './drivers.js';
import type { Orders, Step, WriteOrder } from './orders.js';

/** A transaction that is rolled back because the app wants it to be. */
class Unwanted extends Error {}

const rejections: string[] = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));
process.once('message', (orders: Orders) => void serve(orders));

async function serve(orders: Orders): Promise<void> {
  if (orders.double !== undefined) breakAdapters(orders.double);
  const cache = createCache(orders.cache);
  const driver = await openDriver(orders.orm, orders.database, cache);
  await cache.ready();
  const app = express();
  const dwell = (): Promise<void> => sleep(Math.random() * orders.dwellMs);
  addViews(app, cache, driver.reads, dwell);
  app.post('/writes', express.json(), async (req, res) => {
    res.type('text').send(await carryOut(driver, req.body as WriteOrder, dwell));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Who asks may do other things for longer than that.
  server.keepAliveTimeout = 0;
  process.once('message', () => process.send?.({ rejections }, () => process.exit(0)));
  process.send?.({ port: (server.address() as AddressInfo).port });
}

function addViews(app: Express, cache: Cache, reads: Reads, dwell: () => Promise<void>): void {
  const show = (path: string, read: (id: number) => Promise<unknown>): void => {
    app.get(path, cachePage({ ttl: '1h', cache }), async (req, res) => {
      const shown = await read(Number(req.params['id']));
      // Whatever is written and committed now has to keep this from being stored.
      await dwell();
      res.json({ shown: shown ?? null });
    });
  };
  const card = cache.memoize(async (id: number) => (await reads.user(id)) ?? null, { name: 'card', ttl: '1h' });
  show('/users', () => reads.users());
  show('/users/:id', (id) => reads.user(id));
  show('/cards/:id', (id) => card(id));
  show('/posts', () => reads.posts());
  show('/posts/count', () => reads.postCount());
  show('/posts/:id/tags', (id) => reads.tagsOf(id));
  show('/comments', () => reads.comments());
  show('/profiles', () => reads.profiles());
}

async function carryOut<Tx>(
  driver: ScenarioDriver<Tx>,
  { within, steps }: WriteOrder,
  dwell: () => Promise<void>,
): Promise<string> {
  try {
    if (within === 'nothing') await take(driver, steps, undefined, dwell);
    else
      await driver.transaction(async (tx) => {
        await take(driver, steps, tx, dwell);
        await dwell();
        if (within === 'failing transaction') throw new Unwanted();
      });
    return 'done';
  } catch (error) {
    // What has come of it is seen in the database.
    return error instanceof Unwanted ? 'rolled back' : `failed: ${error}`;
  }
}

async function take<Tx>(
  driver: ScenarioDriver<Tx>,
  steps: readonly Step[],
  tx: Tx | undefined,
  dwell: () => Promise<void>,
): Promise<void> {
  for (const step of steps) {
    if ('write' in step) {
      const writes = driver.writes as unknown as Readonly<Record<string, (...given: unknown[]) => Promise<unknown>>>;
      await writes[step.write]?.(...step.given, tx);
    } else
      try {
        await driver.nested(tx as Tx, async (inner) => {
          await take(driver, step.steps, inner, dwell);
          if (step.fails) throw new Unwanted();
        });
      } catch (error) {
        if (!(error instanceof Unwanted)) throw error;
      }
    if (tx !== undefined) await dwell();
  }
}
