import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { selfSigned } from '../create-server/self-signed.js';
import { MemcachedServer } from '../servers/memcached.js';
import { ask, fill, join, kept, newNamespace, open, startServers, until } from './memcached-party.js';

const [server] = (await startServers(1)) as [MemcachedServer];
const DAY_MS = 86_400_000;

describe('lifetimes', () => {
  it.each([
    // A second more than asked for: the first may be nearly over.
    ['200 ms', 200, 0, 2],
    ['1.5 s', 1_500, 1, 3],
    ['29 days', 29 * DAY_MS, 29 * 86_400 - 4, 29 * 86_400 + 1],
    // By the date: a server counts its seconds from when it started, and is a second or two off.
    ['31 days', 31 * DAY_MS, 31 * 86_400 - 5, 31 * 86_400 + 5],
    ['400 days', 400 * DAY_MS, 400 * 86_400 - 5, 400 * 86_400 + 5],
    ['for ever', Number.POSITIVE_INFINITY, -1, -1],
  ])('of %s are right in the server', async (_, ttlMs, least, most) => {
    const store = await join([server.seat]);
    await server.command('flush_all');
    expect(await store.mark('page', Buffer.from('x'), ttlMs)).toBe(true);
    const [key] = (await server.keys()).filter((it) => it.includes(':e:'));
    const [line = ''] = await server.command(`mg ${key} t`);
    const seconds = Number(/^HD t(-?\d+)$/.exec(line)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(least);
    expect(seconds).toBeLessThanOrEqual(most);
  });

  it('of nonces are no shorter than those of what depends on them', async () => {
    const store = await join([server.seat]);
    await server.command('flush_all');
    expect(await fill(store, ['x'], { ttlMs: 60 * DAY_MS })).toBe('stored');
    const [key] = (await server.keys()).filter((it) => it.includes(':t:'));
    const [line = ''] = await server.command(`mg ${key} t`);
    expect(Number(/^HD t(\d+)$/.exec(line)?.[1])).toBeGreaterThan(119 * 86_400);
  });
});

describe('keys and values', () => {
  const long = `https://example.org/${'a'.repeat(10_240)}`;
  it.each([
    ['empty', ''],
    ['of 10 KB', long],
    ['with CRLF', 'a\r\nset injected 0 0 1\r\nx\r\n'],
    ['with NUL and spaces', 'a \0 b'],
    ['of Unicode', '/städte/😀/\ud800'],
  ])('%s are told apart, and reach no server', async (_, key) => {
    const store = await join([server.seat], { namespace: 'spaces and\r\nthe like' });
    const keys = [key, `${key} `, `${key}x`];
    for (const [i, it] of keys.entries()) {
      expect(await fill(store, [it || 'tag', `t${it}`], { key: it, body: Buffer.from(`body ${i}`) })).toBe('stored');
    }
    for (const [i, it] of keys.entries()) expect(String(await ask(store, it))).toBe(`body ${i}`);
    expect(await store.invalidate([`t${key}`], 'hard')).toBe(true);
    expect(await ask(store, key)).toBe('gone');
    expect(String(await ask(store, `${key}x`))).toBe('body 2');
    const inServer = await server.keys();
    expect(inServer.length).toBeGreaterThan(6);
    for (const it of inServer) expect(it).toMatch(/^[\w.:/-]{1,60}$/);
  });

  it.each([0, 1, 17, 65_535, 65_536, 300_000, 1_000_000])('%i bytes come back as they were', async (length) => {
    const store = await join([server.seat]);
    const body = randomBytes(length);
    // What would end a line, or an answer, within the value.
    body.write('\r\nEND\r\nVALUE x 0 1\r\n'.slice(0, length), 'latin1');
    expect(await fill(store, ['x'], { body })).toBe('stored');
    expect(Buffer.compare(await bytes(store), body)).toBe(0);
  });

  it('of more than an item may have are stored nowhere, and not half', async () => {
    const store = await join([server.seat]);
    expect(await fill(store, ['x'], { body: randomBytes(2_000_000) })).toBe('unavailable');
    expect(await ask(store)).toBe('nothing');
    // What was there before does not stay in its place.
    expect(await fill(store, ['x'])).toBe('stored');
    const read = await server.count('bytes_read');
    expect(await fill(store, ['x'], { body: randomBytes(2_000_000) })).toBe('unavailable');
    // The server has said so once: it is not sent again.
    expect((await server.count('bytes_read')) - read).toBeLessThan(10_000);
    expect(store.health()).toMatchObject({ state: 'up', failures: 0 });
  });

  it('of more than a megabyte are stored where the server was told to', async () => {
    const large = kept(closing(await MemcachedServer.start('-I', '8m', '-m', '256')));
    const store = await join([large.seat], { deadlineMs: 1_000 });
    const body = randomBytes(5_000_000);
    expect(await fill(store, ['x'], { body })).toBe('stored');
    expect(Buffer.compare(await bytes(store), body)).toBe(0);
  });
});

describe('a server with a password, and one with a certificate', () => {
  it('is used by who knows it, and by nobody else', async () => {
    const file = joinPath(tmpdir(), `viewcache-memcached-${process.pid}`);
    writeFileSync(file, 'somebody:hunter2\n', { mode: 0o600 });
    const closed = kept(closing(await MemcachedServer.start('-Y', file)));
    try {
      const store = await join([closed.seat], {}, { username: 'somebody', password: 'hunter2' });
      expect(await fill(store, ['x'])).toBe('stored');
      const failures: string[] = [];
      const onFailure = (error: Error): void => void failures.push(`${error.message} ${error.cause}`);
      const stranger = open([closed.seat], { onFailure }, { username: 'somebody', password: 'hunter3' });
      const nobody = open([closed.seat], { onFailure });
      await until(async () => {
        await Promise.all([fill(stranger, ['x']), fill(nobody, ['x'])]).catch(() => {});
        return (
          failures.some((text) => text.includes('password')) && failures.some((text) => text.includes('CLIENT_ERROR'))
        );
      });
      expect(failures.join()).not.toMatch(/hunter|somebody/);
    } finally {
      rmSync(file);
    }
  });

  it('is spoken to by TLS, and only if its certificate is known', async () => {
    const { key, cert } = selfSigned();
    const files = [key, cert].map((text, i) => {
      const file = joinPath(tmpdir(), `viewcache-memcached-${process.pid}-${i}.pem`);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    }) as [string, string];
    try {
      const secure = kept(
        closing(await MemcachedServer.start('-Z', '-o', `ssl_chain_cert=${files[1]},ssl_key=${files[0]}`)),
      );
      const store = await join(
        [secure.seat],
        { deadlineMs: 1_000 },
        { tls: { ca: cert, checkServerIdentity: () => undefined } },
      );
      const body = randomBytes(400_000);
      expect(await fill(store, ['x'], { body })).toBe('stored');
      expect(Buffer.compare(await bytes(store), body)).toBe(0);
      const failures: string[] = [];
      const distrusting = open(
        [secure.seat],
        { namespace: newNamespace(), onFailure: (error) => failures.push(error.message) },
        { tls: true },
      );
      await until(async () => {
        await ask(distrusting);
        return failures.some((text) => /self.signed/i.test(text));
      });
    } finally {
      for (const file of files) rmSync(file);
    }
  });
});

async function bytes(store: Parameters<typeof ask>[0]): Promise<Buffer> {
  return Buffer.from(await ask(store));
}

function closing(it: MemcachedServer): MemcachedServer & { close(): Promise<void> } {
  return Object.assign(it, { close: () => it.kill() });
}
