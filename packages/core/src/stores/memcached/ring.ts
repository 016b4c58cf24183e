import { createHash } from 'node:crypto';
import { hashKey } from '../../eviction/hash.js';

/** A server's place in the list that all processes share. */
export interface Seat {
  readonly host: string;
  readonly port: number;
  /** How much of the keys it holds, compared with the others. */
  readonly weight: number;
}

/** Points on the ring for a server of average weight: with so many, servers of one weight differ by about a tenth. */
const POINTS = 160;

/**
 * Says which server holds a key: consistent hashing over a list that never changes.
 *
 * A server that is away keeps its keys. Were they looked for elsewhere, what one process invalidates there would stay
 * valid for those who still reach the first (PROTOCOL T31). Another list, or another weight, is another ring with another
 * {@link fingerprint}; the order of the list does not matter.
 */
export class Ring {
  /** What all who place keys alike have in common, and nobody else. */
  readonly fingerprint: string;
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;

  constructor(seats: readonly Seat[]) {
    const names = seats.map(({ host, port }) => `${host.toLowerCase()} ${port}`);
    if (seats.length === 0) throw new TypeError('no Memcached server is named');
    if (new Set(names).size < names.length) throw new TypeError('a Memcached server is named twice');
    const total = seats.reduce((sum, { weight }) => sum + weight, 0);
    if (!seats.every(({ weight }) => weight > 0) || total === Number.POSITIVE_INFINITY) {
      throw new TypeError('the weight of a Memcached server is a number above 0');
    }
    const countOf = (weight: number): number => Math.max(1, Math.round((POINTS * seats.length * weight) / total));
    const points = seats.flatMap(({ weight }, owner) =>
      pointsOf(names[owner] ?? '', countOf(weight)).map((at) => ({ at, owner })),
    );
    // Where two servers have the same point, all processes must prefer the same one, in whatever order they list them.
    points.sort((a, b) => a.at - b.at || ((names[a.owner] ?? '') < (names[b.owner] ?? '') ? -1 : 1));
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#owners = Uint16Array.from(points, ({ owner }) => owner);
    const list = seats.map(({ weight }, i) => `${names[i]} ${weight}`).sort();
    this.fingerprint = sha256(`1\n${list.join('\n')}`).toString('base64url');
  }

  /** The index, in the list, of the server that holds a key. What stands behind a slash does not count. */
  placeOf(key: string): number {
    const slash = key.indexOf('/');
    const hash = hashKey(slash === -1 ? key : key.slice(0, slash));
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return this.#owners[low === this.#points.length ? 0 : low] as number;
  }
}

function pointsOf(name: string, count: number): number[] {
  const points: number[] = [];
  for (let i = 0; points.length < count; i++) {
    const digest = sha256(`${name}\n${i}`);
    for (let at = 0; at < digest.length; at += 4) points.push(digest.readUInt32BE(at));
  }
  return points.slice(0, count);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
