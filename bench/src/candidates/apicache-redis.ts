// apicache 1.6 with Redis. It wants the callbacks and the `connected` of redis 3: with a later client it never hits.
import { once } from 'node:events';
import { createServer } from 'node:http';
import apicache from 'apicache';
import redis from 'redis';
import { makeApp } from './express-app.js';
import { redisUrlFromArguments, serve } from './serve.js';

const redisClient = redis.createClient(redisUrlFromArguments());
await once(redisClient, 'ready');

const { app, counters } = makeApp({ middleware: apicache.options({ redisClient }).middleware('1 hour') });
serve(createServer(app), { ...counters, entries: () => apicache.getIndex().all.length });
