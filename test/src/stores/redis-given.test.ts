import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import KeyvRedis5, { createClient as createClient5, createSentinel } from '@keyv/redis';
import { createClient as createClient6, KeyvRedis as KeyvRedis6, Keyv as OwnKeyv6 } from '@viewcache/test-keyv6/redis';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { RedisServer } from '../servers/redis.js';
import { afterwards, connected, fill, open, seen } from './redis-setup.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());

/** What users hand in, each with a way to use it themselves and a way to be rid of it. */
const givens: readonly (readonly [
  string,
  () => { given: object; use(): Promise<unknown>; end(): Promise<unknown> },
])[] = [
  ['a client of node-redis 5', () => ofClient(createClient5({ url: server.url }))],
  ['a client of node-redis 6', () => ofClient(createClient6({ url: server.url }))],
  [
    'a client with options of its own',
    () => ofClient(createClient5({ socket: { host: '127.0.0.1', port: server.port } })),
  ],
  ['a KeyvRedis 5', () => ofAdapter(new KeyvRedis5(server.url))],
  ['a KeyvRedis 6', () => ofAdapter(new KeyvRedis6(server.url))],
  ['Keyv 5 with KeyvRedis 5', () => ofKeyv(new Keyv5(new KeyvRedis5(server.url)))],
  ['Keyv 6 with KeyvRedis 5', () => ofKeyv(new Keyv6(new KeyvRedis5(server.url) as never))],
  ['Keyv 6 with KeyvRedis 6', () => ofKeyv(new OwnKeyv6(new KeyvRedis6(server.url) as never))],
];

function ofClient(client: ReturnType<typeof createClient5> | ReturnType<typeof createClient6>) {
  return {
    given: client,
    use: async () => {
      if (!client.isOpen) await client.connect();
      return client.ping();
    },
    end: async () => client.destroy(),
  };
}

function ofAdapter(adapter: KeyvRedis5<unknown> | KeyvRedis6<unknown>) {
  return { given: adapter, use: () => adapter.get('x') as Promise<unknown>, end: () => adapter.disconnect() };
}

function ofKeyv(keyv: { get(key: string): Promise<unknown>; disconnect(): Promise<unknown> }) {
  return { given: keyv, use: () => keyv.get('x'), end: () => keyv.disconnect() };
}

describe.each(givens)('a store on %s', (_name, make) => {
  it.each(['connected', 'not connected'])(
    'that is %s has connections like its own, and leaves it alone',
    async (state) => {
      await server.command('FLUSHALL');
      const { given, use, end } = make();
      if (state === 'connected') {
        await use();
        afterwards(end);
      }
      const store = await connected({ form: 'given', client: given });
      expect(await fill(store, 'k', 'v', ['a'])).toBe('stored');
      expect(await store.invalidate(['a'], 'soft')).toBe(true);
      expect(await seen(store, 'k')).toBe('stale v');
      await store.close();
      if (state === 'connected') await use();
    },
  );
});

describe('what is given', () => {
  it('may need a password, and be in another database', async () => {
    const own = await RedisServer.start({ requirepass: 'secret' });
    afterwards(() => own.stop());
    const client = createClient5({ url: own.url.replace('//', '//:secret@'), database: 3 });
    const store = await connected({ form: 'given', client });
    expect(await fill(store, 'k', 'v', ['a'])).toBe('stored');
    await own.command('AUTH', 'secret');
    expect(await own.command('DBSIZE')).toBe(0);
    await own.command('SELECT', 3);
    expect(await own.command('DBSIZE')).toBe(3);
  });

  it.each([
    ['a Keyv on a Map', () => new Keyv5()],
    ['nothing', () => undefined],
    ['a string', () => 'redis://localhost'],
    ['an object', () => ({ sendCommand() {} })],
  ])('is refused at once where it is %s', (_what, make) => {
    expect(() => open({ form: 'given', client: make() })).toThrow(/a client or cluster of node-redis/);
  });

  it('hears one listener of ours, however many stores stand on it', async () => {
    const client = createClient5({ url: server.url });
    await Promise.all(Array.from({ length: 3 }, () => connected({ form: 'given', client })));
    expect(client.listenerCount('error')).toBe(1);
  });

  it('is refused where its client does not tell how it was made', () => {
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] });
    expect(() => open({ form: 'given', client })).toThrow(/redis\+sentinel/);
  });

  it('is refused where an address is none, without its credentials', () => {
    for (const url of ['http://u:secret@h', 'redis//u:secret@h', 'redis://u:secret@h/x', 'redis://u:secret@h:99999']) {
      expect(() => open({ form: 'single', url })).toThrow(/an address like redis:/);
      try {
        open({ form: 'single', url });
      } catch (error) {
        expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('secret');
      }
    }
  });
});
