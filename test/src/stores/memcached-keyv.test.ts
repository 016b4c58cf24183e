import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KeyvMemcache } from '@keyv/memcache';
import { Keyv } from 'keyv';
import { guarded } from '../../../packages/core/dist/stores/guarded.js';
import { keyvStore } from '../../../packages/core/dist/stores/keyv.js';
import { nonceProtocol } from '../../../packages/core/dist/stores/nonce-protocol.js';
import type { MemcachedServer } from '../servers/memcached.js';
import { ask, begin, clock, fill, startServers, until } from './memcached-party.js';

const [server] = (await startServers(1)) as [MemcachedServer];
const DAY_MS = 86_400_000;
const adapters: KeyvMemcache[] = [];

beforeEach(async () => {
  await server.command('flush_all');
});
afterEach(() => {
  for (const adapter of adapters.splice(0)) adapter.client.close();
});

function build(kind: 'a Keyv' | 'an adapter') {
  const adapter = new KeyvMemcache(`127.0.0.1:${server.port}`);
  adapters.push(adapter);
  const keyv = kind === 'a Keyv' ? new Keyv({ store: adapter }) : adapter;
  return nonceProtocol(guarded(keyvStore(keyv as never), { clock, deadlineMs: 5_000 }), 'app');
}

describe.each(['a Keyv', 'an adapter'] as const)("%s of @keyv/memcache's", (kind) => {
  it('stores, finds and invalidates', async () => {
    const [one, other] = [build(kind), build(kind)];
    expect(await fill(one, ['x'])).toBe('stored');
    expect(String(await ask(other))).toBe('hello');
    expect(await other.invalidate(['x'], 'hard')).toBe(true);
    expect(await ask(one)).toBe('gone');
  });

  it('is given no key that would wedge its connection', async () => {
    const store = build(kind);
    for (const key of ['', 'a'.repeat(251), `/${'b'.repeat(10_000)}`, 'c\r\nd \0 ', '/städte/😀']) {
      expect(await fill(store, [key || 'tag', `${key}!`], { key })).toBe('stored');
      expect(String(await ask(store, key))).toBe('hello');
      expect(await store.invalidate([`${key}!`], 'hard')).toBe(true);
    }
    const keys = await server.keys();
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThan(100);
  });

  it('keeps for months, if no longer than it can express', async () => {
    const store = build(kind);
    for (const days of [29, 31, 400]) {
      const key = `${days} days`;
      expect(await fill(store, ['x'], { key, ttlMs: days * DAY_MS })).toBe('stored');
      expect(String(await ask(store, key))).toBe('hello');
    }
    const seconds = [];
    for (const key of await server.keys()) {
      if (key.includes(':e:')) seconds.push(Number(/t(\d+)/.exec(String(await server.command(`mg ${key} t`)))?.[1]));
    }
    expect(Math.min(...seconds)).toBeGreaterThan(28 * 86_400);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(30 * 86_400);
  });

  it('is not said to have stored for an instant what lives for less than a second', async () => {
    const store = build(kind);
    expect(await fill(store, ['x'], { ttlMs: 200 })).toBe('stored');
    const [key] = (await server.keys()).filter((it) => it.includes(':e:'));
    // Never 0, which would be for ever.
    expect(await server.command(`mg ${key} t`)).toEqual([expect.stringMatching(/^HD t[01]$/)]);
  });

  it('has a value that is no JSON as a miss or as no answer, and goes on after it', async () => {
    const store = build(kind);
    await fill(store, ['x']);
    for (const key of await server.keys()) await server.command(`set ${key} 0 0`, 'no JSON \0 at all');
    const { found } = await begin(store);
    expect(found).toBeUndefined();
    await until(async () => (await fill(store, ['x'])) === 'stored');
    expect(String(await ask(store))).toBe('hello');
  });
});
