// One measurement in a process of its own: process.js MEASUREMENT STORE ENTRIES. Answers by a message.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { MemoryStore } from '../../../packages/core/dist/stores/memory.js';
import { type Pause, Pauses } from './pauses.js';
import { type BenchStore, HOUR, makeKeys, openStore } from './stores.js';

const [measurement = '', name = '', count = ''] = process.argv.slice(2);
const entries = Number(count);
const VALUE = { body: 'the same for all' };

const measurements: Record<string, () => unknown> = { size, hits, expiry, snapshot };
const answer = await measurements[measurement]?.();
process.send?.(answer);

/** Bytes for each value beside its key and itself: as it was filled, and as it is once much has been evicted. */
async function size(): Promise<{ filled: number; churned: number }> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = async (): Promise<number> => {
    for (let i = 0; i < 4; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const keys = makeKeys(1.5 * entries);
  /** What goes when it goes. */
  const weigh = async (fill: (store: BenchStore) => void): Promise<number> => {
    const held: { store: BenchStore | undefined } = { store: openStore(name, entries) };
    if (held.store !== undefined) fill(held.store);
    const before = await used();
    held.store?.close?.();
    held.store = undefined;
    return (before - (await used())) / entries;
  };
  const filled = (store: BenchStore): void => {
    for (let i = 0; i < entries; i++) store.set(keys[i] as string, VALUE);
  };
  return {
    filled: await weigh(filled),
    churned:
      name === 'Map'
        ? Number.NaN
        : await weigh((store) => {
            for (let i = 0; i < 6 * entries; i++) store.set(keys[i % keys.length] as string, VALUE);
          }),
  };
}

/** Nanoseconds of CPU time for a get that finds its key, of keys in no order; the best of some rounds. */
function hits(): number {
  const keys = makeKeys(entries);
  const store = openStore(name, entries);
  for (const key of keys) store.set(key, VALUE);
  const order = Uint32Array.from({ length: 1 << 16 }, () => Math.random() * entries);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const before = process.cpuUsage();
    let found = 0;
    for (let repeat = 0; repeat < 8; repeat++)
      for (let i = 0; i < order.length; i++) if (store.get(keys[order[i] as number] as string) === VALUE) found++;
    if (found !== 8 * order.length) throw new Error(`${name} lost ${8 * order.length - found} values`);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1_000) / found);
  }
  return best;
}

/** How long the event loop stands still while as many values expire at once, and how long a dead one is kept. */
async function expiry(): Promise<Pause & { keptMs: number }> {
  const clock = new SystemClock();
  const store = new MemoryStore<object>({ clock, maxBytes: 2 ** 40, maxEntries: entries, policy: 'lru' });
  const keys = makeKeys(entries);
  const filling = Math.max(3_000, entries / 50);
  const due = clock.monotonic() + filling;
  for (const key of keys) store.set(key, VALUE, 2_000, due - clock.monotonic());
  await new Promise((resolve) => setTimeout(resolve, due - clock.monotonic() - 200));
  const pauses = new Pauses();
  while (store.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  return { ...pauses.stop(), keptMs: clock.monotonic() - due };
}

/** How long the event loop stands still while a snapshot is written to memory, and read. */
async function snapshot(): Promise<Record<'written' | 'read', Pause>> {
  const { memoryStore } = await import('@viewcache/core/keyv-memory');
  const text = 'x'.repeat(200);
  const store = memoryStore({ maxBytes: '1gb', maxEntries: entries });
  for (const key of makeKeys(entries)) await store.set(key, text, HOUR);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const writing = new Pauses();
  const bytes = await store.snapshot();
  const written = writing.stop();
  const other = memoryStore({ maxBytes: '1gb', maxEntries: entries });
  const reading = new Pauses();
  const { entries: taken } = await other.restore(bytes);
  if (taken !== entries) throw new Error(`${entries - taken} values were not restored`);
  return { written, read: reading.stop() };
}
