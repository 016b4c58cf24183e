import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cache, createCache, ValueUnavailableError } from '@viewcache/core';
import { type SentinelGroup, startSentinel } from '../servers/redis.js';

const opened: Cache[] = [];
let group: SentinelGroup;
beforeAll(async () => {
  group = await startSentinel();
});
afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.close();
});
afterAll(() => group.stop());

async function open(): Promise<Cache> {
  const store = `redis+sentinel://127.0.0.1:${group.port}/${group.name}`;
  const cache = createCache({ store, namespace: 'promoted', consistency: 'strict', deadline: '5s' });
  opened.push(cache);
  await cache.ready();
  return cache;
}

/** Asks until the store takes a write: it answers what it was told in the meantime. */
async function taken(cache: Cache): Promise<boolean[]> {
  const told: boolean[] = [];
  do {
    told.push(await cache.set('probe', 1, 60));
    await cache.ready();
  } while (told.at(-1) === false);
  return told;
}

describe('values behind Sentinel', () => {
  it('are all gone when a replica takes over, whether that has them or not: none comes back as it was before', async () => {
    const [cache, peer] = [await open(), await open()];
    expect(await cache.set('kept', 'old', 600)).toBe(true);
    expect(await cache.increment('n')).toBe(1);
    expect(await cache.add('first', 'one', 600)).toBe(true);
    // Waits for what was written before on the same connection.
    await group.primary.command('SET', 'something', 'else');
    expect(await group.primary.command('WAIT', 1, 5_000)).toBe(1);
    // The replica hears no more: what is acknowledged from now on it will not have.
    await group.replica.command('CONFIG', 'SET', 'masterauth', 'none');
    await group.primary.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await group.replica.process.logged(/Unable to AUTH to MASTER|MASTER aborted replication/);
    expect(await cache.set('kept', 'new', 600)).toBe(true);
    expect(await cache.increment('n')).toBe(2);
    expect((await cache.delete('first')).durable).toBe(true);

    const position = group.process.position;
    // Nobody takes over yet, however long this takes.
    group.process.pause();
    await group.primary.kill();
    // Nothing is told to be stored that is not.
    expect(await cache.set('meanwhile', 1, 60)).toBe(false);
    await expect(cache.add('meanwhile', 1, 60)).rejects.toBeInstanceOf(ValueUnavailableError);
    await expect(cache.increment('n')).rejects.toBeInstanceOf(ValueUnavailableError);
    group.process.resume();
    await group.process.logged(/\+switch-master/, position);
    expect((await taken(cache)).at(-1)).toBe(true);
    expect((await taken(peer)).at(-1)).toBe(true);

    // 'old', and a counter at 1, lie in the store, and belong to a history that nobody knows the end of.
    for (const asked of [cache, peer]) expect((await asked.getMany(['kept', 'first', 'meanwhile'])).size).toBe(0);
    expect(await peer.increment('n')).toBe(1);
    expect(await cache.increment('n')).toBe(2);
    expect([await cache.add('first', 'again', 600), await peer.add('first', 'late', 600)]).toEqual([true, false]);
    expect(await peer.get('first')).toBe('again');
  });
});
