import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach, makeCache, type Site } from '../support/site.js';
import { type SiteOver, siteOver } from './site-over.js';

closeAfterEach();

let redis: RedisServer;
let memcached: MemcachedServer;
beforeAll(async () => {
  [redis, memcached] = await Promise.all([RedisServer.start(), MemcachedServer.start()]);
});
afterAll(() => Promise.all([redis.stop(), memcached.kill()]));
afterEach(async () => {
  await Promise.all([redis.command('FLUSHALL'), memcached.command('flush_all')]);
});

const stores: readonly [string, () => string][] = [
  ['Redis', () => redis.url],
  ['Memcached', () => `memcached://127.0.0.1:${memcached.port}`],
];

describe.each(stores)('apps that share one %s', (_name, store) => {
  it('neither see nor clear what is another’s, however alike their namespaces are', async () => {
    const long = 'n'.repeat(63);
    const namespaces = ['a', 'a.', 'a-', 'A', '_a', 'a.a', 'viewcache', `${long}1`, `${long}2`];
    const apps: SiteOver[] = [];
    for (const namespace of namespaces)
      apps.push(await siteOver({ store: store(), namespace, l1MaxLag: 0 }, () => `of ${namespace}`));
    for (const app of apps) await app.untilHit('/');
    for (const [i, app] of apps.entries()) {
      expect((await app.get('/')).text).toBe(`of ${namespaces[i]}`);
      expect(await app.cache.purge({ all: true })).toMatchObject({ durable: true });
      expect((await app.get('/')).isHit).toBe(false);
      for (const other of apps.slice(i + 1)) expect((await other.get('/')).isHit).toBe(true);
      await app.untilHit('/');
    }
  });

  it('take no name that means something to a store', () => {
    for (const namespace of ['a*', 'a?', '[ab]', '{a}', 'a:e', 'a b', 'a\r\n', 'a\0', ''])
      expect(() => makeCache({ store: store(), namespace })).toThrow(ConfigError);
  });

  it('have releases named as they like: none finds what another one has, and all hear what is invalidated', async () => {
    const versions = ['*', '[a]', 'a:b', '{a}', 'a?'];
    const apps: SiteOver[] = [];
    for (const version of versions)
      apps.push(await siteOver({ store: store(), version, l1MaxLag: 0 }, () => `of ${version}`));
    for (const app of apps) await app.untilHit('/');
    for (const [i, app] of apps.entries()) expect((await app.get('/')).text).toBe(`of ${versions[i]}`);
    await apps[0]?.cache.invalidate({ tags: 'all pages' });
    for (const app of apps) expect((await app.get('/')).isHit).toBe(false);
  });

  it('serve any target that HTTP lets through, each its own page', async () => {
    const options = { store: store(), l1MaxLag: 0 };
    const [one, other] = [await siteOver(options, (path) => path), await siteOver(options, (path) => path)];
    const targets = [
      '/',
      '//',
      `/${'long/'.repeat(2_000)}`,
      `/${'long/'.repeat(2_000)}?x`,
      '/%0d%0aset%20injected%200%200%201%0d%0ax%0d%0a',
      '/%00',
      '/%00%00',
      '/a%20b',
      '/%E6%97%A5%E6%9C%AC',
      '/%F0%9F%98%80?%ff=%fe',
      '/*',
      '/{a}:e:x',
      '/viewcache:seq',
      '/__proto__',
      '/?a[]=1&a[]=2&__proto__[x]=1',
    ];
    for (const target of targets) {
      for (let i = 0; !(await raw(one.site, target)).isHit; i++)
        if (i === 300) throw new Error(`${target} is not stored`);
    }
    // Bytes that no target may have Node refuses by itself.
    expect((await raw(one.site, '/\u00e6\u0097\u00a5\u00ff')).status).toBe(400);
    for (const target of targets) {
      const reply = await raw(other.site, target);
      expect([target, reply.status, reply.isHit]).toEqual([target, 200, true]);
      expect(reply.body).toBe(target);
    }
    const errors = [...one.events, ...other.events].filter(
      ({ type }) => type === 'store-error' || type === 'unreadable',
    );
    expect(errors).toEqual([]);
  });
});

/** A request as no client would send it, and its answer, read as latin1 apart from the body. */
async function raw(site: Site, target: string): Promise<{ status: number; body: string; isHit: boolean }> {
  const socket = await site.connect();
  socket.write(`GET ${target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n`, 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body, isHit: /^cache-status:.*;\s*hit\b/im.test(head) };
}

/** Values that others may have written, by what is there. */
const rubbish: readonly [string, (found: Buffer) => Buffer][] = [
  ['empty', () => Buffer.alloc(0)],
  ['cut in half', (found) => found.subarray(0, found.length / 2)],
  ['longer', (found) => Buffer.concat([found, found])],
  ['another byte at the beginning', (found) => flip(found, 0)],
  ['another byte in the middle', (found) => flip(found, found.length >> 1)],
  ['another byte at the end', (found) => flip(found, found.length - 1)],
  ['of another program', () => Buffer.from('{"value":{"status":200,"body":"forged"},"expires":1}')],
];

function flip(found: Buffer, at: number): Buffer {
  const copy = Buffer.from(found);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ 0x41;
  return copy;
}

/** Another process finds rubbish: it answers what its handler answers, and then puts right what is there. */
async function findsNothing(store: string, what: string): Promise<void> {
  const fresh = await siteOver({ store, l1MaxLag: 0 }, () => 'of the handler');
  const reply = await fresh.get('/');
  expect([what, reply.status, reply.text, reply.isHit]).toEqual([what, 200, 'of the handler', false]);
  await fresh.untilHit('/');
  const next = await siteOver({ store, l1MaxLag: 0 }, () => 'of another handler');
  expect(await next.get('/')).toMatchObject({ status: 200, text: 'of the handler', isHit: true });
  for (const { cache } of [fresh, next]) await cache.close();
}

describe('what is not ours, under our keys', () => {
  it('of responses and tags in Redis is a miss, and is overwritten', async () => {
    const { untilHit } = await siteOver({ store: redis.url, l1MaxLag: 0 }, () => 'of the handler');
    await untilHit('/');
    for (const pattern of ['*:e:*', '*:t:*', '*:seq']) {
      for (const [name, change] of rubbish) {
        const keys = (await redis.command('KEYS', pattern)) as string[];
        expect(keys.length).toBeGreaterThan(0);
        for (const key of keys) {
          const found = Buffer.from(String(await redis.command('GET', key)), 'latin1');
          await redis.command('SET', key, change(found));
        }
        await findsNothing(redis.url, `${pattern} ${name}`);
      }
    }
  });

  it('of another type in Redis is a miss, and is overwritten', async () => {
    const { untilHit } = await siteOver({ store: redis.url, l1MaxLag: 0 }, () => 'of the handler');
    await untilHit('/');
    const others = [
      ['LPUSH', 'x'],
      ['HSET', 'x', 'y'],
      ['SADD', 'x'],
      ['ZADD', '1', 'x'],
      ['XADD', '*', 'x', 'y'],
      ['SETRANGE', '0', 'x'],
    ] as const;
    for (const pattern of ['*:e:*', '*:t:*', '*:seq']) {
      for (const [command, ...words] of others) {
        for (const key of (await redis.command('KEYS', pattern)) as string[]) {
          await redis.command('DEL', key);
          await redis.command(command, key, ...words);
        }
        await findsNothing(redis.url, `${pattern} ${command}`);
      }
    }
  });

  it('of responses and tags in Memcached is a miss, and is overwritten', async () => {
    const store = `memcached://127.0.0.1:${memcached.port}`;
    const { untilHit } = await siteOver({ store, l1MaxLag: 0 }, () => 'of the handler');
    await untilHit('/');
    for (const kind of [':e:', ':t:']) {
      for (const [name, change] of rubbish) {
        await spoil(kind, change);
        await findsNothing(store, `${kind} ${name}`);
      }
    }
  });

  it('in the place of the sequence in Memcached keeps no invalidation from being heard', async () => {
    const options = { store: `memcached://127.0.0.1:${memcached.port}`, l1MaxLag: 0 };
    const [one, other] = [await siteOver(options, () => 'a page'), await siteOver(options, () => 'a page')];
    for (const [, change] of rubbish) {
      for (const { untilHit } of [one, other]) await untilHit('/');
      await spoil(':g', change);
      expect(await one.cache.invalidate({ tags: 'all pages' })).toMatchObject({ durable: true });
      expect((await other.get('/')).isHit).toBe(false);
    }
  });

  async function spoil(kind: string, change: (found: Buffer) => Buffer): Promise<void> {
    const keys = (await memcached.keys()).filter((key) => key.includes(kind) || key.endsWith(kind));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      const [, value = ''] = await memcached.command(`mg ${key} v`);
      await memcached.command(`ms ${key}`, change(Buffer.from(value, 'latin1')).toString('latin1'));
    }
  }
});
