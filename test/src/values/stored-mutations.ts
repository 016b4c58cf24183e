import { crc32 } from 'node:zlib';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import {
  prototypesNow,
  type Random,
  randomFrom,
  storable,
} from '../../../packages/core/dist/codecs/value-mutations.test.support.js';
import { MemcachedServer } from '../../../packages/core/dist/stores/memcached/memcached-server.js';
import { openOn, servers } from './stores.js';

/** Where the frames of values lie, past every cache. */
interface Shelf {
  names(): Promise<readonly string[]>;
  get(name: string): Promise<Buffer>;
  set(name: string, bytes: Buffer): Promise<unknown>;
  close(): void;
}

const HEAD = 14;
const CRC = 4;
const MAC = 32;

/** How the bytes are changed, and what their reader makes of it. */
export type Way =
  /** Nobody has mended the checksum. */
  | 'damaged'
  /** Somebody has, and there is no secret: what comes of it may be a value. */
  | 'mended'
  /** Somebody has, and does not know the secret. */
  | 'signed';

/** What came of reading them. */
export interface Outcome {
  readonly tried: number;
  readonly found: number;
  readonly unreadable: number;
}

/**
 * Stores values of every kind, changes their bytes in the store at random, and reads them by another cache, again and again.
 *
 * @throws where a prototype was changed, or a function came out
 */
export async function readMutated(store: string, way: Way, count: number, seed: number): Promise<Outcome> {
  const secret = way === 'signed' ? { secret: 'of thirty-two characters or more' } : {};
  const { cache, other } = await openOn(store, secret);
  const values = { ...storable(), long: { text: 'compressed '.repeat(1_000) } };
  await cache.setMany(values, 60);
  // It keeps hardly anything in memory: each time it asks the store.
  const reader = await other({ maxEntries: 1 });
  let unreadable = 0;
  reader.on(({ type }) => {
    if (type === 'unreadable') unreadable++;
  });
  const shelf = shelfOf(store);
  const keys = Object.keys(values);
  const names = await shelf.names();
  const originals = await Promise.all(names.map((name) => shelf.get(name)));
  if (names.length !== keys.length) throw new Error(`${names.length} names for ${keys.length} keys`);
  const random = randomFrom(seed);
  const before = prototypesNow();
  let [tried, found] = [0, 0];
  for (; tried < count; tried += keys.length) {
    await Promise.all(names.map((name, i) => shelf.set(name, changed(originals[i] as Buffer, originals, way, random))));
    const read = await reader.getMany<unknown, string>(keys);
    found += read.size;
    for (const value of read.values()) if (typeof value === 'function') throw new Error('a function came out');
  }
  shelf.close();
  if (prototypesNow() !== before) throw new Error('a prototype was changed');
  return { tried, found, unreadable };
}

function shelfOf(store: string): Shelf {
  const { redis, memcached } = servers;
  if (store.startsWith('redis:'))
    return {
      names: async () => ((await redis.command('KEYS', '*:e:*')) as string[]).sort(),
      get: async (name) => Buffer.from(String(await redis.command('GET', name)), 'latin1'),
      set: (name, bytes) => redis.command('SET', name, bytes),
      close: () => {},
    };
  const line = new MemcachedServer(memcached.seat, new SystemClock());
  return {
    names: async () => {
      await line.starting;
      return (await memcached.keys()).filter((name) => name.includes(':e:')).sort();
    },
    get: async (name) => Buffer.from((await line.getMany([name]))[0] ?? []),
    set: (name, bytes) => line.set(name, bytes, 60_000),
    close: () => line.close(),
  };
}

/** Bytes that differ from the original. */
function changed(original: Buffer, all: readonly Buffer[], way: Way, random: Random): Buffer {
  for (;;) {
    const bytes = mutated(original, all, random);
    if (way !== 'damaged' && random(4) > 0) mend(bytes, way === 'signed' ? MAC : 0);
    if (!bytes.equals(original)) return bytes;
  }
}

function mutated(original: Buffer, all: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(bytes.length + 1);
    const other = all[random(all.length)] as Buffer;
    const from = random(other.length);
    switch (random(7)) {
      case 0:
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(40)), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from('"__proto__"'), bytes.subarray(at + 11)]);
        break;
      case 5:
        // Lengths beyond all bounds.
        if (bytes.length >= HEAD) bytes.fill(0xff, random(2) === 0 ? 6 : 10, random(2) === 0 ? 10 : 14);
        break;
      default:
        bytes = random(2) === 0 ? bytes.subarray(0, at) : Buffer.from(other);
    }
  }
  return bytes;
}

/** Makes lengths and checksum fit again, as whoever forges a frame would. */
function mend(bytes: Buffer, behind: number): void {
  const end = bytes.length - behind - CRC;
  if (end < HEAD) return;
  const header = Math.min(bytes.readUInt32LE(6), end - HEAD);
  bytes.writeUInt32LE(header, 6);
  bytes.writeUInt32LE(end - HEAD - header, 10);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
}
