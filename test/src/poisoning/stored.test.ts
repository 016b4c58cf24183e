import { describe, expect, it } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import type { Express } from 'express';
import { Keyv } from 'keyv';
import { frameCodec } from '../races/internals.js';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { send } from './raw.js';

const codec = frameCodec();

closeAfterEach();

type Stored = Parameters<typeof codec.encode>[0];

/** What whoever can write to the shared store may try; each keeps its checksum right. */
const tampered: readonly (readonly [what: string, change: Record<string, unknown>])[] = [
  ['a line end in a value', { headers: ['X-A', 'a\r\nSet-Cookie: evil=1'] }],
  ['a line feed in a value', { headers: ['X-A', 'a\nX-Evil: 1'] }],
  ['a NUL in a value', { headers: ['X-A', 'a\0'] }],
  ['a letter whose low byte is a line feed', { headers: ['X-A', 'a嘊嘍Set-Cookie: evil=1'] }],
  ['a line end in a name', { headers: ['X-A: 1\r\nX-Evil', '1'] }],
  ['a space in a name', { headers: ['X A', '1'] }],
  ['no value', { headers: ['X-A'] }],
  ['a value that is no string', { headers: ['X-A', ['1', '2']] }],
  ['a Content-Length of its own', { headers: ['Content-Length', '3'] }],
  ['a Content-Length of its own in other letters', { headers: ['cOnTeNt-LeNgTh', '0'] }],
  ['a Transfer-Encoding', { headers: ['Transfer-Encoding', 'chunked'] }],
  ['a Connection', { headers: ['Connection', 'close, X-A'] }],
  ['a Trailer', { headers: ['Trailer', 'X-Evil'] }],
  ['an Upgrade', { headers: ['Upgrade', 'h2c'] }],
  ['a line end in the entity tag', { etag: '"a"\r\nX-Evil: 1' }],
  ['an interim status', { status: 101 }],
  ['a status that is none', { status: 99 }],
  ['a status of words', { status: '200 OK\r\nX-Evil: 1' }],
  ['another key', { key: 'GET http://other/' }],
  ['a place outside the body', { placeholders: [{ name: 'a', at: 9_999 }] }],
  ['a time that is none', { storedAt: Number.NaN }],
  ['a negative lifetime', { lifetimeMs: -1 }],
  ['a removed field that is no name', { removes: ['x\r\ny'] }],
];

describe.each(expresses)('what is stored, on %s', (_version, express) => {
  it('is used from the shared store where nobody has changed it, or has changed it well', async () => {
    const { site, tamper } = await siteOf();
    await send(site, '/');
    await tamper((stored) => codec.encode({ ...stored, headers: [...stored.headers, 'X-A', '1'] }));

    expect(await send(site, '/')).toMatchObject({
      isHit: true,
      body: 'run 1',
      lines: expect.arrayContaining(['X-A: 1']),
    });
  });

  it.each(tampered)('tampered with in a shared store, %s, is not used: the handler answers', async (_what, change) => {
    const { site, tamper } = await siteOf();
    await send(site, '/');
    await tamper((stored) => codec.encode({ ...stored, ...change } as Stored));

    const victim = await send(site, '/');

    expect([victim.status, victim.body, victim.isHit]).toEqual([200, 'run 2', false]);
    expect(victim.bytes.toLowerCase()).not.toContain('evil');
    expect(victim.bytes.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it.each<[string, (bytes: Uint8Array) => unknown]>([
    ['with one bit turned', (bytes) => flipped(bytes, bytes.length >> 1)],
    ['with its checksum turned', (bytes) => flipped(bytes, bytes.length - 1)],
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 7)],
    ['with more behind it', (bytes) => Buffer.concat([bytes, bytes])],
    ['replaced by something else', () => Buffer.from('HTTP/1.1 200 OK\r\nX-Evil: 1\r\n\r\nevil')],
    ['replaced by an object', () => ({ status: 200, headers: { 'x-evil': '1' }, body: 'evil' })],
    ['replaced by a number', () => 7],
  ])('%s, is not used either', async (_how, damage) => {
    const { site, tamper } = await siteOf();
    await send(site, '/');
    await tamper((_stored, bytes) => damage(bytes));

    const victim = await send(site, '/');

    expect([victim.status, victim.body]).toEqual([200, 'run 2']);
    expect(victim.bytes.toLowerCase()).not.toContain('evil');
  });

  it('of another URL, put in its place, is not used', async () => {
    const { site, keyv, frames } = await siteOf();
    await send(site, '/');
    await send(site, '/other');
    const both = await frames();
    for (const [i, { name }] of both.entries()) await keyv.set(name, both[1 - i]?.value);

    expect((await send(site, '/')).body).not.toBe('run 2');
    expect((await send(site, '/other')).body).not.toBe('run 1');
  });

  it('stays as it was sent, whatever the handler does with its buffer and its fields afterwards', async () => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    app.get('/:how', (req, res) => {
      const body = Buffer.from('good');
      const fields = ['a', 'b'];
      res.setHeader('X-List', fields);
      if (req.params['how'] === 'write') res.write(body);
      res.end(req.params['how'] === 'write' ? '' : body);
      body.fill('evil');
      fields.push('evil');
    });
    const site = await serve(app);

    for (const how of ['end', 'write']) {
      await send(site, `/${how}`);
      const hit = await send(site, `/${how}`);
      expect([hit.isHit, hit.body, hit.bytes.includes('evil')]).toEqual([true, 'good', false]);
    }
  });

  it('is not changed by a hit that middleware in front writes over', async () => {
    const { site } = await siteOf((app) =>
      app.use((req, res, next) => {
        if (req.headers['x-attack'] !== undefined) {
          const { end } = res;
          res.end = ((chunk: unknown) => {
            if (Buffer.isBuffer(chunk)) Buffer.from(chunk).fill('evil');
            res.setHeader('X-Evil', '1');
            return end.call(res, chunk as never, 'utf8');
          }) as typeof res.end;
        }
        next();
      }),
    );
    await send(site, '/');
    await send(site, '/', { lines: ['Host: site.example', 'X-Attack: 1'] });

    const hit = await send(site, '/');

    expect([hit.isHit, hit.body, hit.bytes.includes('Evil')]).toEqual([true, 'run 1', false]);
  });

  async function siteOf(front: (app: Express) => unknown = () => {}) {
    const keyv = new Keyv();
    const events: CacheEvent[] = [];
    let runs = 0;
    // What this process holds in memory would answer without asking: it is believed for no time at all.
    const cache = makeCache({ store: keyv, l1MaxLag: 0, maxEntries: 1 });
    cache.on((event) => events.push(event));
    const app = express();
    front(app);
    app.use(cachePage({ ttl: 60, cache }));
    app.use((_req, res) => void res.send(`run ${++runs}`));
    const site = await serve(app);

    /** The frames in the store, by the names it has for them. */
    const frames = async () => {
      const found: { name: string; value: unknown; bytes: Uint8Array; stored: Stored }[] = [];
      const map = keyv.opts.store as Map<string, unknown>;
      for (const raw of map.keys()) {
        const name = raw.replace(/^keyv:/, '');
        const value: unknown = await keyv.get(name);
        const bytes = bytesOf(value);
        const stored = bytes === undefined ? undefined : codec.decode(bytes, keyIn(bytes));
        if (bytes !== undefined && stored !== undefined && 'body' in stored)
          found.push({ name, value, bytes, stored: stored as Stored });
      }
      return found;
    };
    const tamper = async (change: (stored: Stored, bytes: Uint8Array) => unknown) => {
      const found = await frames();
      expect(found).toHaveLength(1);
      for (const { name, bytes, stored, value } of found) {
        const changed = change(stored, bytes);
        await keyv.set(
          name,
          typeof value === 'string' && changed instanceof Uint8Array
            ? Buffer.from(changed).toString('base64')
            : changed,
        );
      }
      // Another page takes its place in memory, so that the store is asked.
      await send(site, '/another');
      runs = 1;
    };
    return { site, keyv, frames, tamper };
  }
});

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
}

/** The key that a frame says it is of. */
function keyIn(bytes: Uint8Array): string {
  const frame = Buffer.from(bytes);
  if (frame.length < 14) return '';
  try {
    return (JSON.parse(frame.toString('utf8', 14, 14 + frame.readUInt32LE(6))) as { k: string }).k;
  } catch {
    return '';
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
