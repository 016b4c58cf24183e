// One process of a fleet: an app with a cache, requests to it, and writes with their invalidations. Takes its orders by IPC.
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { type Cache, createCache, view } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import Keyv from 'keyv';
import { openCache } from '../../../packages/core/dist/cache/create-cache.js';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { frameCodec } from '../../../packages/core/dist/codecs/frame.js';
import { readCacheOptions } from '../../../packages/core/dist/config/cache-options.js';
import { RetryQueue } from '../../../packages/core/dist/invalidation/retry-queue.js';
import { DataFile } from './data-file.js';
import { doubleStore } from './doubles.js';
import { Line } from './line.js';
import type { Orders, Report } from './orders.js';

/** The clock that all processes of a machine share. */
const machineMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

const rejections: string[] = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));

process.once('message', (orders: Orders) => void run(orders));

async function run(orders: Orders): Promise<void> {
  const data = new DataFile(orders.data, orders.rows);
  const clock = new SystemClock({ wall: () => Date.now() + orders.skewMs, steady: () => performance.now() });
  const cache = orders.double === undefined ? ownCache(orders, clock) : doubleCache(orders, clock);
  const app = express();
  app.get('/rows/:row', cachePage({ ttl: '1h', cache }), async (req, res) => {
    const row = Number(req.params['row']);
    const version = data.read(row);
    if (orders.handlerMs > 0) await sleep(Math.random() * orders.handlerMs);
    // Known only now: nothing could have predicted it.
    view().dependsOn(`row#${row}`, `group#${row % 3}`);
    res.type('text').send(String(version));
  });
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    void cache.ready().then(() => process.send?.({ isReady: true }));
  });
  let isOver = false;
  const report = { reads: [] as number[], writes: [] as number[], hits: 0, failures: 0, unheard: 0, rejections };
  const until = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      if (message === 'go') void work();
      if (message === 'stop') {
        isOver = true;
        resolve();
      }
    });
  });
  let working: Promise<unknown> = Promise.resolve();

  async function work(): Promise<void> {
    const { port } = server.address() as AddressInfo;
    const readers = Array.from({ length: orders.readers }, () => read(port, orders.rows, report, () => isOver));
    working = Promise.all([...readers, write()]);
    await working;
  }

  async function write(): Promise<void> {
    if (orders.writes.length === 0) return;
    const everyMs = 1000 / orders.writesPerSecond;
    const under: Promise<void>[] = [];
    let due = machineMs();
    for (let i = 0; !isOver; i++) {
      const row = orders.writes[i % orders.writes.length] ?? 0;
      const version = data.read(row) + 1;
      data.write(row, version);
      under.push(
        cache.invalidate({ tags: `row#${row}` }, { confirm: orders.confirm }).then(({ durable }) => {
          if (durable) report.writes.push(row, version, machineMs());
          else report.unheard++;
        }),
      );
      due += everyMs;
      await sleep(Math.max(0, due - machineMs()));
    }
    await Promise.all(under);
  }

  await until;
  await working;
  const { outcomes, refused, stored } = cache.stats();
  const said: Report = { ...report, outcomes: { ...outcomes, ...refused, stored } };
  process.send?.(said, () => process.exit(0));
}

function ownCache({ cache, plainKeyv }: Orders, clock: SystemClock): Cache {
  if (plainKeyv === undefined) return createCache({ ...cache, clock });
  const keyv = new Keyv({ store: new KeyvRedis(plainKeyv) });
  const store = {
    get: (key: string) => keyv.get(key),
    set: (key: string, value: unknown, ttl?: number) => keyv.set(key, value, ttl),
    delete: (key: string) => keyv.delete(key),
  };
  return createCache({ ...cache, store, clock });
}

/** A cache whose shared store goes by another protocol. */
function doubleCache({ cache, double = '', redisPort = 0 }: Orders, clock: SystemClock): Cache {
  const settings = readCacheOptions({ ...cache, store: new Map(), clock });
  const store = doubleStore(double, redisPort, () => clock.now());
  const codec = frameCodec({ context: '' });
  return openCache(settings, () => ({
    store,
    codec,
    unheard: new RetryQueue((tags) => store.invalidate(tags, 'soft'), clock),
  }));
}

async function read(
  port: number,
  rows: number,
  report: { reads: number[]; hits: number; failures: number },
  isOver: () => boolean,
): Promise<void> {
  const line = new Line(port);
  while (!isOver()) {
    const row = Math.floor(Math.random() * rows);
    const startedAt = machineMs();
    const { body, status, cacheStatus } = await line.get(`/rows/${row}`);
    if (status !== 200) {
      report.failures++;
      continue;
    }
    report.reads.push(row, startedAt, Number(body));
    if (cacheStatus.includes('hit') || cacheStatus.includes('collapsed')) report.hits++;
  }
  line.close();
}
