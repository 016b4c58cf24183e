import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../servers/redis.js';
import { connected, open, type RedisStore } from './redis-setup.js';

let server: RedisServer;
let store: RedisStore;
let other: RedisStore;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command('FLUSHALL');
  store = await connected({ form: 'single', url: server.url });
  other = await connected({ form: 'single', url: server.url });
});

async function take(from: RedisStore, key = 'k') {
  const answer = await from.leases?.take(key);
  if (answer === undefined) throw new Error('no leases');
  return answer;
}
const name = async (): Promise<string> => ((await server.command('KEYS', '{test}:l:*')) as string[])[0] ?? '';

describe('leases on Redis (PROTOCOL 4.12)', () => {
  it('are had by one at a time, and by the next when given back', async () => {
    const first = await take(store);
    const second = await take(other);
    expect([first.kind, second.kind]).toEqual(['mine', 'held']);
    expect(await take(other)).toEqual(second);
    expect((await take(other, 'another')).kind).toBe('mine');
    if (first.kind === 'mine') await first.lease.release('unused');
    expect((await take(other)).kind).toBe('mine');
  });

  it('are given back when their store is closed', async () => {
    expect((await take(store)).kind).toBe('mine');
    const late = take(store, 'late');
    await Promise.all([store.close(), late]);
    expect([(await take(other)).kind, (await take(other, 'late')).kind]).toEqual(['mine', 'mine']);
  });

  it('under which something was stored say so for a moment: who had looked before that is to look again', async () => {
    const first = await take(store);
    if (first.kind === 'mine') await first.lease.release('stored');
    const left = Number(await server.command('PTTL', await name()));
    expect([left > 0 && left <= 250, (await take(other)).kind]).toEqual([true, 'done']);
    await server.command('DEL', await name());
    expect((await take(other)).kind).toBe('mine');
  });

  it('under which something was stored are there for one of those who know that', async () => {
    const first = await take(store);
    // Where this machine has other work, the mark itself may be gone too soon.
    await server.command('SET', await name(), 'done');
    const answers = await Promise.all([
      store.leases?.take('k', true),
      other.leases?.take('k', true),
      other.leases?.take('k'),
    ]);
    expect(answers.filter((answer) => answer?.kind === 'mine')).toHaveLength(1);
    expect([first.kind, (await take(store)).kind]).toEqual(['mine', 'held']);
  });

  it('live for two seconds unless they are renewed', async () => {
    const first = await take(store);
    if (first.kind !== 'mine') throw new Error('not mine');
    expect(Number(await server.command('PTTL', await name()))).toBeLessThanOrEqual(2_000);
    await server.command('PEXPIRE', await name(), 900);
    expect(await first.lease.renew()).toBe(true);
    expect(Number(await server.command('PTTL', await name()))).toBeGreaterThan(900);
    expect(store.leases?.renewEveryMs).toBeLessThan(1_000);
  });

  it('of a crashed holder pass on, and it cannot take back what is no longer its own', async () => {
    const first = await take(store);
    if (first.kind !== 'mine') throw new Error('not mine');
    // What becomes of a key when its time has come.
    await server.command('DEL', await name());
    const second = await take(other);
    expect(second.kind).toBe('mine');
    expect(await first.lease.renew()).toBe(false);
    await first.lease.release('stored');
    await first.lease.release('open');
    const third = await take(store);
    expect(third.kind).toBe('held');
    expect(second.kind === 'mine' && (await second.lease.renew())).toBe(true);
  });

  it('open the way for all where nothing could be stored, for a short while', async () => {
    const first = await take(store);
    if (first.kind === 'mine') await first.lease.release('open');
    expect((await take(other)).kind).toBe('open');
    expect((await take(store)).kind).toBe('open');
    expect(Number(await server.command('PTTL', await name()))).toBeLessThanOrEqual(2_000);
    expect(Number(await server.command('PTTL', await name()))).toBeGreaterThan(0);
    await server.command('DEL', await name());
    expect((await take(other)).kind).toBe('mine');
  });

  it('are needed by nobody while the store is away, or where something else stands in their place', async () => {
    const { store: away } = open({ form: 'single', url: 'redis://127.0.0.1:1' });
    expect(await away.leases?.take('k')).toEqual({ kind: 'open' });
    await take(store);
    const key = await name();
    await server.command('DEL', key);
    await server.command('LPUSH', key, 'x');
    expect(await take(other)).toEqual({ kind: 'open' });
    // It would be waited for until patience ends, at each miss.
    await server.command('SET', key, 'of another program');
    expect(await take(other)).toEqual({ kind: 'open' });
  });
});
