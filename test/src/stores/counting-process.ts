import { createCache } from '@viewcache/core';

// A process that counts, with others, over the same store. It begins at a word from whoever has started it.
const [store = '', times = '0'] = process.argv.slice(2);

const cache = createCache({ store, deadline: '5s' });
await cache.ready();
// Of a cluster each node is connected to by itself.
while (
  !(await cache.increment('counter', 0).then(
    () => true,
    () => false,
  ))
);
process.send?.('ready');
process.once('message', () => {
  count().catch((error: unknown) => process.send?.({ error: String(error) }, () => process.exit(1)));
});

async function count(): Promise<void> {
  const sums: number[] = [];
  await Promise.all(Array.from({ length: Number(times) }, async () => sums.push(await cache.increment('counter'))));
  const added = await Promise.all([cache.add('first', process.pid, 60), cache.add('first', process.pid, 60)]);
  await cache.close();
  process.send?.({ sums, added }, () => process.disconnect());
}
