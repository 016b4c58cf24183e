// One library in a process of its own, watched or not: told by its parent what to do, it answers with what a query has cost.
import { createCache, view } from '@viewcache/core';
import { CLIENTS, type OrmName } from './clients.js';
import type { Answer, Order } from './orders.js';

/** Queries of one view. */
const QUERIES = 10;
/** Rows that are asked for in turn. */
const ROWS = 1_000;

const [name, watched] = process.argv.slice(2) as [OrmName, 'watched' | 'bare'];
// A heap that grows with what is stored would weigh on whatever is measured after it.
const cache = createCache({ trackReads: watched === 'watched', maxEntries: 500 });
const client = await CLIENTS[name]();
if (watched === 'watched') await client.watch(cache);
let turn = 0;
let views = 0;

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ version: process.versions.node });

async function obey({ operation, ms }: Order): Promise<Answer> {
  const work = { untracked: read, tracked: () => inView(false), stored: () => inView(true), write }[operation];
  const before = process.cpuUsage();
  let queries = 0;
  // By its own CPU time: on a busy machine a window of the wall clock holds next to nothing.
  while (microsSince(before) < ms * 1_000) {
    for (let i = 0; i < 10; i++) await work();
    queries += 10 * QUERIES;
  }
  return { micros: microsSince(before) / queries };
}

async function read(): Promise<void> {
  for (let i = 0; i < QUERIES; i++) {
    const id = (turn++ % ROWS) + 1;
    if ((await client.read(id))?.id !== id) throw new Error(`${name} has not read row ${id}`);
  }
}

async function inView(isStored: boolean): Promise<void> {
  const key = `view ${views++}`;
  await cache.getOrSet(
    key,
    async () => {
      if (!isStored) view().doNotStore();
      await read();
      return key;
    },
    { ttl: '1h' },
  );
}

async function write(): Promise<void> {
  for (let i = 0; i < QUERIES; i++) await client.write((turn++ % ROWS) + 1, 'Rui');
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
