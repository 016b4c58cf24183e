// A process with an app and a cache over Redis, which warms when it is told to, and ends when its parent has gone.
import { createServer } from 'node:http';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';

/** What it is to do: how many URLs, how, and from which on its handlers answer no more. */
export interface WarmOrder {
  readonly urls: number;
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

const cache = createCache({ store: process.argv[2] ?? '' });
let hangsFrom = Number.POSITIVE_INFINITY;
const app = express();
app.get('/cities/:id', cachePage({ ttl: '1h', cache }), (req, res) => {
  tell({ type: 'ran', url: req.url });
  // Not at once: who comes second finds the first at work.
  if (Number(req.params['id']) < hangsFrom) setTimeout(() => res.send('city'), 5);
});

process.on('message', async (order: WarmOrder) => {
  hangsFrom = order.hangsFrom ?? hangsFrom;
  const urls = Array.from({ length: order.urls }, (_, id) => `/cities/${id}`);
  const options = { origin: 'http://www.example.com', server: createServer(app), timeout: '1h' } as const;
  const result = await cache.warm(urls, { ...options, whileElsewhere: order.whileElsewhere });
  tell({ type: 'ended', result });
});
await cache.ready();
tell({ type: 'ready' });
