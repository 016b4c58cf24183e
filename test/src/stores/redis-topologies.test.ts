import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { RedisServer, type SentinelGroup, startCluster, startSentinel } from '../servers/redis.js';
import { createCacheOn } from '../support/whole-clock.js';
import { afterwards, commit, connected, fill, libraries, look, open, type RedisStore, seen } from './redis-setup.js';
import { Told } from './redis-told.js';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Asks again and again until a fill is stored. */
async function storedAtLast(store: RedisStore, key: string, body: string, tags: readonly string[]): Promise<void> {
  for (;;) {
    const begun = await look(store, key);
    if (begun.token !== undefined && (await commit(store, begun, key, body, tags)).kind === 'stored') return;
    await store.ready(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a server that is named as what it is not', () => {
  it('a node of a cluster, as a server: says what to write', async () => {
    const cluster = await startCluster();
    afterwards(() => cluster.stop());
    const { failures } = open({ form: 'single', url: cluster.nodes[0]?.url ?? '' }, {}, undefined);
    await until(() => failures.length > 0);
    expect(failures[0]).toMatchObject({ code: 'ERR_CACHE_STORE_FAILED', store: 'redis', operation: 'connect' });
    expect(failures[0]?.message).toContain("'redis+cluster://host:port'");
  });

  it('a server, as a cluster: says what to write', async () => {
    const server = await RedisServer.start();
    afterwards(() => server.stop());
    const { failures } = open({ form: 'cluster', nodes: [server.url] });
    await until(() => failures.length > 0);
    expect(failures[0]?.message).toContain("name it as 'redis://host:port'");
  });
});

describe('a Redis Cluster of three', () => {
  let cluster: { readonly nodes: readonly RedisServer[]; stop(): Promise<void> };
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());
  const target = () => ({ form: 'cluster', nodes: cluster.nodes.slice(0, 2).map(({ url }) => url) }) as const;

  it.each(libraries)(
    'holds to the protocol, with responses on all nodes and one command each to two, with %s',
    async (_name, library) => {
      const namespace = `of ${_name}`;
      const store = await connected(target(), { namespace }, library);
      const other = await connected(target(), { namespace }, library);
      const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
      for (const key of keys) await storedAtLast(store, key, `of ${key}`, [`key ${key}`, 'all']);
      for (const key of keys) expect(await seen(other, key)).toBe(`valid of ${key}`);
      const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')));
      for (const size of sizes) expect(size).toBeGreaterThan(2);

      await Promise.all(cluster.nodes.map((node) => node.command('CONFIG', 'RESETSTAT')));
      for (const key of keys) expect(await seen(other, key)).toBe(`valid of ${key}`);
      let [gets, mgets] = [0, 0];
      for (const node of cluster.nodes) {
        const counts = await node.commandCounts();
        gets += counts.get('get') ?? 0;
        mgets += counts.get('mget') ?? 0;
      }
      expect([gets, mgets]).toEqual([30, 30]);

      const begun = await look(store, 'k1');
      expect(await other.invalidate(['key k1', 'unknown'], 'soft')).toBe(true);
      expect(await seen(store, 'k1')).toBe('stale of k1');
      expect(await commit(store, begun, 'k1', 'old', ['key k1'])).toEqual({ kind: 'refused', tags: ['key k1'] });
      expect(await other.invalidate(['all'], 'hard')).toBe(true);
      for (const key of keys) expect(await seen(store, key)).toBe(`gone of ${key}`);
      const body = randomBytes(50_000);
      expect(await fill(store, 'k1', body, ['all'])).toBe('stored');
      const { found } = await look(other, 'k1');
      expect(found?.kind === 'response' && found.response.body.equals(body)).toBe(true);
      const lease = await store.leases?.take('k');
      expect([lease?.kind, (await other.leases?.take('k'))?.kind]).toEqual(['mine', 'held']);
    },
  );

  it('stores what is set first of all, on whichever node', async () => {
    const nodes = cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    // Time stands still: nothing but the connections is waited for.
    const clock = new FakeClock(Date.now());
    const open = (): Cache => {
      const cache = createCacheOn(clock, { store: `redis+cluster://${nodes}`, namespace: 'first' });
      afterwards(() => cache.close());
      return cache;
    };
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    expect(
      await open().setMany(
        keys.map((key) => [key, key] as const),
        60,
      ),
    ).toEqual([]);
    expect((await open().getMany(keys)).size).toBe(30);
    expect(await open().increment('n')).toBe(1);
  });

  it('tells of invalidations where the tags are, and finds the gap when it was cut off', async () => {
    const store = await connected(target());
    const other = await connected(target());
    const told = new Told(store, afterwards);
    await fill(other, 'k', 'v', ['a']);
    await told.now();
    told.events.length = 0;
    await other.invalidate(['a'], 'soft');
    await told.now();
    expect(told.events).toEqual(['soft a']);
    await Promise.all(cluster.nodes.map((node) => node.command('CLIENT', 'KILL', 'TYPE', 'pubsub')));
    await other.invalidate(['b'], 'soft');
    await told.now();
    expect(told.events.length).toBeGreaterThan(1);
    await other.invalidate(['c'], 'hard');
    await told.now();
    expect(told.events).toContain('hard c');
  });

  it('follows a slot that moves, and takes what was moved for another run’s', async () => {
    const store = await connected(target(), { namespace: 'moved' });
    await fill(store, 'k', 'v', ['a']);
    const begun = await look(store, 'k');
    const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', '{moved}:seq'));
    const ids = await Promise.all(cluster.nodes.map((node) => node.command('CLUSTER', 'MYID')));
    const from = cluster.nodes[slot < 5461 ? 0 : slot < 10923 ? 1 : 2] as RedisServer;
    const to = cluster.nodes.find((node) => node !== from) as RedisServer;
    const [fromId, toId] = [ids[cluster.nodes.indexOf(from)], ids[cluster.nodes.indexOf(to)]].map(String);
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '');
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '');
    const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
    await from.command('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
    for (const node of [to, from, ...cluster.nodes]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '');
    await storedAtLast(store, 'other', 'w', ['a']);
    expect(await commit(store, begun, 'k', 'v', ['a'])).toMatchObject({ kind: 'refused' });
    expect(await seen(store, 'k')).toMatch(/^(gone|nothing)/);
    expect(await seen(store, 'other')).toBe('valid w');
  });

  it('goes on without a node, and only what lies there is missing', async () => {
    const store = await connected(target(), { namespace: 'without', deadlineMs: 200 });
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    for (const key of keys) await storedAtLast(store, key, 'v', ['a']);
    const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', '{without}:seq'));
    const owner = slot < 5461 ? 0 : slot < 10923 ? 1 : 2;
    for (const node of cluster.nodes) await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'no');
    await cluster.nodes[(owner + 1) % 3]?.kill();
    const found = await Promise.all(keys.map((key) => seen(store, key)));
    expect(found.filter((it) => it === 'valid v').length).toBeGreaterThan(5);
    expect(found.filter((it) => it !== 'valid v').length).toBeGreaterThan(2);
    expect(await store.invalidate(['a'], 'soft')).toBe(true);
  });
});

describe('a Redis behind Sentinel', () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinel();
  });
  afterAll(() => group.stop());

  it('is exact, though what was acknowledged is lost when the replica takes over', async () => {
    const nodes = ['redis://127.0.0.1:1', `redis://127.0.0.1:${group.port}`];
    const target = { form: 'sentinel', name: group.name, nodes } as const;
    const store = await connected(target, { deadlineMs: 500 });
    const told = new Told(store, afterwards);
    await fill(store, 'k', 'old', ['a']);
    const begun = await look(store, 'k');
    const tags = begun.found?.kind === 'response' ? begun.found.response.tags : [];
    // Waits for what was written before on the same connection.
    await group.primary.command('SET', 'something', 'else');
    expect(await group.primary.command('WAIT', 1, 5_000)).toBe(1);
    await told.now();
    // The replica hears no more.
    await group.replica.command('CONFIG', 'SET', 'masterauth', 'none');
    await group.primary.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await group.replica.process.logged(/Unable to AUTH to MASTER|MASTER aborted replication/);
    expect(await store.invalidate(['a'], 'soft')).toBe(true);
    expect(await seen(store, 'k')).toBe('stale old');
    const position = group.process.position;
    await group.primary.kill();
    expect(await seen(store, 'k')).toBe('no token');
    await group.process.logged(/\+switch-master/, position);
    expect(await store.ready(60_000)).toBe(true);
    expect(await group.replica.info('replication', 'role')).toBe('master');
    expect(await store.check(tags)).toBe('gone');
    expect(await seen(store, 'k')).toBe('gone old');
    expect(await commit(store, begun, 'k', 'old', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await fill(store, 'k', 'new', ['a'])).toBe('stored');
    told.events.length = 0;
    await told.now();
    expect(await seen(store, 'k')).toBe('valid new');
  });
});
