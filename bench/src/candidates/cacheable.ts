// cacheable 2.5: its CacheableMemory in front of @keyv/redis.
import { createServer } from 'node:http';
import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { makeValueApp } from './express-app.js';
import { redisUrlFromArguments, serve } from './serve.js';

const cacheable = new Cacheable({ secondary: new KeyvRedis(redisUrlFromArguments()), ttl: '1h' });

const { app, counters } = makeValueApp(async (key, factory) => {
  const payload = await cacheable.getOrSet(key, async () => factory());
  if (payload === undefined) throw new Error('cacheable returned nothing');
  return payload;
});
serve(createServer(app), counters);
