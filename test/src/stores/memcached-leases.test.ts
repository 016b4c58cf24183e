import { describe, expect, it } from '@jest/globals';
import type { Lease, LeaseAnswer, Leases } from '../../../packages/core/dist/ports/leases.js';
import type { MemcachedServer } from '../servers/memcached.js';
import { join, newNamespace, open, startServers, until } from './memcached-party.js';

const [server] = (await startServers(1)) as [MemcachedServer];

async function pair(): Promise<[Leases, Leases]> {
  const parts = { namespace: newNamespace() };
  return [(await join([server.seat], parts)).leases, (await join([server.seat], parts)).leases];
}

function mine(answer: LeaseAnswer): Lease {
  if (answer.kind !== 'mine') throw new Error(`the lease is ${answer.kind}`);
  return answer.lease;
}

describe('a lease (PROTOCOL 4.12)', () => {
  it('is given to one of those who ask at once, and its name to all others', async () => {
    const [one, other] = await pair();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : other).take('page')));
    expect(answers.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
    const names = answers.flatMap((answer) => (answer.kind === 'held' ? [answer.by] : []));
    expect(names).toHaveLength(19);
    expect(new Set(names).size).toBe(1);
    expect((await one.take('another page')).kind).toBe('mine');
  });

  it('is free for the next when it is given back unused', async () => {
    const [one, other] = await pair();
    await mine(await one.take('page')).release('unused');
    expect((await other.take('page')).kind).toBe('mine');
  });

  it('is given back when its store is closed', async () => {
    const parts = { namespace: newNamespace() };
    const [one, other] = [await join([server.seat], parts), await join([server.seat], parts)];
    mine(await one.leases.take('page'));
    await one.close();
    expect((await other.leases.take('page')).kind).toBe('mine');
  });

  it('given back with a response says so for a while', async () => {
    const [one, other] = await pair();
    await mine(await one.take('page')).release('stored');
    expect(await other.take('page')).toEqual({ kind: 'done' });
    expect(await one.take('page')).toEqual({ kind: 'done' });
    const ms = await until(async () => (await other.take('page')).kind === 'mine');
    expect(ms).toBeGreaterThan(500);
  });

  it('given back with a response is there for one of those who know that', async () => {
    const [one, other] = await pair();
    await mine(await one.take('page')).release('stored');
    const answers = await Promise.all([one.take('page', true), other.take('page', true), other.take('page')]);
    expect(answers.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
    expect((await one.take('page', true)).kind).toBe('held');
  });

  it('given back without a response lets everybody run, for a while', async () => {
    const [one, other] = await pair();
    await mine(await one.take('page')).release('open');
    expect(await other.take('page')).toEqual({ kind: 'open' });
    expect(await one.take('page')).toEqual({ kind: 'open' });
    await until(async () => (await other.take('page')).kind === 'mine');
  });

  it('lives as long as it is renewed, and no longer than two seconds after that', async () => {
    const [one, other] = await pair();
    const lease = mine(await one.take('page'));
    expect(one.renewEveryMs).toBeLessThan(500);
    const from = performance.now();
    let renewed = from;
    await until(async () => {
      if (performance.now() - renewed > one.renewEveryMs) {
        expect(await lease.renew()).toBe(true);
        renewed = performance.now();
      }
      expect((await other.take('page')).kind).toBe('held');
      return performance.now() - from > 2_200;
    });
    // Its holder has crashed.
    const ms = await until(async () => (await other.take('page')).kind === 'mine');
    // What a busy machine takes to notice is on top of that.
    expect(ms).toBeLessThan(2_100 + 20_000);
    expect(await lease.renew()).toBe(false);
  });

  it('that was lost is neither renewed nor given back for somebody else', async () => {
    const [one, other] = await pair();
    const lost = mine(await one.take('page'));
    await server.command('flush_all');
    const lease = mine(await other.take('page'));
    expect(await lost.renew()).toBe(false);
    await lost.release('open');
    await lost.release('stored');
    const answer = await one.take('page');
    expect(answer.kind).toBe('held');
    expect(await lease.renew()).toBe(true);
  });

  it('is needed by nobody where the server is away, or a foreign value is in the way', async () => {
    const away = open([{ ...server.seat, port: 1 }]);
    expect(await away.leases.take('page')).toEqual({ kind: 'open' });
    const [one] = await pair();
    const lease = mine(await one.take('page'));
    for (const key of await server.keys()) if (key.includes(':l:')) await server.command(`set ${key} 0 0`, 'garbage');
    expect(await one.take('page')).toEqual({ kind: 'open' });
    expect(await lease.renew()).toBe(false);
  });
});
