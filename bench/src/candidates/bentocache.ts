// bentocache 1.6 as its documentation sets it up: memory, Redis, and a bus between the two.
import { createServer } from 'node:http';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { makeValueApp } from './express-app.js';
import { redisUrlFromArguments, serve } from './serve.js';

const { hostname: host, port, pathname } = new URL(redisUrlFromArguments());
const connection = { host, port: Number(port), db: Number(pathname.slice(1)) };
const bento = new BentoCache({
  default: 'pages',
  stores: {
    pages: bentostore()
      .useL1Layer(memoryDriver({ maxItems: 1_000 }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection })),
  },
});

const { app, counters } = makeValueApp((key, factory) => bento.getOrSet({ key, ttl: '1h', factory }));
serve(createServer(app), counters);
