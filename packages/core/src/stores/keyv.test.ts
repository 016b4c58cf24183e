import { describe, expect, it, jest } from '@jest/globals';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import type { KeyvLike } from '../config/keyv-like.js';
import { FakeClock } from '../testing/fake-clock.js';
import { guarded } from './guarded.js';
import { keyvStore } from './keyv.js';

const all = Uint8Array.from({ length: 256 }, (_, i) => i);
const a = Uint8Array.of(1);
const b = Uint8Array.of(2, 0, 255);

const plain = (values: readonly (Uint8Array | undefined)[]): unknown[] => values.map((value) => value && [...value]);

/** An adapter as those of Keyv 5 are: a relative ttl, and `undefined` for whatever came of a write. */
class Adapter {
  readonly map = new Map<string, unknown>();
  readonly sets: { key: string; value: unknown; ttl: number | undefined }[] = [];
  readonly listeners: ((error: unknown) => void)[] = [];
  opts = {};
  namespace: string | undefined;
  broken: Error | undefined;
  disconnected = 0;
  async get(key: string): Promise<unknown> {
    if (this.broken) throw this.broken;
    return this.map.get(key);
  }
  async getMany(keys: string[]): Promise<unknown[]> {
    if (this.broken) throw this.broken;
    return keys.map((key) => this.map.get(key));
  }
  async set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    this.sets.push({ key, value, ttl });
    if (this.broken) throw this.broken;
    this.map.set(key, value);
    return undefined;
  }
  async setMany(): Promise<undefined> {}
  async delete(key: string): Promise<boolean> {
    if (this.broken) throw this.broken;
    return this.map.delete(key);
  }
  async deleteMany(keys: string[]): Promise<boolean> {
    return keys.map((key) => this.map.delete(key)).every(Boolean);
  }
  async has(key: string): Promise<boolean> {
    return this.map.has(key);
  }
  async hasMany(keys: string[]): Promise<boolean[]> {
    return keys.map((key) => this.map.has(key));
  }
  async clear(): Promise<void> {}
  async disconnect(): Promise<void> {
    this.disconnected++;
  }
  on(event: string, listener: (error: unknown) => void): this {
    if (event === 'error') this.listeners.push(listener);
    return this;
  }
}

type Build = (options: { store?: unknown; namespace?: string }) => KeyvLike;

describe.each<[string, Build]>([
  ['Keyv 5', (options) => new Keyv5(options)],
  ['Keyv 6', (options) => new Keyv6(options)],
])('a store on %s', (_version, build) => {
  it('brings back the bytes it was given, in the order of the keys', async () => {
    const store = keyvStore(build({}));
    expect(await store.set('x:e:all', all, 1000)).toBe(true);
    expect(await store.set('x:e:a', a, 1000)).toBe(true);
    expect(plain(await store.getMany(['x:e:a', 'x:e:none', 'x:e:all']))).toEqual([[1], undefined, [...all]]);
    expect(plain(await store.getMany(['x:e:all']))).toEqual([[...all]]);
    await store.deleteMany(['x:e:a', 'x:e:none']);
    expect(plain(await store.getMany(['x:e:a', 'x:e:all']))).toEqual([undefined, [...all]]);
    expect(await store.getMany([])).toEqual([]);
  });

  it('keeps one base64 string per value, even of a view into a larger buffer', async () => {
    const keyv = build({});
    await keyvStore(keyv).set('x:e:v', all.subarray(250, 253), 1000);
    expect(await keyv.get('x:e:v')).toBe(Buffer.from([250, 251, 252]).toString('base64'));
  });

  it.each([
    [1, 1_000],
    [1_000.5, 2_000],
    [300_000, 300_000],
    [40 * 86_400_000, 30 * 86_400_000],
    [Number.POSITIVE_INFINITY, 30 * 86_400_000],
  ])('passes a lifetime of %d ms on as %d ms', async (ttlMs, expected) => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_790_000_000_000);
    try {
      const adapter = new Adapter();
      await keyvStore(build({ store: adapter })).set('k', a, ttlMs);
      expect(adapter.sets.map(({ ttl }) => ttl)).toEqual([expected]);
    } finally {
      now.mockRestore();
    }
  });

  it.each([0, -1, Number.NaN])('stores nothing for a lifetime of %d', async (ttlMs) => {
    const adapter = new Adapter();
    expect(await keyvStore(build({ store: adapter })).set('k', a, ttlMs)).toBe(false);
    expect(adapter.sets).toEqual([]);
  });

  it('takes what is corrupt or foreign for a miss, and still finds its neighbours', async () => {
    const adapter = new Adapter();
    const keyv = build({ store: adapter });
    const store = keyvStore(keyv);
    await store.set('good', a, 1000);
    const [written] = adapter.sets;
    const at = (written?.key ?? '').replace('good', '');
    for (const foreign of [
      '{"value":',
      'x',
      '7',
      '"text"',
      'null',
      '{"value":7}',
      '{"value":null}',
      '{"value":""}',
      7,
    ]) {
      adapter.map.set(`${at}bad`, foreign);
      expect(plain(await store.getMany(['good', 'bad']))).toEqual([[1], undefined]);
      expect(plain(await store.getMany(['bad']))).toEqual([undefined]);
    }
    await store.set('bad', b, 1000);
    expect(plain(await store.getMany(['bad']))).toEqual([[...b]]);
  });

  it('asks one by one where the adapter cannot answer for many', async () => {
    const adapter = new Adapter();
    const store = keyvStore(build({ store: adapter }));
    await store.set('k', a, 1000);
    adapter.getMany = async () => [];
    expect(plain(await store.getMany(['k', 'none']))).toEqual([[1], undefined]);
  });

  it('rejects when everything fails, so that the guard sees it', async () => {
    const adapter = new Adapter();
    const store = keyvStore(build({ store: adapter }));
    await store.set('k', a, 1000);
    adapter.broken = new Error('ECONNREFUSED');
    await expect(store.getMany(['k', 'l'])).rejects.toThrow('ECONNREFUSED');
    await expect(store.getMany(['k'])).rejects.toThrow('ECONNREFUSED');
    await expect(store.set('k', a, 1000)).rejects.toThrow('ECONNREFUSED');
    await expect(store.deleteMany(['k'])).rejects.toThrow('ECONNREFUSED');
    adapter.getMany = undefined as unknown as Adapter['getMany'];
    await expect(keyvStore(build({ store: adapter })).getMany(['k', 'l'])).rejects.toThrow('ECONNREFUSED');
  });

  it('rejects where the adapter only tells of its error, and answers', async () => {
    const adapter = new Adapter();
    const store = keyvStore(build({ store: adapter }));
    await store.set('k', a, 1000);
    const fail = async (): Promise<undefined> => {
      for (const listener of adapter.listeners) listener(new Error('ECONNRESET'));
    };
    Object.assign(adapter, { get: fail, getMany: fail, set: fail, delete: fail });
    await expect(store.getMany(['k'])).rejects.toThrow('ECONNRESET');
    await expect(store.set('k', a, 1000)).rejects.toThrow('ECONNRESET');
    await expect(store.deleteMany(['k'])).rejects.toThrow('ECONNRESET');
  });

  it('has what goes wrong in between told, until it is closed', async () => {
    const keyv = build({}) as KeyvLike & { emit(event: string, error: Error): void };
    const failures: string[] = [];
    const clock = new FakeClock();
    const onFailure = ({ message }: Error): void => void failures.push(message);
    const store = guarded(keyvStore(keyv), { clock, onFailure });
    keyv.emit('error', new Error('connection lost'));
    expect(failures).toEqual(['keyv.connect failed: connection lost']);
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 1 });
    await store.close();
    keyv.emit('error', new Error('and again'));
    expect(failures).toHaveLength(1);
  });

  it('is down when every write fails, although what reads find is nothing wrong', async () => {
    const adapter = new Adapter();
    const store = guarded(keyvStore(build({ store: adapter })), { clock: new FakeClock() });
    adapter.set = async () => {
      throw new Error('disk full');
    };
    for (let i = 0; i < 3; i++) await expect(store.set('k', a, 1000)).rejects.toThrow('disk full');
    expect(store.health()).toMatchObject({ state: 'down', failures: 3 });
  });

  it('listens for errors, once however many stores stand on one Keyv', async () => {
    const keyv = build({}) as KeyvLike & { emit(event: string, error: Error): void; on: KeyvLike['get'] };
    const on = jest.spyOn(keyv, 'on');
    for (let i = 0; i < 3; i++) await keyvStore(keyv).close();
    expect(on.mock.calls.filter(([event]) => event === 'error').length).toBe(1);
    expect(() => keyv.emit('error', new Error('connection lost'))).not.toThrow();
  });

  it('leaves the Keyv connected when it is closed', async () => {
    const adapter = new Adapter();
    const store = keyvStore(build({ store: adapter }));
    await store.close();
    expect(adapter.disconnected).toBe(0);
    expect(await store.set('k', a, 1000)).toBe(true);
  });

  it.each(['keyv', 'a', '.a', '..', '-', 'x:y'])('keeps its keys apart in the namespace %s', async (namespace) => {
    const adapter = new Map();
    const store = keyvStore(build({ store: adapter, namespace }));
    const keys = [
      '',
      `${namespace}:`,
      `${namespace}:${namespace}:`,
      `${namespace}::`,
      '.',
      `.${namespace}:`,
      '-',
      '..',
    ].map((prefix) => `${prefix}e:1`);
    for (const [i, key] of keys.entries()) await store.set(key, Uint8Array.of(i), 1000);
    expect(adapter.size).toBe(keys.length);
    expect(plain(await store.getMany(keys))).toEqual(keys.map((_, i) => [i]));
    for (const [i, key] of keys.entries()) expect(plain(await store.getMany([key]))).toEqual([[i]]);
    await store.deleteMany([keys[1] ?? '']);
    expect(plain(await store.getMany(keys))).toEqual(keys.map((_, i) => (i === 1 ? undefined : [i])));
  });
});

describe('a store on a bare adapter', () => {
  it('works on a Map, which forgets what is read after its time', async () => {
    const map = new Map<string, unknown>();
    const store = keyvStore(map);
    expect(await store.set('k', all, 2000)).toBe(true);
    expect(plain(await store.getMany(['k', 'none']))).toEqual([[...all], undefined]);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2001);
    try {
      expect(await store.getMany(['k'])).toEqual([undefined]);
      expect(map.size).toBe(0);
    } finally {
      now.mockRestore();
    }
    await store.deleteMany(['k']);
  });

  it('writes the envelope that adapters of Keyv 5 read, with a length of time', async () => {
    const adapter = new Adapter();
    const store = keyvStore(adapter);
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
    try {
      expect(await store.set('k', a, 1000)).toBe(true);
    } finally {
      now.mockRestore();
    }
    expect(adapter.sets).toEqual([{ key: 'k', value: '{"value":"AQ==","expires":1001000}', ttl: 1000 }]);
  });

  it('gives the moment of expiry to an adapter of Keyv 6', async () => {
    const adapter = Object.assign(new Adapter(), { capabilities: { expires: true } });
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
    try {
      await keyvStore(adapter).set('k', a, 1000);
    } finally {
      now.mockRestore();
    }
    expect(adapter.sets[0]?.ttl).toBe(1_001_000);
  });

  it('reads strings and what an adapter has parsed already; a miss may be an envelope of nothing', async () => {
    const adapter = new Adapter();
    const store = keyvStore(adapter);
    await store.set('k', b, 1000);
    adapter.map.set('parsed', JSON.parse(adapter.map.get('k') as string));
    adapter.map.set('miss', { value: undefined, expires: 0 });
    adapter.map.set('corrupt', '{');
    adapter.map.set('foreign', 'null');
    const keys = ['k', 'parsed', 'miss', 'corrupt', 'foreign', 'none'];
    const expected = [[...b], [...b], undefined, undefined, undefined, undefined];
    expect(plain(await store.getMany(keys))).toEqual(expected);
    adapter.getMany = undefined as unknown as Adapter['getMany'];
    expect(plain(await keyvStore(adapter).getMany(keys))).toEqual(expected);
  });

  it('rejects when the adapter fails, says false when it says false, and listens for its errors', async () => {
    const adapter = new Adapter();
    const store = keyvStore(adapter);
    expect(adapter.listeners.length).toBe(1);
    adapter.broken = new Error('down');
    await expect(store.getMany(['k'])).rejects.toThrow('down');
    await expect(store.getMany(['k', 'l'])).rejects.toThrow('down');
    await expect(store.set('k', a, 1000)).rejects.toThrow('down');
    await expect(store.deleteMany(['k'])).rejects.toThrow('down');
    adapter.set = async () => false;
    expect(await store.set('k', a, 1000)).toBe(false);
  });
});
