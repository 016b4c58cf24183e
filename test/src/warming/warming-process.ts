// A process with an app and a cache over Redis, which warms when it is told to, and ends when its parent has gone.
import { createServer } from 'node:http';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';

/** Lets handlers go on that wait. */
export interface Release {
  readonly urls: 'released';
}

/** What it is to do: how many URLs, how, and from which on its handlers wait. */
export interface WarmOrder {
  readonly urls: number;
  /** The number of the first of them. */
  readonly from?: number;
  readonly whileElsewhere: 'leave' | 'wait';
  readonly hangsFrom?: number;
}

/** What it tells: each run of a handler, and what became of the warming. */
export type WarmTold =
  | { readonly type: 'ready' }
  | { readonly type: 'ran'; readonly url: string }
  | { readonly type: 'ended'; readonly result: object };

const tell = (told: WarmTold): void => void process.send?.(told);
process.on('disconnect', () => process.exit());

// Patient, as the machine may be busy: what a store was too slow for is not there for the other process.
const cache = createCache({ store: process.argv[2] ?? '', deadline: '30s' });
let hangsFrom = Number.POSITIVE_INFINITY;
let release = (): void => {};
const released = new Promise<void>((resolve) => {
  release = resolve;
});
const app = express();
app.get('/cities/:id', cachePage({ ttl: '1h', cache }), (req, res) => {
  tell({ type: 'ran', url: req.url });
  const isHeld = Number(req.params['id']) >= hangsFrom;
  void (isHeld ? released : Promise.resolve()).then(() => res.send('city'));
});

process.on('message', async (order: WarmOrder | Release) => {
  if (order.urls === 'released') {
    release();
    return;
  }
  hangsFrom = order.hangsFrom ?? hangsFrom;
  const urls = Array.from({ length: order.urls }, (_, id) => `/cities/${id + (order.from ?? 0)}`);
  const options = { origin: 'http://www.example.com', server: createServer(app), timeout: '1h' } as const;
  const result = await cache.warm(urls, { ...options, whileElsewhere: order.whileElsewhere });
  tell({ type: 'ended', result });
});
await cache.ready();
tell({ type: 'ready' });
