import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { hold } from './copies.js';
import type { Copying } from './copying.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** MB that what is made of pages of 1 MB keeps in memory. */
function heldBy(keep: (page: string) => unknown): number {
  const before = memory();
  const kept = Array.from({ length: 30 }, (_, i) => keep(String.fromCharCode(65 + i).repeat(2 ** 20)));
  const after = memory();
  expect(kept).toHaveLength(30);
  return (after - before) / 2 ** 20;
}

function memory(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('what is kept of a value', () => {
  it('keeps nothing alive of what it is a copy of', async () => {
    const parts: (() => object)[] = [() => ({ a: [1] }), () => new Map([['a', {}]]), () => Buffer.alloc(99)];
    const makers = parts.flatMap((make) => [make, () => ({ part: make(), at: new Date() })]);
    const ways: Copying[] = ['structured', 'freeze'];
    const refs: WeakRef<object>[] = [];
    const kept = makers.flatMap((make) =>
      ways.map((copying) => {
        const value = make();
        refs.push(new WeakRef(value));
        return hold(value, copying);
      }),
    );
    // A WeakRef holds its target until the turn it was made in has ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(kept.map(({ kind }) => kind)).toEqual(refs.map(() => 'held'));
    // Frozen, a tree is kept as it is.
    expect(refs.filter((ref) => ref.deref() !== undefined)).toHaveLength(1);
  });

  it('keeps no long text alive that a short one was cut from', () => {
    const cut = (page: string) => page.slice(10, 60);
    // What it would be.
    expect(heldBy((page) => ({ title: cut(page) }))).toBeGreaterThan(25);
    expect(heldBy((page) => hold({ title: cut(page) }, 'structured'))).toBeLessThan(10);
    expect(heldBy((page) => hold([{ lines: [cut(page)] }], 'structured'))).toBeLessThan(10);
    expect(heldBy((page) => hold(cut(page), 'structured'))).toBeLessThan(10);
    // No trees: bytes beside it, one object twice, a Map, the message of an error.
    expect(heldBy((page) => hold({ title: cut(page), bytes: Buffer.alloc(1) }, 'structured'))).toBeLessThan(10);
    const author = (page: string) => ({ name: cut(page) });
    expect(heldBy((page) => hold(Array(2).fill(author(page)), 'structured'))).toBeLessThan(10);
    expect(heldBy((page) => hold(new Map([[1, cut(page)]]), 'structured'))).toBeLessThan(10);
    const bare = (page: string) => Object.assign(Object.create(null), { title: cut(page) }) as object;
    expect(heldBy((page) => hold({ data: bare(page) }, 'structured'))).toBeLessThan(10);
    expect(heldBy((page) => hold(new Error(cut(page)), 'structured'))).toBeLessThan(10);
  });
});
