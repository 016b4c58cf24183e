import { describe, expect, it } from '@jest/globals';
import { hashKey } from './hash.js';
import { HashIndex } from './hash-index.js';

const COUNT = 4_000;

/** How many hashes are looked at until each of many is found. */
function looks(hashes: readonly number[]): number {
  const column = Uint32Array.from(hashes);
  const index = new HashIndex(2 * hashes.length);
  for (let position = 0; position < hashes.length; position++) index.add(position, column);
  let reads = 0;
  const counted = new Proxy(column, {
    get(target, position) {
      reads++;
      return target[Number(position)];
    },
  });
  for (const [position, hash] of hashes.entries()) expect(index.find(hash, counted)).toBe(position);
  return reads;
}

/** The number by which another one has to be multiplied to come back, modulo 2 ** 32. */
function inverse(odd: number): number {
  let found = odd;
  for (let i = 0; i < 5; i++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found;
}

describe('HashIndex', () => {
  const back = inverse(0x9e3779b1);
  it.each<[string, (i: number) => number]>([
    ['any keys', (i) => hashKey(`key ${i}`)],
    ['hashes one after the other', (i) => i],
    ['those of a sample', (i) => hashKey(`key ${i}`) >>> 6],
    ['those that a well-known multiplier makes neighbours', (i) => Math.imul(i, back) >>> 0],
    ['those that begin alike once they are multiplied', (i) => Math.imul(i << 8, back) >>> 0],
    ['those with the same lowest bits', (i) => i << 20],
  ])('takes a step or two for %s', (_, hash) => {
    const hashes = [...new Set(Array.from({ length: COUNT }, (_, i) => hash(i) >>> 0))];
    expect(looks(hashes)).toBeLessThan(4 * hashes.length);
  });
});
