import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import {
  type Cache,
  type CacheEvent,
  createCache,
  type WriteBehind,
  type WriteBehindOptions,
  WriteRefusedError,
} from '@viewcache/core';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { keySlot } from '../../../packages/core/dist/stores/redis/key-slot.js';
import { RedisServer, startCluster } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { errorOf } from '../values/stores.js';
import { comes } from './comes.js';
import { Table } from './table.js';

const redis = await RedisServer.start();
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => redis.stop());

let queues = 0;
// However long a process stands still, what it works on is not taken for nobody's.
const newQueue = () => ({ url: redis.url, prefix: `test-${process.pid}-${++queues}`, lease: '1m' });

type Rows = WriteBehind<string | number, unknown>;

/** One process of several that share a queue, and a cache. */
function openRows(more: Partial<WriteBehindOptions<string | number, unknown>>): {
  readonly cache: Cache;
  readonly rows: Rows;
  readonly events: CacheEvent[];
} {
  const namespace = `queue-${process.pid}-${queues}`;
  const cache = createCache({ store: redis.url, namespace, consistency: 'strict', deadline: '1m' });
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  closing.push(() => cache.close());
  const rows = cache.through<string | number, unknown>({
    ...{ name: 'shop:rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, flushEvery: '20ms' },
    load: () => undefined,
    ...more,
  } as WriteBehindOptions<string | number, unknown>);
  return { cache, rows, events };
}

const functionsOf = ({ load, saveMany, remove }: Table) => ({ load, saveMany, remove });

describe('writing behind with a queue in Redis', () => {
  it('saves the last write of each key, from whichever process', async () => {
    const table = new Table();
    const queue = newQueue();
    const options = { ...functionsOf(table), queue, flushEvery: '1h' };
    const [first, second] = [openRows(options), openRows(options)];
    await first.rows.set('a', { n: 1 });
    await second.rows.set('a', { n: 2 });
    await first.rows.set(7, 'seven');
    await first.rows.set('gone', 1);
    await second.rows.delete('gone');
    // Every process sees what waits, also where nothing of it is cached.
    await first.cache.purge({ all: true });
    expect([await first.rows.get('a'), await second.rows.get('7')]).toEqual([{ n: 2 }, 'seven']);
    expect(await second.rows.get('gone')).toBeUndefined();
    await first.rows.flush();
    expect(table.rows).toEqual(
      new Map<string | number, unknown>([
        ['a', { n: 2 }],
        [7, 'seven'],
      ]),
    );
    expect(table.disordered).toEqual([]);
    expect(table.versions.get('a')).toHaveLength(1);
    expect([first.rows.pending, await second.rows.get('a')]).toEqual([0, { n: 2 }]);
  });

  it('is worked on by one process for another that only writes', async () => {
    const table = new Table();
    const queue = newQueue();
    const writer = openRows({ ...functionsOf(table), queue: { ...queue, worker: false } });
    await writer.rows.set('a', 1);
    expect(table.taken()).toEqual([]);
    openRows({ ...functionsOf(table), queue });
    await comes(() => table.rows.get('a') === 1);
    await writer.rows.flush();
  });

  it('saves nothing older after something newer, however slow a save is', async () => {
    const table = new Table();
    const slow = gate();
    table.gate = slow.passed;
    const queue = newQueue();
    const [first, second] = [openRows({ ...functionsOf(table), queue }), openRows({ ...functionsOf(table), queue })];
    await first.rows.set('a', 1);
    await comes(() => table.calls.includes('save a'));
    for (let value = 2; value <= 10; value++) await (value % 2 ? first : second).rows.set('a', value);
    // As if the process that saves had been taken for dead: its job is given to another one, who finds the lease held.
    const jobs = await openJobs(queue.prefix);
    await jobs.add('shop:rows', { field: '=a' }, { jobId: 'again' });
    await comes(async () => (await (await jobs.getJob('again'))?.getState()) === 'delayed');
    expect(table.calls.filter((call) => call === 'save a')).toHaveLength(1);
    slow.open();
    await first.rows.flush();
    expect(table.rows.get('a')).toBe(10);
    expect(table.disordered).toEqual([]);
  });

  it('is not kept from the database by a write that it will never take, which ends among the failed jobs', async () => {
    const table = new Table();
    table.poison.add('bad');
    const letters: unknown[] = [];
    const queue = newQueue();
    const { rows, events } = openRows({
      ...functionsOf(table),
      queue,
      retryFor: '1s',
      onDeadLetter: ({ key, value }) => letters.push([key, value]),
    });
    await Promise.all(['a', 'bad', 'b', 'c'].map((key) => rows.set(key, key)));
    await rows.flush();
    expect([...table.rows.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(letters).toEqual([['bad', 'bad']]);
    expect(events.filter(({ type }) => type === 'dead-letter')).toMatchObject([
      { strategy: 'shop:rows', keys: ['bad'] },
    ]);
    const jobs = await openJobs(queue.prefix);
    await comes(async () => (await jobs.getFailedCount()) === 1);
    expect((await jobs.getFailed())[0]).toMatchObject({
      data: { field: '=bad' },
      failedReason: 'given up: Error: no bad',
    });
  });

  it('goes on when the database is back', async () => {
    const table = new Table();
    table.isDown = true;
    const { rows } = openRows({ ...functionsOf(table), queue: newQueue() });
    for (let i = 0; i < 50; i++) await rows.set(`k${i}`, i);
    await comes(() => table.calls.length > 3);
    table.isDown = false;
    await rows.flush();
    expect(table.rows.size).toBe(50);
  });

  it('refuses what there is no room for', async () => {
    const table = new Table();
    table.isDown = true;
    const { rows } = openRows({ ...functionsOf(table), queue: newQueue(), maxPending: 2, fullTimeout: 0 });
    await rows.set('a', 1);
    await rows.set('b', 1);
    await rows.set('b', 2);
    const error = await errorOf(rows.set('c', 3));
    expect(error).toBeInstanceOf(WriteRefusedError);
    expect(error).toMatchObject({ reason: 'full' });
    table.isDown = false;
    await rows.flush();
    expect([...table.rows.keys()].sort()).toEqual(['a', 'b']);
  });

  it('finds a write whose job is lost', async () => {
    const table = new Table();
    const queue = newQueue();
    const writer = openRows({ ...functionsOf(table), queue: { ...queue, worker: false } });
    await writer.rows.set('a', 1);
    const jobs = await openJobs(queue.prefix);
    await jobs.obliterate({ force: true });
    // As if it had been there for long, and nothing had been written since: its generation says since when.
    await redis.command('EVAL', LONG_AGO, '3', ...['order', 'writes', 'versions'].map((name) => keyOf(queue, name)));
    openRows({ ...functionsOf(table), queue });
    await comes(() => table.rows.get('a') === 1);
  });

  it('finds a write whose job has failed', async () => {
    const table = new Table();
    const queue = newQueue();
    const writer = openRows({ ...functionsOf(table), queue: { ...queue, worker: false } });
    await writer.rows.set('a', 1);
    const jobs = await openJobs(queue.prefix);
    const fail = () => Promise.reject(new UnrecoverableError('somebody else has worked on it'));
    const stranger = new Worker(jobs.name, fail, { prefix: `{${queue.prefix}}`, connection: await connect() });
    await jobs.promoteJobs();
    await comes(async () => (await jobs.getFailedCount()) === 1);
    await stranger.close();
    // As of a server whose clock has gone back: nobody knows how long anything waits.
    await redis.command('SET', keyOf(queue, 'versions'), '9000000000000000');
    openRows({ ...functionsOf(table), queue });
    await comes(() => table.rows.get('a') === 1);
  });

  it('saves a write that comes while an older one of its key is given up', async () => {
    const told = gate();
    const saved: unknown[] = [];
    const letters: unknown[] = [];
    const queue = newQueue();
    const { rows } = openRows({
      save: (_key, value) => {
        if (value === 'bad') throw new Error('no');
        saved.push(value);
      },
      queue,
      retryIf: () => false,
      onDeadLetter: ({ value }) => {
        letters.push(value);
        return told.passed;
      },
    });
    await rows.set('a', 'bad');
    await comes(() => letters.length === 1);
    await rows.set('a', 'good');
    told.open();
    await rows.flush();
    expect([saved, letters, rows.pending]).toEqual([['good'], ['bad'], 0]);
    await rows.set('a', 'better');
    await rows.flush();
    expect(saved).toEqual(['good', 'better']);
    expect(await redis.command('EXISTS', keyOf(queue, 'failures'))).toBe(0);
  });

  it('leaves nothing stored of a write that is given up, whoever has read it before the queue forgets it', async () => {
    const away = await RedisServer.start();
    closing.push(() => away.stop());
    const queue = { ...newQueue(), url: away.url };
    const load = () => 'of the database';
    const reader = openRows({ load, save: () => {}, queue: { ...queue, worker: false } });
    const { rows, events } = openRows({
      load,
      save: () => {
        throw new Error('no');
      },
      queue,
      retryIf: () => false,
      // From here on the queue can be read, and forgets nothing.
      onDeadLetter: () => away.command('CLIENT', 'PAUSE', '60000', 'WRITE'),
    });
    const isDropped = () => {
      const types = events.map(({ type }) => type);
      return types.includes('dead-letter') && types.lastIndexOf('invalidated') > types.indexOf('dead-letter');
    };
    await rows.set('a', 'bad');
    await comes(isDropped);
    await comes(async () => {
      expect(await reader.rows.get('a')).toBe('bad');
      // Where the reader hears of the drop just then, he stores it the next time.
      return reader.cache.stats().stored === 1;
    });
    await away.command('CLIENT', 'UNPAUSE');
    await comes(async () => (await reader.rows.get('a')) === 'of the database');
  });

  it('gives a write its time from its own first failure on, however long it or others of its key have waited', async () => {
    const queue = newQueue();
    const letters: unknown[] = [];
    const calls: unknown[] = [];
    const writer = openRows({ save: () => {}, queue: { ...queue, worker: false } });
    await writer.rows.set('a', 1);
    const jobs = await openJobs(queue.prefix);
    const [job] = await jobs.getDelayed();
    await redis.command('HSET', `{${queue.prefix}}:shop%3Arows:${job?.id}`, 'timestamp', '1');
    openRows({
      save: (_key, value) => {
        calls.push(value);
        throw new Error(value === 1 ? 'try again' : 'never');
      },
      queue,
      retryFor: '1h',
      retryIf: (error) => (error as Error).message !== 'never',
      onDeadLetter: ({ value, attempts }) => letters.push([value, attempts]),
    });
    await comes(() => calls.length >= 2);
    expect(letters).toEqual([]);
    await writer.rows.set('a', 2);
    await writer.rows.flush();
    expect(letters).toEqual([[2, 1]]);
  });

  it('has flushed when what was written by then is saved, whatever comes later', async () => {
    const table = new Table();
    const gates = [gate(), gate()];
    let saves = 0;
    const { rows } = openRows({
      save: async (key, value, info) => {
        await gates[saves++]?.passed;
        await table.save(key, value, info);
      },
      queue: newQueue(),
    });
    await rows.set('a', 1);
    await comes(() => saves === 1);
    const flushed = rows.flush();
    await rows.set('a', 2);
    gates[0]?.open();
    await flushed;
    expect(table.rows.get('a')).toBe(1);
    gates[1]?.open();
    await rows.flush();
    expect(table.rows.get('a')).toBe(2);
  });

  it('does not try a write again and again that is refused each time, however long a flush waits for it', async () => {
    const table = new Table();
    table.poison.add('bad');
    const { rows } = openRows({ ...functionsOf(table), saveMany: undefined, save: table.save, queue: newQueue() });
    await rows.set('bad', 1);
    const begun = performance.now();
    const flushed = rows.flush();
    for (let n = 0; performance.now() - begun < 2_500; n++) {
      await rows.set('good', n);
      await comes(() => table.rows.get('good') === n);
    }
    const tries = table.calls.filter((call) => call === 'save bad').length;
    // By its own rests, and by those of the flush, which double up to a second.
    expect(tries).toBeLessThan(14 + (performance.now() - begun) / 1_000);
    table.poison.clear();
    await flushed;
    expect(table.rows.get('bad')).toBe(1);
  });

  it('saves what waits before it is closed, where it saves, for as long as closeTimeout', async () => {
    const table = new Table();
    const queue = newQueue();
    const options = { ...functionsOf(table), queue, flushEvery: '1h' } as const;
    const writer = openRows({ ...options, queue: { ...queue, worker: false } });
    const { rows } = openRows(options);
    await writer.rows.set('a', 1);
    await writer.rows.close();
    expect(table.taken()).toEqual([]);
    await rows.set('b', 2);
    await rows.close();
    expect([...table.rows.keys()].sort()).toEqual(['a', 'b']);
    // A database that takes nothing keeps it no longer than that, and nothing is lost.
    table.isDown = true;
    const short = openRows({ ...options, closeTimeout: '50ms' });
    await short.rows.set('c', 3);
    const flushed = short.rows.flush();
    await short.rows.close();
    await flushed;
    await short.rows.flush();
    table.isDown = false;
    const { rows: next } = openRows(options);
    await next.flush();
    expect(table.rows.get('c')).toBe(3);
  });

  it('saves nothing newer before a save has answered that was under way when its process has closed the queue', async () => {
    const table = new Table();
    const slow = gate();
    table.gate = slow.passed;
    const queue = { ...newQueue(), lease: '2s' } as const;
    const [first, second] = [
      openRows({ ...functionsOf(table), queue, closeTimeout: '100ms' }),
      openRows({ ...functionsOf(table), queue: { ...queue, worker: false } }),
    ];
    await first.rows.set('a', 1);
    await comes(() => table.calls.length === 1);
    await first.rows.close();
    await second.rows.set('a', 2);
    openRows({ ...functionsOf(table), queue });
    const [lease] = (await redis.command('KEYS', keyOf(queue, 'lease:*'))) as string[];
    let [before, renewals] = [0, 0];
    // For longer than the lease would have lasted.
    await comes(async () => {
      const left = Number(await redis.command('PTTL', lease as string));
      if (left > before) renewals++;
      before = left;
      return renewals > 4 || table.calls.length > 1;
    });
    expect(table.calls).toEqual(['save a']);
    slow.open();
    await second.rows.flush();
    expect([table.rows.get('a'), table.disordered]).toEqual([2, []]);
  });

  it('refuses a write, and reads from the database without storing it, where Redis does not answer', async () => {
    const table = new Table();
    table.rows.set('a', 'of the database');
    const away = await RedisServer.start();
    const { rows, events } = openRows({
      ...functionsOf(table),
      queue: { ...newQueue(), url: away.url },
      closeTimeout: '100ms',
    });
    await rows.set('b', 1);
    await rows.flush();
    await away.stop();
    expect(await rows.get('a')).toBe('of the database');
    table.rows.set('a', 'newer');
    expect(await rows.get('a')).toBe('newer');
    expect(await errorOf(rows.set('a', 1))).toMatchObject({ code: 'ERR_CACHE_WRITE_REFUSED', reason: 'queue' });
    expect(events.some((event) => event.type === 'store-error' && event.store === 'queue shop:rows')).toBe(true);
  });
});

describe('a queue whose server is none for it', () => {
  it('says so where it is a node of a cluster', async () => {
    const cluster = await startCluster();
    closing.push(() => cluster.stop());
    const table = new Table();
    // Not both of its places can be on this one, whichever they are.
    const url = cluster.nodes[0]?.url as string;
    const prefix = ['a', 'b', 'c', 'd'].find((name) => keySlot(`{${name}}`) > 5460) as string;
    const { rows, events } = openRows({ ...functionsOf(table), queue: { url, prefix } });
    expect(await errorOf(rows.set('a', 1))).toMatchObject({
      reason: 'queue',
      message: expect.stringContaining('the server is a node of a Redis Cluster: a queue takes a server of its own'),
    });
    expect(events.some((event) => event.type === 'store-error' && /node of a Redis/.test(event.error.message))).toBe(
      true,
    );
  });

  it('keeps no process that has closed it', async () => {
    const script = `import { createCache } from '@viewcache/core';
      const cache = createCache();
      const queue = { url: 'redis://127.0.0.1:1' };
      const failed = new Promise((resolve) => cache.on(({ type }) => type === 'store-error' && resolve()));
      cache.through({ name: 'rows', mode: 'write-behind', ttl: 60, load() {}, save() {}, queue, closeTimeout: '100ms' });
      await failed;
      await cache.close();`;
    // In the folder of the tests, where the packages are found.
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: 'inherit',
      timeout: 60_000,
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
  });
});

const LONG_AGO = `local version = string.format('%.0f', (redis.call('TIME')[1] - 60) * 1000000)
redis.call('SET', KEYS[3], version)
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
redis.call('ZADD', KEYS[1], version, key)
local found = redis.call('HGET', KEYS[2], key)
redis.call('HSET', KEYS[2], key, version .. ':' .. version .. string.match(found, '^%d+:%d+(:.*)$')) end`;

function keyOf({ prefix }: { readonly prefix: string }, name: string): string {
  return `{${prefix}:shop%3Arows}:${name}`;
}

/** A connection for BullMQ, which is let go of in the end with those that BullMQ has made of it. */
async function connect(): Promise<never> {
  const { createClient } = await import('@keyv/redis');
  type Client = ReturnType<typeof createClient>;
  const note = (client: Client): Client => {
    closing.push(async () => {
      if (client.isOpen) client.destroy();
    });
    const { duplicate } = client;
    client.duplicate = ((overrides: never) => note(duplicate.call(client, overrides) as Client)) as never;
    return client;
  };
  return note(createClient({ url: redis.url })) as never;
}

/** The jobs of a queue, as whoever looks after them sees them. */
async function openJobs(prefix: string): Promise<Queue> {
  const jobs = new Queue('shop%3Arows', { prefix: `{${prefix}}`, connection: await connect() });
  closing.push(() => jobs.close());
  return jobs;
}

describe('the options of a queue', () => {
  it.each([
    ['through.queue', { queue: 'http://localhost' }],
    ['through.queue', { queue: 7 }],
    ['through.queue', { queue: 'redis://h', journal: 'x' }],
    ["through.queue: 'redis+cluster://***@a:7000,b' is a cluster", { queue: 'redis+cluster://u:p@a:7000,b' }],
    ["through.queue.url: 'valkeys+sentinel://a/main' is what", { queue: { url: 'valkeys+sentinel://a/main' } }],
    ['through.queue', { queue: 'redis://h/db' }],
    ['through.queue.url', { queue: { prefix: 'x' } }],
    ['through.queue.prefix', { queue: { url: 'redis://h', prefix: '{x}' } }],
    ['through.queue.worker', { queue: { url: 'redis://h', worker: 'no' } }],
    ['through.queue.lease', { queue: { url: 'redis://h', lease: 0 } }],
    ['through.queue.nonsense', { queue: { url: 'redis://h', nonsense: 1 } }],
  ])('refuses a wrong %s at once', (setting, wrong) => {
    const good = { name: 'rows', mode: 'write-behind', ttl: 60, load: () => 1, save: () => {} };
    expect(() => createCache().through({ ...good, ...wrong } as never)).toThrow(
      setting.includes(' ') ? setting : `${setting}: `,
    );
  });
});
