// Run by node-test.test.ts with `node --test`.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, it } from 'node:test';
import { expectHit, expectStored, type FreshCache, freshCache } from '@viewcache/core/testing';
import { app } from './app.js';

let server: Server;
let fresh: FreshCache;
before(async () => {
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => server.close());
beforeEach(() => {
  fresh = freshCache();
});
afterEach(() => fresh.end());

const ask = () => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/cities/7`);

it('stores, and answers until its time is over', async () => {
  expectStored(await ask());
  expectHit(await ask(), { ttl: 300 });
  fresh.clock.advance('5m');
  expectStored(await ask());
});

it('begins with nothing stored', async () => {
  expectStored(await ask(), { fwd: 'uri-miss' });
});

it('fails where there is no hit', async () => {
  expectHit(await ask());
});
