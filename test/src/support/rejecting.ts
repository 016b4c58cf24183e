import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createCache } from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { expresses } from './expresses.js';

// Run as a process of its own, with `express` or `express4`: jest looks after rejections itself. Says on stdout, for
// each place of a user's function that rejects, what the visitor got and how many rejections nobody looked after.

const express = expresses[process.argv[2] === 'express4' ? 1 : 0]?.[1];
if (express === undefined) throw new Error('no Express');

let rejections = 0;
process.on('unhandledRejection', () => rejections++);
// Wrong by its type, and what a handler in JavaScript may well pass.
const reject = (async () => {
  throw new Error('rejected');
}) as () => never;

const outcomes = [];
for (const name of [
  'when',
  'key',
  'tags',
  'storeIf',
  'placeholders',
  'placeholders on a hit',
  'listener',
  'invalidateOn',
]) {
  rejections = 0;
  const cache = createCache();
  const events = new EventEmitter();
  const options: CachePageOptions = { ttl: 60, cache };
  if (name === 'listener') cache.on(reject);
  else if (name === 'invalidateOn') cache.invalidateOn(events, 'changed', reject);
  else if (name === 'placeholders on a hit') {
    // Asked twice while the response is made.
    let asked = 0;
    const token = () => (++asked <= 2 ? 'token-of-the-first-visitor' : reject());
    Object.assign(options, { placeholders: { token } });
  } else Object.assign(options, { [name]: name === 'placeholders' ? { token: reject } : reject });
  const app = express();
  app.use(cachePage(options));
  app.get('/', (_req, res) => void res.send('token-of-the-first-visitor'));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await fetch(url);
  const { status } = await fetch(url);
  events.emit('changed');
  // Node reports a rejection once the microtasks of its turn have run.
  await setImmediate();
  outcomes.push({ name, status, rejections });
  server.closeAllConnections();
  server.close();
  await cache.close();
}
console.log(JSON.stringify(outcomes));
