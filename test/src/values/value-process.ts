// A process with values, in which nothing happens but what it is told by IPC. What it loads it asks its parent for.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import type { Asked, Order, Told } from './value-processes.js';

const [store = '', namespace = ''] = process.argv.slice(2);
const cache = createCache({ store, namespace, consistency: 'strict', deadline: '5s' });
const options = { ttl: '1h', tags: ['row'] } as const;

let loads = 0;
const load = async (): Promise<string> => {
  const id = ++loads;
  const answered = new Promise<string>((resolve) => {
    const hear = (message: { readonly load?: number; readonly answer?: string }): void => {
      if (message.load !== id) return;
      process.off('message', hear);
      resolve(message.answer ?? '');
    };
    process.on('message', hear);
  });
  process.send?.({ load: id } satisfies Asked);
  return await answered;
};

const inner = () => cache.getOrSet('inner', load, options);
const memoized = cache.memoize(async (_key: string) => await inner(), { name: 'memoized', ttl: '1h' });
const app = express();
app.get('/', cachePage({ ttl: '1h', cache }), async (_req, res) => {
  res.send(await inner());
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** Writes until the store has heard of it: on a busy machine it may be lost for a moment. */
async function heard(write: () => Promise<boolean | { readonly durable: boolean }>): Promise<void> {
  for (;;) {
    const answer = await write();
    if (typeof answer === 'boolean' ? answer : answer.durable) return;
    await cache.ready();
  }
}

const orders: Readonly<Record<Order, (value: string) => Promise<unknown>>> = {
  inner,
  outer: () => cache.getOrSet('outer', async () => await cache.getOrSet('middle', inner, '1h'), '1h'),
  memoized: () => memoized('key'),
  page: async () => await (await fetch(url)).text(),
  get: () => cache.get('inner'),
  set: (value) => heard(() => cache.set('inner', value, options)),
  delete: () => heard(() => cache.delete('inner')),
  deleteMany: () => heard(() => cache.deleteMany(['inner', 'other'])),
  key: () => heard(() => cache.invalidate({ key: 'inner' })),
  tags: () => heard(() => cache.invalidate({ tags: 'row' })),
  purge: () => heard(() => cache.purge({ tags: 'row' })),
};

process.on('message', (message: { readonly order?: Order; readonly id: number; readonly value: string }) => {
  if (message.order === undefined) return;
  void orders[message.order](message.value).then((answer) =>
    process.send?.({ id: message.id, answer: answer ?? null } satisfies Told),
  );
});
process.on('disconnect', () => process.exit(0));
await cache.ready();
process.send?.({ isReady: true });
