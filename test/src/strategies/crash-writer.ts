/*
 * A process that counts up many rows through a strategy that writes behind, and is ended in the middle of it, by the test. Its
 * database is a file to which it adds a line for each row that it saves, so that it outlives the process. It says a line for each
 * write that was acknowledged.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { createCache, type WriteBehindOptions, type WriteInfo } from '@viewcache/core';

/** What the process is told, in JSON. */
export interface WriterOrders {
  readonly database: string;
  readonly options: Partial<WriteBehindOptions<string, number>>;
  /** So many writes; none: it saves what the one before it has left, and ends. */
  readonly writes: number;
  readonly keys: number;
  readonly atOnce: number;
  /** Ends by itself, without saying that it closes. */
  readonly isForgetful?: boolean;
  /** Does not end, and saves what others write. */
  readonly stays?: boolean;
}

const orders = JSON.parse(process.argv[2] ?? '') as WriterOrders;
const cache = createCache();
const rows = cache.through<string, number>({
  name: 'rows',
  mode: 'write-behind',
  ttl: 60,
  flushEvery: '20ms',
  load: (key) => lastOf(key),
  saveMany: async (entries: readonly (readonly [string, number, WriteInfo])[]) => {
    // A database takes its time, in which the process may end.
    await new Promise((resolve) => setTimeout(resolve, 2));
    appendFileSync(
      orders.database,
      entries.map(([key, value, { version }]) => `${key} ${value} ${version}\n`).join(''),
    );
  },
  ...orders.options,
} as WriteBehindOptions<string, number>);

function lastOf(key: string): number | undefined {
  const lines = readFileSync(orders.database, 'utf8').split('\n');
  const line = lines.findLast((each) => each.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

const say = (word: string): void => void process.stdout.write(`${word}\n`);
let next = 0;
/** Of each key the next number: they are written one after the other. */
const counts = new Map<string, number>();

async function work(worker: number): Promise<void> {
  while (next < orders.writes) {
    next++;
    // Each worker has keys of its own, so that it is known which write of a key is the later one.
    const key = `k${worker + orders.atOnce * (next % Math.max(1, Math.floor(orders.keys / orders.atOnce)))}`;
    const value = (counts.get(key) ?? 0) + 1;
    counts.set(key, value);
    await rows.set(key, value);
    say(`${key} ${value}`);
  }
}

say('begun');
await Promise.all(Array.from({ length: orders.atOnce }, (_, worker) => work(worker)));
say('written');
if (orders.stays === true) setInterval(() => {}, 60_000);
else if (orders.isForgetful !== true) {
  await rows.flush();
  await cache.close();
  say('closed');
}
